import type { FailoverPolicy } from '../../../schemas/failover.ts';

/** Failures within it make a cluster wait for longer. */
export const MEMORY_MS = 3_600_000;

/** How long after its failure a cluster waits at least, after so many failures within memory: doubling, up to an hour. */
export function cooldownMs(failures: number, cooldownSeconds: number): number {
  return Math.min(cooldownSeconds * 1000 * 2 ** Math.max(0, failures - 1), MEMORY_MS);
}

const LONGEST_FALL_MEMORY_MS = 24 * MEMORY_MS;

/** Whether a cluster went down above its capacity so lately that it is not given more than that again: for an hour, doubling with each such fall, up to a day. */
export function hasFallen(fallsMs: readonly number[], nowMs: number): boolean {
  const last = fallsMs.at(-1);
  if (last === undefined) return false;
  return nowMs - last < Math.min(MEMORY_MS * 2 ** (fallsMs.length - 1), LONGEST_FALL_MEMORY_MS);
}

/**
 * What a returning cluster gets next of its share, on the curve (t / rampSeconds) ^ (1 / aggression); `percent` itself while that is not
 * due. A step that was late does not make the next one come earlier.
 */
export function nextRampPercent(percent: number, sinceStepMs: number, failback: FailoverPolicy['failback']): number {
  const { rampSeconds, minimumPercent, stepPercent, aggression } = failback;
  if (percent === 0) return Math.min(minimumPercent, stepPercent);
  const next = Math.min(100, percent + stepPercent);
  const atMs = (part: number) => rampSeconds * (part / 100) ** aggression * 1000;
  return sinceStepMs >= atMs(next) - atMs(percent) ? next : percent;
}

/**
 * What a shift or a drill leaves to a cluster next on the way from `percent` to `target`. The first step down of a cluster that answers
 * goes half of the way at most, so that the receivers are verified to serve before the source is cut.
 */
export function nextShiftPercent(
  percent: number,
  target: number,
  stepPercent: number,
  { isLive, isFirst }: { isLive: boolean; isFirst: boolean },
): number {
  if (target >= percent) return Math.min(target, percent + stepPercent);
  if (!isLive) return target;
  const half = percent - target > 1 ? Math.floor((percent + target) / 2) : target;
  return Math.max(isFirst ? half : target, percent - stepPercent);
}
