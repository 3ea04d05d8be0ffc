import type { FailoverPolicy } from '../../schemas/failover.ts';

/** R16: failures within it make a cluster stay out for longer. */
export const MEMORY_MS = 3_600_000;

const LONGEST_HOLD_SECONDS = 3600;

/** R16: how long a cluster stays out at least after its k-th failure within the hour: doubling, up to an hour. */
export function holdMs(failures: number, cooldownSeconds: number): number {
  return Math.min(cooldownSeconds * 2 ** (failures - 1), LONGEST_HOLD_SECONDS) * 1000;
}

/**
 * R17: what a returning cluster gets next of its share, on the curve (t / rampSeconds) ^ (1 / aggression); `percent` itself while that is not
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
 * R15: what a shift or a drill leaves to a cluster next on the way from `percent` to `target`. The first step down of a cluster that answers
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
