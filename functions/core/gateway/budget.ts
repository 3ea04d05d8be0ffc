/**
 * Arithmetic of the budget of calls to a cloud: a bucket with one token for each call that the cloud allows in a
 * window. A token that is taken comes back a window later. So no window ever contains more calls than there are tokens,
 * and a bucket that has not been used for a window is full: a `failover` may take all of it at once. `normal` leaves a
 * reserve and takes its share evenly over the window, so that its tokens come back evenly, too. `preview` takes tokens only
 * while at least half of what is `normal`'s has been left, whoever has taken the rest.
 */

/** The priorities of calls, the highest first. */
export const PRIORITIES = ['failover', 'normal', 'preview'] as const;

/**
 * The priority of a call: `failover` for a run that moves traffic, `preview` for one that only shows what would happen, and
 * `normal` for any other.
 */
export type Priority = (typeof PRIORITIES)[number];

/** The most calls that the cloud answers in any period of `windowMs` milliseconds. */
export interface Rate {
  calls: number;
  windowMs: number;
}

export interface Bucket {
  /** Calls in each cell of time, oldest first. `fromMs` is the start of a cell. */
  taken: { fromMs: number; calls: number }[];
  /** The number of calls in a window that was left to `normal` when the cloud last throttled. */
  share: number;
  /** The time at which the cloud last throttled, in epoch milliseconds; 0 when it never has. */
  throttledAtMs: number;
  /** `normal` makes no call before this time, in epoch milliseconds. */
  closedUntilMs: number;
}

/**
 * The number of cells into which a window is divided. It limits the entries that are stored, and sets the steps in
 * which tokens come back.
 */
const CELLS = 20;

/** The part of the calls that `normal` leaves to `failover`: 40 of 200 calls. */
const RESERVE = 0.2;

/** The part of the share of `normal` that `preview` may use up. */
const PREVIEWED = 0.5;

/** The smallest part of its whole share to which throttling reduces `normal`. */
const FLOOR = 0.05;

/** The time in which the share grows back from nothing to the whole. */
const RECOVERY_MS = 600_000;

/** Throttled calls within this time count once, because they were probably in flight together. */
const TOGETHER_MS = 2_000;

export function fullBucket(rate: Rate): Bucket {
  return { taken: [], share: wholeShare(rate), throttledAtMs: 0, closedUntilMs: 0 };
}

/** Takes up to `wanted` tokens, as many as are available at this priority. */
export function take(
  bucket: Bucket,
  rate: Rate,
  priority: Priority,
  wanted: number,
  nowMs: number,
): { bucket: Bucket; granted: number } {
  const granted = Math.min(wanted, room(bucket, rate, priority, nowMs));
  return { bucket: spend(bucket, rate, granted, nowMs), granted };
}

/** Records calls that have been made, whether or not there were tokens for them. */
export function spend(bucket: Bucket, rate: Rate, calls: number, nowMs: number): Bucket {
  if (calls === 0) return bucket;
  const fromMs = cellAt(rate, nowMs);
  const others = current(bucket, rate, nowMs).filter((cell) => cell.fromMs !== fromMs);
  const taken = [...others, { fromMs, calls: calls + callsAt(bucket, fromMs) }].sort((a, b) => a.fromMs - b.fromMs);
  return { ...bucket, taken };
}

/**
 * Returns the milliseconds until a token is available at this priority, if nobody else takes it. A share that grows
 * meanwhile may provide one earlier.
 */
export function waitMs(bucket: Bucket, rate: Rate, priority: Priority, nowMs: number): number {
  const changes = [
    nowMs,
    bucket.closedUntilMs,
    cellAt(rate, nowMs) + cellMs(rate),
    ...bucket.taken.map((cell) => returnMs(cell.fromMs, rate)),
  ];
  const next = changes
    .filter((ms) => ms >= nowMs)
    .sort((a, b) => a - b)
    .find((ms) => room(bucket, rate, priority, ms) > 0);
  return (next ?? nowMs + rate.windowMs) - nowMs;
}

/**
 * Records that the cloud has throttled a call: others use the account too, or the rate is lower than assumed. `normal`
 * pauses for at least `retryAfterMs`, and then goes on with half of its share, which grows back with time. `failover`
 * is not held up; it retries throttled calls itself.
 */
export function throttled(bucket: Bucket, rate: Rate, retryAfterMs: number, nowMs: number): Bucket {
  const closedUntilMs = Math.max(bucket.closedUntilMs, nowMs + Math.max(retryAfterMs, cellMs(rate)));
  if (nowMs < bucket.throttledAtMs + TOGETHER_MS) return { ...bucket, closedUntilMs };
  const share = Math.max(shareAt(bucket, rate, nowMs) / 2, wholeShare(rate) * FLOOR, 1);
  return { ...bucket, share, throttledAtMs: nowMs, closedUntilMs };
}

/** Returns the number of tokens available at this priority. */
function room(bucket: Bucket, rate: Rate, priority: Priority, nowMs: number): number {
  const used = current(bucket, rate, nowMs).reduce((sum, { calls }) => sum + calls, 0);
  if (priority === 'failover') return Math.max(0, rate.calls - used);
  if (nowMs < bucket.closedUntilMs) return 0;
  const share = Math.floor(shareAt(bucket, rate, nowMs));
  if (priority === 'preview') return Math.max(0, Math.floor(share * PREVIEWED) - used);
  const now = Math.max(1, Math.floor(share / CELLS)) - callsAt(bucket, cellAt(rate, nowMs));
  return Math.max(0, Math.min(share - used, now));
}

function wholeShare({ calls }: Rate): number {
  return calls - Math.ceil(calls * RESERVE);
}

function shareAt({ share, throttledAtMs }: Bucket, rate: Rate, nowMs: number): number {
  const whole = wholeShare(rate);
  return Math.min(whole, share + (whole * Math.max(0, nowMs - throttledAtMs)) / RECOVERY_MS);
}

/**
 * Returns the cells whose calls may lie in the same window as a call that is made now. Cells in the far future are
 * dropped, because they come from a wrong clock.
 */
function current({ taken }: Bucket, rate: Rate, nowMs: number): Bucket['taken'] {
  return taken.filter(({ fromMs }) => returnMs(fromMs, rate) > nowMs && fromMs <= nowMs + rate.windowMs);
}

/** Returns when the last call that the cell may contain leaves the window, in epoch milliseconds. */
function returnMs(fromMs: number, rate: Rate): number {
  return fromMs + cellMs(rate) + rate.windowMs;
}

function callsAt({ taken }: Bucket, fromMs: number): number {
  return taken.find((cell) => cell.fromMs === fromMs)?.calls ?? 0;
}

function cellAt(rate: Rate, nowMs: number): number {
  return Math.floor(nowMs / cellMs(rate)) * cellMs(rate);
}

function cellMs({ windowMs }: Rate): number {
  return windowMs / CELLS;
}
