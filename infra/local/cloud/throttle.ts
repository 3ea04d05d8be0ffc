import { ApiError } from './errors.ts';
import type { ActionSpec } from './table.ts';

export interface Rate {
  limit: number;
  perSeconds: number;
}

/** Documented for some actions (quota page of ALB 2020-06-16) and assumed for the others. */
const DEFAULT_RATE: Rate = { limit: 200, perSeconds: 60 };

/**
 * A sliding window per region and action; all access keys belong to one account. `override` replaces every rate; false
 * lifts them. The returned function throws Throttling.User with `x-acs-retry-after` in milliseconds.
 */
export function createThrottle(
  override: Rate | false | undefined,
  now: () => number,
): (regionId: string, action: ActionSpec) => void {
  const windows = new Map<string, number[]>();
  return (regionId, action) => {
    if (override === false) return;
    const rate = override ?? action.throttle ?? DEFAULT_RATE;
    const key = `${regionId} ${action.name}`;
    const windowMs = rate.perSeconds * 1000;
    const recent = (windows.get(key) ?? []).filter((at) => at > now() - windowMs);
    windows.set(key, recent);
    if (recent.length >= rate.limit) throw throttled((recent[0] ?? now()) + windowMs - now());
    recent.push(now());
  };
}

export function throttled(retryAfterMs: number): ApiError {
  return new ApiError('Throttling.User', 'Request was denied due to user flow control.', 400, {
    'x-acs-retry-after': String(Math.max(1, Math.ceil(retryAfterMs))),
  });
}
