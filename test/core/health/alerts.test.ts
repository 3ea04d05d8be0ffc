import { describe, expect, it } from 'vitest';
import { subjectOf, withAlerts } from '../../../functions/core/health/alerts.ts';
import { unknownHealth, withObservation } from '../../../functions/core/health/record.ts';
import type { HealthRecord } from '../../../functions/core/health/types.ts';
import { votersOf } from '../../../functions/core/health/voters.ts';
import { tally } from '../../../functions/core/health/votes.ts';
import { Alert } from '../../../schemas/alerts.ts';
import { AlertVoter, type Voter } from '../../../schemas/failover.ts';
import { HealthPolicyInput } from '../../../schemas/fleet.ts';
import { T0 } from '../fixtures.ts';

const policy = HealthPolicyInput.parse({});
const edge: Voter = { name: 'edge', type: 'edge' };
const voter = AlertVoter.parse({ name: 'prometheus', type: 'alert', tokenHash: '0'.repeat(64) });
const FRESH = voter.freshnessSeconds * 1000;
const iso = (ms: number) => new Date(ms).toISOString();

const firing = (startsAtMs = T0, more: object = {}) =>
  Alert.parse({
    status: 'firing',
    labels: { alertname: 'HighErrorRate', cluster: 'a' },
    startsAt: iso(startsAtMs),
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: 'f1',
    ...more,
  });
const resolved = (startsAtMs = T0, endsAtMs = startsAtMs + 1000, more: object = {}) =>
  firing(startsAtMs, { status: 'resolved', endsAt: iso(endsAtMs), ...more });

const nothing = unknownHealth('prod', 'a', 'cls_a', T0);

/** Gives the record one alert, or the heartbeat alone, while the voter is known to have been alive at that time. */
function told(record: HealthRecord, alerts: Alert[], nowMs: number, heartbeatAtMs = nowMs) {
  return withAlerts(record, voter, alerts, heartbeatAtMs, nowMs);
}

const impaired = (record: HealthRecord, nowMs: number, voters: Voter[] = [edge, voter]) =>
  tally(record, voters, policy, nowMs).impaired;

describe('an alert', () => {
  it('impairs its cluster from when it is told until it has ended, and speaks for no health', () => {
    const { record, results } = told(nothing, [firing(T0 - 60_000)], T0);
    expect(results).toEqual(['accepted']);
    expect(record.version).toBe(1);
    expect(tally(record, [edge, voter], policy, T0 + 5000)).toMatchObject({
      impaired: { by: 'alert', sinceMs: T0, detail: 'alerts fire: prometheus: HighErrorRate' },
      verdict: 'unknown',
      quorum: 1,
      votes: [{ voter: 'edge' }],
    });
    expect(impaired(told(record, [resolved(T0 - 60_000)], T0 + 10_000).record, T0 + 10_000)).toBeUndefined();
  });

  it('that is told again changes nothing, and keeps its time', () => {
    const { record } = told(nothing, [firing()], T0);
    expect(told(record, [firing()], T0 + 60_000, T0)).toEqual({ record, results: ['unchanged'] });
    expect(told(nothing, [resolved()], T0)).toEqual({ record: nothing, results: ['unchanged'] });
  });

  it('is one of several, and the last to end ends the impairment', () => {
    const other = { fingerprint: 'f2', labels: { alertname: 'DiskFull', cluster: 'a' } };
    const both = told(nothing, [firing(), firing(T0, other)], T0).record;
    const one = told(both, [resolved()], T0 + 1000).record;
    expect(impaired(one, T0 + 1000)).toMatchObject({ detail: 'alerts fire: prometheus: DiskFull' });
    expect(impaired(told(one, [resolved(T0, T0 + 1, other)], T0 + 2000).record, T0 + 2000)).toBeUndefined();
  });

  it('that comes late counts for nothing after its end, and a new one does at once', () => {
    const { record } = told(told(nothing, [firing()], T0).record, [resolved(T0, T0 + 30_000)], T0 + 31_000);
    expect(told(record, [firing()], T0 + 32_000).results).toEqual(['stale']);
    expect(told(record, [firing(T0 + 31_500)], T0 + 32_000).results).toEqual(['accepted']);
    expect(told(record, [firing()], T0 + 31_000 + 60_001).results, 'Prometheus was away, and tells it again').toEqual([
      'accepted',
    ]);
  });

  it('is not ended by the end of an earlier time', () => {
    const { record } = told(nothing, [firing(T0)], T0);
    expect(told(record, [resolved(T0 - 60_000, T0 - 30_000)], T0 + 1000, T0).results).toEqual(['stale']);
  });

  it.each([
    ['begins in an hour', firing(T0 + 3_600_000), 'from-the-future'],
    ['has ended already', firing(T0 - 60_000, { endsAt: iso(T0 - 1) }), 'stale'],
    ['is to end later, as older ones say', firing(T0 - 60_000, { endsAt: iso(T0 + 1) }), 'accepted'],
    ['has the time of another zone', firing(T0, { startsAt: '2026-11-23T11:11:59.123456789+08:00' }), 'accepted'],
  ])('that %s is %s', (_, alert, result) => {
    expect(told(nothing, [alert], T0).results).toEqual([result]);
  });

  it('is one too many behind the fiftieth', () => {
    const many = Array.from({ length: 51 }, (_, index) => firing(T0, { fingerprint: `f${index}` }));
    expect(told(nothing, many, T0).results.filter((result) => result === 'too-many')).toHaveLength(1);
  });
});

