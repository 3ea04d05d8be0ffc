/**
 * Records the examples of the API in schemas/examples.json: plays one story over HTTP, and keeps requests and answers.
 * With --check it fails when the file differs from what it would write.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { letIn } from './access.ts';
import { approve } from './approving.ts';
import { applyManifest, declare, edit, push } from './declaring.ts';
import { askGate, failOver, recommend } from './failing.ts';
import { startInstallation } from './installation.ts';
import { drill, evacuate, rollOut, shift } from './moving.ts';
import { type RecordedExamples, Recorder } from './recorder.ts';
import { refuse } from './refusing.ts';
import { alert, audit, enrol } from './watching.ts';

/** Plays the story, and returns what it has recorded. It is the same in every run. */
export async function recordExamples(): Promise<RecordedExamples> {
  const installation = await startInstallation();
  try {
    const recorder = new Recorder(installation);
    const tokens = await letIn(recorder, installation);
    const teller = { recorder, installation, tokens };
    await declare(teller);
    await installation.run(30);
    await edit(teller);
    await failOver(teller);
    await recommend(teller);
    await askGate(teller);
    await shift(teller);
    await evacuate(teller);
    await drill(teller);
    await rollOut(teller);
    await applyManifest(teller);
    await push(teller);
    await refuse(teller);
    await approve(teller);
    await enrol(teller);
    await alert(teller);
    await audit(teller);
    return recorder.examples();
  } finally {
    await installation.close();
  }
}

const FILE = fileURLToPath(new URL('../../schemas/examples.json', import.meta.url));

async function main(isCheck: boolean): Promise<void> {
  const text = `${JSON.stringify(await recordExamples(), null, 2)}\n`;
  if (!isCheck) return writeFileSync(FILE, text);
  const kept = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  if (kept === text) return;
  console.error('schemas/examples.json is not what the API answers: run "npm run openapi" and commit it.');
  console.error(firstDifference(kept.split('\n'), text.split('\n')));
  process.exitCode = 1;
}

/** Tells where two texts differ first. */
function firstDifference(kept: readonly string[], recorded: readonly string[]): string {
  const index = recorded.findIndex((line, at) => line !== kept[at]);
  return `Line ${index + 1} has ${kept[index]?.trim() ?? 'nothing'}, and the recording has ${recorded[index]?.trim()}.`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes('--check'));
