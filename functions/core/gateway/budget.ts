/**
 * The budget of calls to a cloud, as arithmetic: a bucket of tokens, one for each call of a window. A token that is taken comes back a
 * window later, so that no window ever holds more calls than there are tokens, and a bucket that rests is full at once: a failover may have
 * all of it. `normal` leaves a reserve, and takes its share evenly over the window, so that what it has taken comes back evenly, too.
 */

/** Who goes first: a run that moves traffic, or any other. */
export type Priority = 'failover' | 'normal';

/** The most calls that the cloud answers in any `windowMs`. */
export interface Rate {
  calls: number;
  windowMs: number;
}

export interface Bucket {
  /** Calls by cell of time, which begins at `fromMs`; oldest first. */
  taken: { fromMs: number; calls: number }[];
  /** Calls in a window that `normal` could make when the cloud last throttled. */
  share: number;
  /** When that was; 0: never. */
  throttledAtMs: number;
  /** `normal` makes no call before. */
  closedUntilMs: number;
}

/** A window is counted by cells: as many items to store at most, and the step in which tokens come back. */
const CELLS = 20;

/** ALB.md and FAILOVER.md R24: 40 of 200 calls. */
const RESERVE = 0.2;

/** However much the cloud throttles, `normal` keeps trying by this part of its share. */
const FLOOR = 0.05;

/** From nothing back to the whole share. */
const RECOVERY_MS = 600_000;

/** Calls that were under way together are throttled together, which counts once. */
const TOGETHER_MS = 2_000;

export function fullBucket(rate: Rate): Bucket {
  return { taken: [], share: wholeShare(rate), throttledAtMs: 0, closedUntilMs: 0 };
}

/** Takes up to `wanted` tokens, as many as there are for this priority. */
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

/** Notes calls that have been made, whether or not there were tokens for them. */
export function spend(bucket: Bucket, rate: Rate, calls: number, nowMs: number): Bucket {
  if (calls === 0) return bucket;
  const fromMs = cellAt(rate, nowMs);
  const others = current(bucket, rate, nowMs).filter((cell) => cell.fromMs !== fromMs);
  const taken = [...others, { fromMs, calls: calls + callsAt(bucket, fromMs) }].sort((a, b) => a.fromMs - b.fromMs);
  return { ...bucket, taken };
}

/** Milliseconds until there is a token for this priority, if nobody else takes it; a share that grows meanwhile may have one earlier. */
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
 * The cloud has throttled a call: others use the account too, or the rate is lower than we think. `normal` stops until the cloud wants to
 * see it again, and goes on with half of its share, which grows back with time. A failover is not held up; it retries by itself.
 */
export function throttled(bucket: Bucket, rate: Rate, retryAfterMs: number, nowMs: number): Bucket {
  const closedUntilMs = Math.max(bucket.closedUntilMs, nowMs + Math.max(retryAfterMs, cellMs(rate)));
  if (nowMs < bucket.throttledAtMs + TOGETHER_MS) return { ...bucket, closedUntilMs };
  const share = Math.max(shareAt(bucket, rate, nowMs) / 2, wholeShare(rate) * FLOOR, 1);
  return { ...bucket, share, throttledAtMs: nowMs, closedUntilMs };
}

/** Tokens that there are for this priority. */
function room(bucket: Bucket, rate: Rate, priority: Priority, nowMs: number): number {
  const used = current(bucket, rate, nowMs).reduce((sum, { calls }) => sum + calls, 0);
  if (priority === 'failover') return Math.max(0, rate.calls - used);
  if (nowMs < bucket.closedUntilMs) return 0;
  const share = Math.floor(shareAt(bucket, rate, nowMs));
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

/** Cells whose calls may lie in a window with a call that is made now. What claims to be of the far future is the work of a wrong clock. */
function current({ taken }: Bucket, rate: Rate, nowMs: number): Bucket['taken'] {
  return taken.filter(({ fromMs }) => returnMs(fromMs, rate) > nowMs && fromMs <= nowMs + rate.windowMs);
}

/** When the last call that the cell may hold leaves the window. */
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