describe('a monitoring system', () => {
  const { record } = told(nothing, [firing()], T0);

  it('is believed for as long as its heartbeat is fresh, and a heartbeat is told by its name', () => {
    expect(impaired(record, T0 + FRESH)).toBeDefined();
    expect(impaired(record, T0 + FRESH + 1)).toBeUndefined();
    const lives = told(record, [], T0 + 300_000).record;
    expect(lives.version).toBe(2);
    expect(impaired(lives, T0 + FRESH + 1)).toMatchObject({ sinceMs: T0 });
    const watchdog = { labels: { alertname: 'Watchdog', cluster: 'a' } };
    expect(subjectOf(firing(T0, watchdog), voter)).toEqual({ isHeartbeat: true });
    expect(subjectOf(resolved(T0, T0, watchdog), voter)).toEqual({ isHeartbeat: false });
    expect(subjectOf(firing(), voter)).toEqual({ isHeartbeat: false, cluster: 'a' });
  });

  it('that was silent for too long starts anew: the end of what it told may have been lost', () => {
    const back = told(record, [], T0 + FRESH + 1).record;
    expect(back).not.toHaveProperty('alerts');
    expect(told(record, [], T0 + FRESH).record.alerts?.[0]?.alerts).toHaveLength(1);
  });

  it('of which no heartbeat has come yet is not believed before the first one', () => {
    const early = told(nothing, [firing()], T0, 0).record;
    expect(impaired(early, T0)).toBeUndefined();
    expect(impaired(told(early, [], T0 + 240_000).record, T0 + 240_000)).toBeDefined();
  });

  it('whose heartbeat was stamped by a clock that was ahead is not believed until the next one', () => {
    const ahead = told(nothing, [firing()], T0, T0 + 3_600_000).record;
    expect(impaired(ahead, T0)).toBeUndefined();
    expect(impaired(told(ahead, [], T0 + 1000).record, T0 + 1000)).toBeDefined();
  });

  it('that is removed takes along what it has told', () => {
    expect(impaired(record, T0 + 1000, [edge])).toBeUndefined();
    const seen = { voter: 'edge', observedAt: iso(T0 + 1000), outcome: 'ok' as const, latencyMs: 1, detail: '' };
    expect(withObservation(record, seen, { policy, voters: [edge, voter] }, T0 + 1000).alerts).toHaveLength(1);
    expect(withObservation(record, seen, { policy, voters: [edge] }, T0 + 1000)).not.toHaveProperty('alerts');
  });

  it('watches what it is told to, without probes', () => {
    expect(votersOf({ name: 'a', spec: { probes: [] } }, [voter])).toEqual(['prometheus']);
    expect(votersOf({ name: 'a', spec: { probes: [] } }, [{ ...voter, clusters: ['b'] }])).toEqual([]);
  });
});
