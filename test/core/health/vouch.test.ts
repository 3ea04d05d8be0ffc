import { describe, expect, it } from 'vitest';
import { withObservation } from '../../../functions/core/health/record.ts';
import type { HealthRecord } from '../../../functions/core/health/types.ts';
import { tally } from '../../../functions/core/health/votes.ts';
import { REWRITE_MS, saidAtMs, unchanged, withVouches } from '../../../functions/core/health/vouch.ts';
import type { Observation } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import { HealthPolicyInput } from '../../../schemas/fleet.ts';
import { health, T0 } from '../fixtures.ts';

const policy = HealthPolicyInput.parse({});
const voters: Voter[] = [{ name: 'edge', type: 'edge' }];
const watch = { policy, voters };

/** A cluster that has been seen in one state for long. */
function steady(outcome: 'ok' | 'fail'): HealthRecord {
  const record = health('a', outcome === 'ok' ? 'healthy' : 'unhealthy');
  const votes = record.votes.map((vote) => ({ ...vote, outcomes: (outcome === 'ok' ? 'o' : 'f').repeat(20) }));
  return { ...record, votes };
}

const seen = (outcome: Observation['outcome'], ms: number, more: Partial<Observation> = {}): Observation => ({
  ...{ voter: 'edge', outcome, observedAt: new Date(T0 + ms).toISOString(), latencyMs: 1 },
  detail: outcome === 'fail' ? 'http: 503' : 'http: 200',
  ...more,
});

const sameAt = (before: HealthRecord, observation: Observation, ms: number) =>
  unchanged(before, withObservation(before, observation, watch, T0 + ms), 'edge', T0 + ms);

describe('what a voter has seen before', () => {
  it.each(['ok', 'fail'] as const)('is not written again for a minute: %s', (outcome) => {
    const same = sameAt(steady(outcome), seen(outcome, 5000), 5000);
    expect(same?.votes).toMatchObject([{ observedAtMs: T0, vouchedAtMs: T0 + 5000 }]);
    expect(same?.version).toBe(steady(outcome).version);
    let record: HealthRecord = steady(outcome);
    let writtenAtMs: number | undefined;
    for (let ms = 5000; writtenAtMs === undefined; ms += 5000) {
      const next = sameAt(record, seen(outcome, ms), ms);
      if (next === undefined) writtenAtMs = ms;
      else record = next;
    }
    expect(writtenAtMs).toBe(REWRITE_MS);
  });

  it.each<[string, HealthRecord, Observation]>([
    ['another outcome', steady('ok'), seen('fail', 5000)],
    ['a slow answer', steady('ok'), seen('ok', 5000, { isSlow: true })],
    ['another detail', steady('fail'), seen('fail', 5000, { detail: 'http: no answer in 2 s' })],
    ['another cause', steady('fail'), seen('fail', 5000, { cause: 'Ingress' })],
    ['one more of a row that is still short', health('a', 'healthy'), seen('ok', 5000)],
    ['a sight after a silence', steady('ok'), seen('ok', 22_000)],
  ])('is not %s', (_, before, observation) => {
    expect(sameAt(before, observation, Date.parse(observation.observedAt) - T0)).toBeUndefined();
  });
});

describe('a vouch', () => {
  const vouch = (atMs: number, except: string[] = []) =>
    withVouches([steady('ok')], new Map([['edge', { atMs, except }]]))[0] as HealthRecord;
  const verdict = (record: HealthRecord, ms: number) => tally(record, voters, policy, T0 + ms).verdict;

  it('keeps a vote fresh, as far as it was given', () => {
    expect(verdict(steady('ok'), 30_000)).toBe('unknown');
    expect(verdict(vouch(T0 + 25_000), 30_000)).toBe('healthy');
    expect(verdict(vouch(T0 + 25_000), 46_001)).toBe('unknown');
    expect(verdict(vouch(T0 + 25_000, ['a']), 30_000), 'excepted').toBe('unknown');
  });

  it('keeps the voter from starting anew, and is no later than what it says next', () => {
    const record = vouch(T0 + 25_000);
    expect(withObservation(record, seen('ok', 24_000), watch, T0 + 26_000), 'said before').toBe(record);
    const next = withObservation(record, seen('fail', 30_000), watch, T0 + 30_000);
    expect(next.votes[0]).toMatchObject({
      state: 'healthy',
      outcomes: `${'o'.repeat(19)}f`,
      observedAtMs: T0 + 30_000,
    });
    expect(next.votes[0]).not.toHaveProperty('vouchedAtMs');
  });

  it('says nothing of a vote that was written too long ago, and takes nothing back', () => {
    const late = vouch(T0 + 2 * REWRITE_MS + 1);
    expect(late.votes.map(saidAtMs)).toEqual([T0]);
    expect(vouch(T0 - 1000).votes.map(saidAtMs)).toEqual([T0]);
  });
});
