import { expect, test } from 'vitest';
import type { Sample } from '../../infra/local/demo/traffic.ts';
import { killOf, resultsOf } from './kill.ts';

/** Sends a request every 100 ms for 10 s, each of which takes 10 ms; those that begin within these spans fail. */
function traffic(...spans: [number, number][]): Sample[] {
  return Array.from({ length: 100 }, (_, index) => {
    const startedMs = index * 100;
    const fails = spans.some(([fromMs, toMs]) => startedMs >= fromMs && startedMs < toMs);
    return { startedMs, endedMs: startedMs + 10, ...(fails ? { failure: 'HTTP 502' } : { cluster: 'a' }) };
  });
}

test('requests are lost from the kill on, times count from the first that is, and ratios are of all that HAProxy lost', () => {
  const kill = killOf({
    failedAtMs: 2000,
    decidedAtMs: 4000,
    verifiedAtMs: { alb: 5000, mse: 6000 },
    samples: { alb: traffic([0, 500], [2100, 3100]), mse: traffic([2200, 4200]), haproxy: traffic([2000, 7000]) },
  });
  expect(kill).toEqual({
    haproxy: { lost: 50, lastMs: 4900 },
    gateways: {
      alb: { lost: 10, lastMs: 900, decidedMs: 1900, verifiedMs: 2900 },
      mse: { lost: 20, lastMs: 1900, decidedMs: 1800, verifiedMs: 3800 },
    },
  });
  const fewer = { ...kill, haproxy: { lost: 30, lastMs: 3000 } };
  expect(resultsOf([kill, fewer]).map(({ provider, lostRatio }) => [provider, lostRatio])).toEqual([
    ['alb', 0.25],
    ['mse', 0.5],
  ]);
});
