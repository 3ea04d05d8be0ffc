import type { TimeWindow } from '../../../schemas/failover.ts';
import { msOf } from '../model/time.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The weekdays from day 0 of the epoch on: 1970-01-01 was a Thursday. */
const WEEKDAYS = ['thursday', 'friday', 'saturday', 'sunday', 'monday', 'tuesday', 'wednesday'] as const;

/**
 * Returns the time at which the window's current occurrence began; undefined outside the window. The end of an
 * occurrence is exclusive.
 */
export function windowStartMs(window: TimeWindow, nowMs: number): number | undefined {
  return occurrenceOf(window, nowMs)?.startMs;
}

/** Returns the time at which the last of the currently open windows ends; undefined while none is open. */
export function openUntilMs(windows: readonly TimeWindow[], nowMs: number): number | undefined {
  const ends = windows.flatMap((window) => occurrenceOf(window, nowMs)?.endMs ?? []);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function occurrenceOf(window: TimeWindow, nowMs: number): { startMs: number; endMs: number } | undefined {
  if (window.type === 'once') {
    const [startMs, endMs] = [msOf(window.from), msOf(window.to)];
    return startMs <= nowMs && nowMs < endMs ? { startMs, endMs } : undefined;
  }
  const offsetMs = window.utcOffsetMinutes * MINUTE_MS;
  const today = Math.floor((nowMs + offsetMs) / DAY_MS);
  const [fromMs, toMs] = [timeOfDayMs(window.from), timeOfDayMs(window.to)];
  const lengthMs = toMs > fromMs ? toMs - fromMs : toMs - fromMs + DAY_MS;
  const startMs = [today - 1, today]
    .filter((day) => window.days.some((name) => name === WEEKDAYS[((day % 7) + 7) % 7]))
    .map((day) => day * DAY_MS + fromMs - offsetMs)
    .find((atMs) => atMs <= nowMs && nowMs < atMs + lengthMs);
  return startMs === undefined ? undefined : { startMs, endMs: startMs + lengthMs };
}

/** Tells whether a freeze window is open, in which no cluster returns and no drill begins. */
export function isFrozen(freezeWindows: readonly TimeWindow[], nowMs: number): boolean {
  return freezeWindows.some((window) => windowStartMs(window, nowMs) !== undefined);
}

function timeOfDayMs(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * MINUTE_MS;
}
