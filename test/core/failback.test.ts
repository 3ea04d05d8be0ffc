import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cooldownMs, nextRampPercent, nextShiftPercent } from '../../functions/core/failover/pace.ts';
import { isFrozen, windowStartMs } from '../../functions/core/failover/windows.ts';
import { FailbackInput, TimeWindow } from '../../schemas/failover.ts';

/** A ramp, second by second, when every step is taken as soon as it is due. */
function ramp(failback: ReturnType<typeof FailbackInput.parse>): number[] {
  const steps = [nextRampPercent(0, 0, failback)];
  for (let sinceMs = 1000; sinceMs <= 2 * failback.rampSeconds * 1000; sinceMs += 1000) {
    const last = steps.at(-1) ?? 0;
    const next = last >= 100 ? last : nextRampPercent(last, sinceMs, failback);
    if (next !== last) {
      steps.push(next);
      sinceMs = 0;
    }
  }
  return steps;
}

describe('a ramp', () => {
  it('begins with its minimum, and has no step larger than it may be', () => {
    expect(ramp(FailbackInput.parse({ stepPercent: 25, minimumPercent: 5 }))).toEqual([5, 30, 55, 80, 100]);
    expect(ramp(FailbackInput.parse({ stepPercent: 40, minimumPercent: 60 }))).toEqual([40, 80, 100]);
  });

  it('rises in steps of its size to the whole share, whatever its settings', () => {
    const settings = fc.record({
      rampSeconds: fc.integer({ min: 10, max: 600 }),
      minimumPercent: fc.integer({ min: 1, max: 100 }),
      stepPercent: fc.integer({ min: 1, max: 100 }),
      aggression: fc.constantFrom(0.5, 1, 2, 10),
    });
    fc.assert(
      fc.property(settings, (input) => {
        const steps = ramp(FailbackInput.parse(input));
        expect(steps.at(-1)).toBe(100);
        for (const [index, value] of steps.entries()) {
          const step = value - (steps[index - 1] ?? 0);
          expect(step).toBeGreaterThan(0);
          expect(step).toBeLessThanOrEqual(input.stepPercent);
        }
      }),
    );
  });

  it('follows its curve: linear, or faster at first', () => {
    const linear = FailbackInput.parse({ rampSeconds: 100 });
    expect([nextRampPercent(10, 9_999, linear), nextRampPercent(10, 10_000, linear)]).toEqual([10, 20]);
    const eager = FailbackInput.parse({ rampSeconds: 100, aggression: 2 });
    expect([nextRampPercent(10, 2_999, eager), nextRampPercent(10, 3_001, eager)]).toEqual([10, 20]);
  });
});

it('the cooldown doubles with each failure, up to an hour', () => {
  expect([1, 2, 3, 4, 5, 9].map((failures) => cooldownMs(failures, 300) / 1000)).toEqual([
    300, 600, 1200, 2400, 3600, 3600,
  ]);
});

it('the first step down of a cluster that answers goes half of the way at most', () => {
  const pace = (isLive: boolean, isFirst: boolean) => ({ isLive, isFirst });
  expect(nextShiftPercent(100, 0, 100, pace(true, true))).toBe(50);
  expect(nextShiftPercent(50, 0, 100, pace(true, false))).toBe(0);
  expect(nextShiftPercent(100, 0, 10, pace(true, true))).toBe(90);
  expect(nextShiftPercent(1, 0, 100, pace(true, true))).toBe(0);
  expect(nextShiftPercent(100, 0, 100, pace(false, true))).toBe(0);
  expect(nextShiftPercent(0, 80, 50, pace(true, true))).toBe(50);
});

describe('a window', () => {
  const weekly = (from: string, to: string, utcOffsetMinutes = 0, days = ['friday']) =>
    TimeWindow.parse({ type: 'weekly', days, from, to, utcOffsetMinutes });
  const at = (text: string) => Date.parse(text);
  const FRIDAY = '2026-11-27';

  it.each<[string, TimeWindow, string, string | undefined]>([
    ['begins at its first minute', weekly('10:00', '12:00'), `${FRIDAY}T10:00:00Z`, `${FRIDAY}T10:00:00Z`],
    ['ends before its last', weekly('10:00', '12:00'), `${FRIDAY}T12:00:00Z`, undefined],
    ['has its days', weekly('10:00', '12:00'), '2026-11-26T11:00:00Z', undefined],
    ['goes on over midnight', weekly('22:00', '02:00'), '2026-11-28T01:59:59Z', `${FRIDAY}T22:00:00Z`],
    ['does not go on for another day', weekly('22:00', '02:00'), `${FRIDAY}T01:00:00Z`, undefined],
    [
      'lasts for a day from a time to the same',
      weekly('08:00', '08:00'),
      '2026-11-28T07:59:00Z',
      `${FRIDAY}T08:00:00Z`,
    ],
    ['is of its place', weekly('00:00', '02:00', 480), '2026-11-26T17:00:00Z', '2026-11-26T16:00:00Z'],
    [
      'is of its place',
      weekly('23:00', '24:00'.replace('24:00', '00:00'), -300),
      '2026-11-28T04:30:00Z',
      '2026-11-28T04:00:00Z',
    ],
  ])('%s', (_, window, now, expected) => {
    expect(windowStartMs(window, at(now))).toBe(expected === undefined ? undefined : at(expected));
  });

  it('may be one span of time', () => {
    const once = TimeWindow.parse({ type: 'once', from: '2026-12-24T00:00:00Z', to: '2026-12-27T00:00:00Z' });
    expect(isFrozen([once], at('2026-12-26T23:59:59Z'))).toBe(true);
    expect(isFrozen([once], at('2026-12-27T00:00:00Z'))).toBe(false);
  });

  it('is open as long as it lasts, on each of its days and on no other', () => {
    const property = fc.property(fc.nat(14 * 24 * 60), fc.integer({ min: -720, max: 840 }), (minute, offset) => {
      const nowMs = at('2026-11-22T00:00:00Z') + minute * 60_000;
      const local = new Date(nowMs + offset * 60_000);
      const isOpen = local.getUTCDay() === 5 && local.getUTCHours() >= 9 && local.getUTCHours() < 17;
      expect(windowStartMs(weekly('09:00', '17:00', offset), nowMs) !== undefined).toBe(isOpen);
    });
    fc.assert(property);
  });
});
