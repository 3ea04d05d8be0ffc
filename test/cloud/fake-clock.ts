import type { Clock } from '../../functions/deps.ts';

/** A clock that moves only when someone sleeps, and remembers for how long. */
export function fakeClock(startMs = 1_000_000): Clock & { sleeps: number[] } {
  let nowMs = startMs;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => nowMs,
    sleep: async (ms) => {
      sleeps.push(ms);
      nowMs += ms;
    },
  };
}
