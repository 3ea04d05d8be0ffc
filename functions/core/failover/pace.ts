import type { FailoverPolicy } from '../../../schemas/failover.ts';

/** The time for which a failure is remembered. Repeated failures within this time lengthen the cooldown. */
export const MEMORY_MS = 3_600_000;

/**
 * Returns the minimum time that a cluster waits after its last failure: `cooldownSeconds`, doubled for each earlier
 * failure in memory, up to an hour.
 */
export function cooldownMs(failures: number, cooldownSeconds: number): number {
  return Math.min(cooldownSeconds * 1000 * 2 ** Math.max(0, failures - 1), MEMORY_MS);
}

const LONGEST_FALL_MEMORY_MS = 24 * MEMORY_MS;

/**
 * Tells whether a cluster went down above its capacity so lately that it is not given more than its capacity again.
 * This lasts for an hour, doubles with each such fall, and ends after a day at most.
 */
export function hasFallen(fallsMs: readonly number[], nowMs: number): boolean {
  const last = fallsMs.at(-1);
  if (last === undefined) return false;
  return nowMs - last < Math.min(MEMORY_MS * 2 ** (fallsMs.length - 1), LONGEST_FALL_MEMORY_MS);
}

/**
 * Returns the next percentage of its share that a returning cluster gets, on the curve (t / rampSeconds) ^ (1 /
 * aggression); returns `percent` itself while the next step is not due. A late step does not bring the next one
 * forward.
 */
export function nextRampPercent(percent: number, sinceStepMs: number, failback: FailoverPolicy['failback']): number {
  const { rampSeconds, minimumPercent, stepPercent, aggression } = failback;
  if (percent === 0) return Math.min(minimumPercent, stepPercent);
  const next = Math.min(100, percent + stepPercent);
  const atMs = (part: number) => rampSeconds * (part / 100) ** aggression * 1000;
  return sinceStepMs >= atMs(next) - atMs(percent) ? next : percent;
}

/**
 * Returns the next percentage that a shift or a drill leaves to a cluster on its way from `percent` to `target`. For a
 * cluster that answers, the first step down goes at most half of the way, so that the receiving clusters are verified
 * to serve before the source is cut.
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
