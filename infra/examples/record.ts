/** Records the examples of the API: plays one story over HTTP, and keeps requests and answers. */

import { letIn } from './access.ts';
import { approve } from './approving.ts';
import { declare, edit } from './declaring.ts';
import { askGate, failOver, recommend } from './failing.ts';
import { startInstallation } from './installation.ts';
import { drill, evacuate, rollOut, shift } from './moving.ts';
import { applyManifest, push } from './pushing.ts';
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
