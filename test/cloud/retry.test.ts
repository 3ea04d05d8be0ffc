import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retry } from '../../functions/cloud/retry.ts';
import { CloudError, type CloudErrorClass } from '../../functions/deps.ts';
import { fakeClock } from './fake-clock.ts';

const failing = (errorClass: CloudErrorClass, retryAfterMs?: number) => ({
  ok: false as const,
  error: new CloudError({ code: errorClass, errorClass, action: 'ListRules', message: 'no' }),
  retryAfterMs,
});

describe('retry', () => {
  test.each(['gone', 'quota', 'denied', 'credentials', 'invalid'] as const)('%s is final', async (errorClass) => {
    const clock = fakeClock();
    let calls = 0;
    const attempt = async () => {
      calls++;
      return failing(errorClass);
    };
    await expect(retry(attempt, { clock, random: () => 1 })).rejects.toMatchObject({ errorClass });
    expect(calls).toBe(1);
  });

  test('a wait beyond the budget is not begun', async () => {
    const clock = fakeClock();
    const attempt = async () => failing('throttled', 120_000);
    await expect(retry(attempt, { clock, random: () => 0 })).rejects.toMatchObject({ errorClass: 'throttled' });
    expect(clock.sleeps).toEqual([]);
  });

  test('waiting for its turn before each attempt costs a call none of its time', async () => {
    const clock = fakeClock();
    const outcomes = [failing('busy'), failing('busy'), { ok: true as const, value: 'done' }];
    const attempt = async () => outcomes.shift() ?? failing('busy');
    const turn = () => clock.sleep(60_000);
    await expect(retry(attempt, { clock, random: () => 0.5, turn })).resolves.toBe('done');
    expect(clock.sleeps).toEqual([60_000, 500, 60_000, 1_000, 60_000]);
  });

  test('never more than 6 attempts nor more than 30 s of waiting, and the last error is told', async () => {
    const classes = fc.constantFrom<CloudErrorClass>('throttled', 'unavailable', 'busy', 'in-use');
    await fc.assert(
      fc.asyncProperty(
        fc.array(classes, { minLength: 6, maxLength: 6 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (failures, chance) => {
          const clock = fakeClock();
          let calls = 0;
          const attempt = async () => failing(failures[calls++] ?? 'busy');
          const error = await retry(attempt, { clock, random: () => chance }).catch((reason) => reason);
          expect(calls).toBeLessThanOrEqual(6);
          expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(30_000);
          expect(error).toMatchObject({ errorClass: failures[calls - 1] });
        },
      ),
    );
  });
});
