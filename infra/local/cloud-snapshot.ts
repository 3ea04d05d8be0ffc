/** Keeps the objects of the local cloud over a restart, as a real cloud would. */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { CloudState } from './cloud/alb/model.ts';

const UNSETTLED = /"(Provisioning|Configuring|Creating|Deleting|Adding|Removing|Replacing)"/;

/** Fills the state with what was saved last; does nothing when nothing was. */
export function restoreState(file: string, state: CloudState): void {
  if (!existsSync(file)) return;
  const saved = parse(file);
  for (const [name, map] of Object.entries(state) as [keyof CloudState, Map<string, unknown>][]) {
    for (const [id, item] of saved[name] ?? []) map.set(id, item);
  }
}

/** Saves the state, unless a job is at work on it: jobs do not outlive the process, and their objects would stay half done. */
export function saveState(file: string, state: CloudState): void {
  const text = JSON.stringify(Object.fromEntries(Object.entries(state).map(([name, map]) => [name, [...map]])));
  if (UNSETTLED.test(text)) return;
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function parse(file: string): Partial<Record<keyof CloudState, [string, unknown][]>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error(`${file} cannot be read: remove its directory to start anew.`);
  }
}
