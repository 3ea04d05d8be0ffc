import { ApiError } from './errors.ts';

export interface Rate {
  limit: number;
  perSeconds: number;
}

/**
 * Creates a throttle with a sliding window per scope; all access keys belong to one account. `override` replaces every
 * rate limit, and false turns throttling off. The returned function throws Throttling.User with `x-acs-retry-after` in
 * milliseconds.
 */
export function createThrottle(
  override: Rate | false | undefined,
  now: () => number,
): (scope: string, documented: Rate) => void {
  const windows = new Map<string, number[]>();
  return (scope, documented) => {
    if (override === false) return;
    const rate = override ?? documented;
    const windowMs = rate.perSeconds * 1000;
    const recent = (windows.get(scope) ?? []).filter((at) => at > now() - windowMs);
    windows.set(scope, recent);
    if (recent.length >= rate.limit) throw throttled((recent[0] ?? now()) + windowMs - now());
    recent.push(now());
  };
}

export function throttled(retryAfterMs: number): ApiError {
  return new ApiError('Throttling.User', 'Request was denied due to user flow control.', 400, {
    'x-acs-retry-after': String(Math.max(1, Math.ceil(retryAfterMs))),
  });
}
