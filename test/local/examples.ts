/** Runs the examples in examples/ as a user would. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const exampleFile = (path: string) => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));

interface Step {
  name?: string;
  run?: string;
  [field: string]: unknown;
}

export interface Workflow {
  on: Record<string, unknown>;
  env: Record<string, string>;
  jobs: Record<string, { steps: Step[]; [field: string]: unknown }>;
}

export function readWorkflow(): Workflow {
  return parse(readFileSync(exampleFile('github-action/fairlead.yml'), 'utf8'));
}

/** Returns the shell text of a step by its name. */
export function stepOf({ jobs }: Workflow, name: string): string {
  const step = Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .find((one) => one.name === name);
  if (step?.run === undefined) throw new Error(`The workflow has no step ${name} that runs a shell.`);
  return step.run;
}

export interface Ended {
  status: number | null;
  output: string;
}

/** Runs a shell text in a folder, with nothing in its environment but the path and what is given; resolves when it has ended. */
export async function runShell(script: string, cwd: string, env: Record<string, string>): Promise<Ended> {
  const child = spawn('bash', ['-c', script], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [status, out, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, output: out + errors };
}
