import { expect, it } from 'vitest';
import { placementShares } from '../../functions/core/allocation/points.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import { recordOf } from '../../functions/store/record-type.ts';
import { documentRecord } from '../../functions/store/records/documents.ts';
import { trafficRecord } from '../../functions/store/records/traffic.ts';
import { T0 } from '../core/fixtures.ts';
import { placement, policy, Story } from '../core/story.ts';

/** A traffic state as the second version had it, in which `changes` was under way. */
function formerly(changes: object) {
  const body = {
    version: 7,
    automation: { outages: [], episodes: [] },
    withdrawals: [],
    shifts: [],
    breakGlasses: [],
    ...changes,
  };
  return recordOf({ pk: 'p', sk: 's', v: 2, body: JSON.stringify(body) }, trafficRecord);
}

const PLACEMENT = placement({ a: 50, b: 25, c: 25 });

const percentsOf = (traffic: ReturnType<typeof formerly>) =>
  placementShares(PLACEMENT, traffic).map(({ percent }) => percent);

const taken = (phase: string, currentPercent: number) => ({
  ...{ name: 'upgrade', id: 'sft_1', cluster: 'a', percent: 0, stepPercent: 100, stepSeconds: 0, owner: 'ada' },
  ...{ reason: 'r', createdAtMs: T0, expiresAtMs: T0 + 3_600_000, phase, currentPercent, phaseSinceMs: T0 },
  ...{ steppedAtMs: T0, decision: 'dec_1' },
});

const drill = (phase: string, currentPercent: number) => ({
  ...{ run: 'drl_1', name: 'loss', cluster: 'a', actor: 'ada', phase, currentPercent, startedAtMs: T0 },
  ...{ phaseSinceMs: T0, steppedAtMs: T0, decision: 'dec_1' },
});

it.each([
  ['a shift that is applied', { shifts: [taken('applied', 0)] }, [0, 50, 50]],
  ['a shift that moves', { shifts: [taken('moving', 40)] }, [20, 40, 40]],
  ['a shift that gives back', { shifts: [taken('returning', 10)] }, [5, 48, 47]],
  ['a drill that holds', { drill: drill('holding', 0) }, [0, 50, 50]],
  ['a drill that gives back', { drill: drill('returning', 10) }, [5, 48, 47]],
])('a cluster keeps the part that the former release gave it: %s', (_, changes, percents) => {
  expect(percentsOf(formerly(changes))).toEqual(percents);
});

it.each([
  ['shift', { shifts: [taken('returning', 10)] }],
  ['drill', { drill: drill('returning', 10) }],
])('a %s that the former release was giving back goes on step by step', (_, changes) => {
  const ramp = { mode: 'ramp', rampSeconds: 100, minimumPercent: 10, stepPercent: 10 };
  const drills = [{ name: 'loss', cluster: 'a', durationSeconds: 60, recoveryTargetSeconds: 60 }];
  const own = policy({ drills, failover: { failback: ramp } });
  const story = new Story({ policy: own, traffic: formerly(changes), placements: [PLACEMENT] });
  const given = story.during(300, 5).map(([percent = 0]) => percent);
  expect(given[0]).toBeLessThanOrEqual(10);
  const rises = given.map((percent, index) => percent - (given[index - 1] ?? percent));
  expect(Math.max(...rises)).toBeLessThanOrEqual(10);
  expect(given.at(-1)).toBe(50);
});

it('a drill of the third version, which was of one cluster, goes on as one of a list of one', () => {
  const body = { ...NO_TRAFFIC, version: 7, drill: drill('holding', 0) };
  const read = recordOf({ pk: 'p', sk: 's', v: 3, body: JSON.stringify(body) }, trafficRecord);
  expect(read.drill).toMatchObject({ clusters: ['a'], phase: 'holding' });
  expect(read.drill).not.toHaveProperty('cluster');
  const none = recordOf({ pk: 'p', sk: 's', v: 3, body: JSON.stringify(NO_TRAFFIC) }, trafficRecord);
  expect(none).toEqual(NO_TRAFFIC);
});

it('a drill run of the first version is of a list of one', () => {
  const run = {
    ...{ id: 'drl_1', fleet: 'prod', drill: 'loss', cluster: 'a', actor: 'ada', state: 'passed' },
    ...{ startedAt: new Date(T0).toISOString(), recoveryTargetSeconds: 60, percent: 100, events: [] },
  };
  const document = { fleet: 'prod', kind: 'drill-run', id: 'drl_1', version: 3, body: run, isPending: false };
  const item = { pk: 'p', sk: 's', body: JSON.stringify(document) };
  expect(recordOf(item, documentRecord('drill-run')).body).toEqual({ ...run, clusters: ['a'] });
});
