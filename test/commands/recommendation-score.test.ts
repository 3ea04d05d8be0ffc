import { describe, expect, it } from 'vitest';
import type { Context } from '../../functions/commands/context.ts';
import { scoreRecommendations } from '../../functions/commands/read/recommendation-score.ts';
import { isoOf } from '../../functions/core/model/time.ts';
import type { Deps } from '../../functions/deps.ts';
import { FleetInput } from '../../schemas/fleet.ts';

const NOW = Date.UTC(2026, 10, 28);
const DAY_MS = 24 * 3_600_000;
const WEEK_MS = 7 * DAY_MS;

/** Decisions a minute apart, of which the newest is now, in a fleet that has recommended for a month. */
function contextWith(count: number, isSilent: (index: number) => boolean = () => false) {
  const resource = { uid: 'fleet_1', updatedAt: isoOf(NOW - 30 * DAY_MS), spec: FleetInput.parse({}) };
  const all = Array.from({ length: count }, (_, index) => ({
    id: `dec_${index}`,
    decidedAt: isoOf(NOW - index * 60_000),
    outcome: 'withheld',
    ...(!isSilent(index) && { withheld: [{ cluster: 'a', percent: 10 }] }),
  }));
  const read: number[] = [];
  const store = {
    get: async () => resource,
    revisions: async () => ({ items: [resource] }),
    decisions: async (_: string, { limit, token = '0' }: { limit: number; token?: string }) => {
      const items = all.slice(Number(token), Number(token) + limit);
      read.push(items.length);
      const next = Number(token) + limit;
      return { items, ...(next < all.length && { nextToken: String(next) }) };
    },
  };
  const deps = { store, clock: { now: () => NOW } } as unknown as Deps;
  return { read, context: { deps } as Context };
}

const readOf = (read: readonly number[]) => read.reduce((sum, one) => sum + one, 0);

describe('the decisions of a score', () => {
  it('are a thousand at most, and then those of a shorter time, which it says', async () => {
    const { read, context } = contextWith(5000);
    const score = await scoreRecommendations(context, 'prod');
    expect(score).toMatchObject({ isWholeWeek: false, since: isoOf(NOW - 999 * 60_000), failovers: 1 });
    expect(score.percentSeconds).toBe(999 * 60 * 10);
    expect(readOf(read)).toBe(1000);
  });

  it('end where an early release took them, or automation acted: those do not say what was withheld', async () => {
    const { read, context } = contextWith(5000, (index) => index >= 50);
    const score = await scoreRecommendations(context, 'prod');
    expect(score).toMatchObject({ isWholeWeek: false, since: isoOf(NOW - 50 * 60_000) });
    expect(score.percentSeconds).toBe(49 * 60 * 10);
    expect(readOf(read)).toBe(100);
  });

  it('are those of a week, and what was kept before it began to count is not counted', async () => {
    const { context } = contextWith(1);
    expect(await scoreRecommendations(context, 'prod')).toMatchObject({
      isWholeWeek: true,
      since: isoOf(NOW - WEEK_MS),
    });
  });
});
