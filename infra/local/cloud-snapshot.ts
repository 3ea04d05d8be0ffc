/** Keeps the objects of the local cloud over a restart, as a real cloud would. */

import { existsSync, readFileSync } from 'node:fs';
import type { CloudState } from './cloud/alb/model.ts';
import type { MseState } from './cloud/mse/model.ts';
import { replaceFile } from './files.ts';

/** The version of the snapshots that are written. A snapshot without a version counts as version 1. */
const VERSION = 1;

const UNSETTLED = /"(Provisioning|Configuring|Creating|Deleting|Adding|Removing|Replacing)"/;

/** Status values of MSE (OpenAPI 2019-05-31): a running gateway, and routes that are being published or unpublished. */
const RUNNING = 2;
const ROUTE_IN_MOTION = [2, 5];

/** Reads the objects that were saved last; there are none when nothing was saved. */
export function readState(file: string): Partial<CloudState & MseState> {
  return existsSync(file) ? parse(file) : {};
}

/**
 * Saves the state unless an asynchronous change is under way: the change would not survive the process, and its objects
 * would stay half done.
 */
export function saveState(file: string, state: CloudState & MseState): void {
  if (isAtRest(state)) replaceFile(file, textOf(state));
}

/** Tells whether no asynchronous change of an object is under way. */
export function isAtRest(state: CloudState & MseState): boolean {
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
    // A file that cannot be parsed is reported below, like one with the wrong content.
  }
  throw new Error(unreadable(file));
}

function unreadable(file: string): string {
  return `${file} cannot be read as a snapshot of the local cloud: remove its directory to start anew.`;
}

function isMap(value: unknown): value is { map: [unknown, unknown][] } {
  return typeof value === 'object' && value !== null && 'map' in value && Array.isArray(value.map);
}
