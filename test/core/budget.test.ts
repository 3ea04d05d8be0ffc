import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bucket,
  fullBucket,
  type Priority,
  type Rate,
  spend,
  take,
  throttled,
  waitMs,
} from '../../functions/core/gateway/budget.ts';

const ALB: Rate = { calls: 200, windowMs: 60_000 };
const MSE: Rate = { calls: 5, windowMs: 1_000 };
const START_MS = 1_800_000_000_123;

/** Takes as much as it can, as soon as it can, for so long; resolves with the times of the calls. */
function takeAll(bucket: Bucket, rate: Rate, priority: Priority, fromMs: number, forMs: number) {
  const times: number[] = [];
  let now = fromMs;
  let current = bucket;
  while (now < fromMs + forMs) {
    const taken = take(current, rate, priority, 1000, now);
    current = taken.bucket;
    for (let count = 0; count < taken.granted; count++) times.push(now);
    now += Math.max(1, waitMs(current, rate, priority, now));
  }
  return { bucket: current, times };
}

function mostInAnyWindow(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((end) => times.filter((at) => at > end - windowMs && at <= end).length));
}

const rates = fc.constantFrom(ALB, MSE, { calls: 2, windowMs: 100 }, { calls: 17, windowMs: 7_000 });
const takers = fc.array(
  fc.record({
    // In twentieths of a window; clocks of invocations differ a little, so that time may also go back.
    afterCells: fc.double({ min: -0.2, max: 9, noNaN: true }),
    priority: fc.constantFrom<Priority>('failover', 'normal', 'preview'),
    wanted: fc.integer({ min: 1, max: 300 }),
    throttledFirst: fc.boolean(),
  }),
  { minLength: 1, maxLength: 120 },
);

describe('a budget of calls', () => {
  it('gives previews at most half of what is there for others, however many ask, and nothing while the cloud throttles', () => {
    const { bucket, granted } = take(fullBucket(ALB), ALB, 'preview', 1000, START_MS);
    expect(granted).toBe(80);
    expect(take(bucket, ALB, 'preview', 1000, START_MS).granted).toBe(0);
    // A normal call waits for the next cell of the window at most.
    expect(take(bucket, ALB, 'normal', 1000, START_MS + ALB.windowMs / 20).granted).toBe(8);
    expect(take(bucket, ALB, 'failover', 1000, START_MS).granted).toBe(120);
    expect(take(spend(fullBucket(ALB), ALB, 80, START_MS), ALB, 'preview', 1, START_MS).granted).toBe(0);
    expect(take(throttled(fullBucket(ALB), ALB, 1000, START_MS), ALB, 'preview', 1, START_MS).granted).toBe(0);
  });

  it('never allows more calls than are documented in any window, whoever takes them and whenever', () => {
    fc.assert(
      fc.property(rates, takers, (rate, steps) => {
        let bucket = fullBucket(rate);
        let now = START_MS;
        const times: number[] = [];
        for (const { afterCells, priority, wanted, throttledFirst } of steps) {
          now += Math.max(0, (afterCells * rate.windowMs) / 20);
          if (throttledFirst) bucket = throttled(bucket, rate, 0, now);
          const taken = take(bucket, rate, priority, wanted, now);
          bucket = taken.bucket;
          for (let count = 0; count < taken.granted; count++) times.push(now);
        }
        expect(mostInAnyWindow(times, rate.windowMs)).toBeLessThanOrEqual(rate.calls);
      }),
    );
  });

  it('keeps a fifth for failovers, whatever normal calls have taken before', () => {
    fc.assert(
      fc.property(takers, (steps) => {
        let bucket = fullBucket(ALB);
        let now = START_MS;
        for (const { afterCells, wanted } of steps) {
          now += Math.max(0, (afterCells * ALB.windowMs) / 20);
          bucket = take(bucket, ALB, 'normal', wanted, now).bucket;
          expect(take(bucket, ALB, 'failover', 1000, now).granted).toBeGreaterThanOrEqual(40);
        }
      }),
    );
  });

  it('that has rested gives a failover all of it at once', () => {
    expect(take(fullBucket(ALB), ALB, 'failover', 1000, START_MS).granted).toBe(200);
    expect(take(fullBucket(MSE), MSE, 'failover', 1000, START_MS).granted).toBe(5);
  });

  it('gives normal calls four fifths over time, evenly, so that tokens come back evenly', () => {
    const { times } = takeAll(fullBucket(ALB), ALB, 'normal', START_MS, 600_000);
    // A window is counted by twentieths, which costs one of them.
    expect(times.length).toBeGreaterThan(10 * 160 * (20 / 21) - 20);
    expect(mostInAnyWindow(times, 3_000)).toBeLessThanOrEqual(16);
    expect(takeAll(fullBucket(MSE), MSE, 'normal', START_MS, 60_000).times.length).toBeGreaterThan(60 * 3.6);
  });

  it('goes to the failover alone for as long as it takes all there is', () => {
    const busy = takeAll(fullBucket(ALB), ALB, 'normal', START_MS, 120_000).bucket;
    let bucket = busy;
    const granted = { failover: 0, normal: 0 };
    for (let now = START_MS + 120_000; now < START_MS + 180_000; now += 100) {
      for (const priority of ['normal', 'failover'] as const) {
        const taken = take(bucket, ALB, priority, 1000, now);
        bucket = taken.bucket;
        granted[priority] += taken.granted;
      }
    }
    expect(granted.normal).toBeLessThanOrEqual(8);
    expect(granted.failover).toBeGreaterThan(150);
  });

  it('is exhausted when a failover goes on without tokens, and nobody is granted more for it', () => {
    const bucket = spend(fullBucket(MSE), MSE, 9, START_MS);
    expect(take(bucket, MSE, 'failover', 1, START_MS + 900).granted).toBe(0);
    expect(waitMs(bucket, MSE, 'failover', START_MS)).toBeLessThanOrEqual(1_050);
  });

  it('tells when to come again: when there is a token, and without throttling not later', () => {
    fc.assert(
      fc.property(rates, takers, fc.constantFrom<Priority>('failover', 'normal'), (rate, steps, asker) => {
        let bucket = fullBucket(rate);
        let now = START_MS;
        for (const { afterCells, priority, wanted, throttledFirst } of steps) {
          now += Math.max(0, (afterCells * rate.windowMs) / 20);
          if (throttledFirst) bucket = throttled(bucket, rate, 0, now);
          bucket = take(bucket, rate, priority, wanted, now).bucket;
        }
        const wait = waitMs(bucket, rate, asker, now);
        expect(take(bucket, rate, asker, 1, now + wait).granted).toBe(1);
        if (wait > 0.002 && bucket.throttledAtMs === 0)
          expect(take(bucket, rate, asker, 1, now + wait - 0.001).granted).toBe(0);
      }),
    );
  });

  it('forgets what a clock far ahead has written', () => {
    const bucket = spend(fullBucket(ALB), ALB, 200, START_MS + 3_600_000);
    expect(take(bucket, ALB, 'failover', 1, START_MS).granted).toBe(1);
  });
});

