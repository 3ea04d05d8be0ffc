/** Keeps the objects of the local cloud over a restart, as a real cloud would. */

import { existsSync, readFileSync } from 'node:fs';
import type { CloudState } from './cloud/alb/model.ts';
import type { MseState } from './cloud/mse/model.ts';
import { replaceFile } from './files.ts';

/** Of what is written now. A snapshot without one was written before there were versions, and has version 1. */
const VERSION = 1;

const UNSETTLED = /"(Provisioning|Configuring|Creating|Deleting|Adding|Removing|Replacing)"/;

/** Of gateways: running; of routes: publishing and unpublishing (MSE OpenAPI 2019-05-31). */
const RUNNING = 2;
const ROUTE_IN_MOTION = [2, 5];

/** Reads the objects that were saved last; there are none when nothing was saved. */
export function readState(file: string): Partial<CloudState & MseState> {
  return existsSync(file) ? parse(file) : {};
}

/** Saves the state, unless something is at work on it: that does not outlive the process, and its objects would stay half done. */
export function saveState(file: string, state: CloudState & MseState): void {
  if (isSettled(state)) replaceFile(file, textOf(state));
}

/** Whether nothing is at work on the objects. */
export function isSettled(state: CloudState & MseState): boolean {
  return !UNSETTLED.test(textOf(state)) && !isInMotion(state);
}

function textOf(state: CloudState & MseState): string {
  return JSON.stringify({ version: VERSION, ...state }, (_, value) =>
    value instanceof Map ? { map: [...value] } : value,
  );
}

function isInMotion({ gateways }: MseState): boolean {
  return [...gateways.values()].some(
    ({ Status, routes }) =>
      Status !== RUNNING || [...routes.values()].some((route) => ROUTE_IN_MOTION.includes(route.Status)),
  );
}

function parse(file: string): Record<string, Map<unknown, unknown>> {
  const { version = 1, ...maps } = jsonOf(file);
  if (version === VERSION && Object.values(maps).every((map) => map instanceof Map)) {
    return maps as Record<string, Map<unknown, unknown>>;
  }
  const isNewer = typeof version === 'number' && version > VERSION;
  throw new Error(
    isNewer
      ? `${file} was written by a newer release of Fairlead (version ${version}; this one reads ${VERSION}): start that release, or remove the directory to start anew.`
      : unreadable(file),
  );
}

function jsonOf(file: string): { version?: unknown } {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'), (_, part) =>
      isMap(part) ? new Map(part.map) : part,
    );
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // It is told below, because what is wrong with it makes no difference to what can be done.
  }
  throw new Error(unreadable(file));
}

function unreadable(file: string): string {
  return `${file} cannot be read as a snapshot of the local cloud: remove its directory to start anew.`;
}

function isMap(value: unknown): value is { map: [unknown, unknown][] } {
  return typeof value === 'object' && value !== null && 'map' in value && Array.isArray(value.map);
}
