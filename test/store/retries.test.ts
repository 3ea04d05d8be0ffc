import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { outage } from '../../functions/store/outage.ts';
import { Retries } from '../../functions/store/retries.ts';

/** These tests run in virtual time, so that a busy machine does not change how long calls wait for a store. */

const ATTEMPT_MS = 100;
const PATIENCE_MS = 500;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A store that answers each second attempt, and hangs at the others until they are given up. */
function everySecond(): () => Promise<string> {
  let attempts = 0;
  return async () => {
    attempts += 1;
    if (attempts % 2 === 0) return 'answer';
    await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    throw outage('silent', 'Timeout');
  };
}

async function makeCalls(retries: Retries, betweenMs: number): Promise<number> {
  const attempt = everySecond();
  let done = 0;
  const sequence = async () => {
    for (; done < 50; done++) {
      await retries.run(attempt);
      await new Promise((resolve) => setTimeout(resolve, betweenMs));
    }
  };
  const ended = sequence().catch((error: { code: string }) => expect(error.code).toBe('Timeout'));
  await vi.runAllTimersAsync();
  await ended;
  return done;
}

test('a sequence of calls shares the time that it loses: none is tried again once the patience of one is used up', async () => {
  expect(await makeCalls(new Retries(PATIENCE_MS), 0)).toBe(PATIENCE_MS / ATTEMPT_MS - 1);
});

test('calls that lose time now and then, each after the patience of the last is over, are tried again every time', async () => {
  expect(await makeCalls(new Retries(PATIENCE_MS), PATIENCE_MS)).toBe(50);
});