describe('a budget that is throttled', () => {
  const perMinute = (bucket: Bucket, fromMs: number) =>
    takeAll(bucket, ALB, 'normal', fromMs, 600_000).times.filter((at) => at < fromMs + 60_000).length;

  it('is closed to normal calls for as long as the cloud asks, and open to failovers', () => {
    const bucket = throttled(fullBucket(ALB), ALB, 45_000, START_MS);
    expect(waitMs(bucket, ALB, 'normal', START_MS)).toBe(45_000);
    expect(take(bucket, ALB, 'normal', 1, START_MS + 44_999).granted).toBe(0);
    expect(take(bucket, ALB, 'failover', 200, START_MS).granted).toBe(200);
  });

  it('goes on by half, however many calls were throttled together, and by a floor in the end', () => {
    let bucket = fullBucket(ALB);
    for (let call = 0; call < 5; call++) bucket = throttled(bucket, ALB, 0, START_MS + call);
    expect(perMinute(bucket, START_MS + 4_000)).toBeLessThanOrEqual(90);
    expect(perMinute(bucket, START_MS + 4_000)).toBeGreaterThan(60);
    for (let round = 1; round < 20; round++) bucket = throttled(bucket, ALB, 0, START_MS + round * 3_000);
    expect(perMinute(bucket, START_MS + 61_000)).toBeGreaterThanOrEqual(8);
  });

  it('comes back to the documented rate when it is left in peace', () => {
    let bucket = fullBucket(ALB);
    for (let round = 0; round < 20; round++) bucket = throttled(bucket, ALB, 0, START_MS + round * 3_000);
    const shares = [1, 3, 5, 7, 9, 11].map((minutes) => perMinute(bucket, START_MS + minutes * 60_000));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeGreaterThanOrEqual(150);
  });
});
