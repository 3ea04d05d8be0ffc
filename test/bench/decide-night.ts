import { decide } from '../../functions/core/failover/decide.ts';
import type { DecisionInput } from '../../functions/core/failover/decision-input.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import type { ClusterFacts, Placement } from '../../functions/core/model/fleet-facts.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { health, T0 } from '../core/fixtures.ts';
import { decideFleet, SUPPLY } from './decide-fleet.ts';

/** Whether a cluster fails, by its number. */
type Failing = (cluster: number) => boolean;

const none: Failing = () => false;
const half: Failing = (cluster) => cluster % 2 === 0;
const all: Failing = () => true;
const quarter: Failing = (cluster) => cluster % 4 === 1;

/** What is decided one after the other, and how long after the one before. The gateways have followed each time. */
const NIGHT: { name: string; afterSeconds: number; failing: Failing }[] = [
  { name: 'calm', afterSeconds: 0, failing: none },
  { name: 'halfFails', afterSeconds: 10, failing: half },
  { name: 'halfRecovers', afterSeconds: 60, failing: none },
  { name: 'firstReturns', afterSeconds: 60, failing: none },
  { name: 'itsNextStep', afterSeconds: 60, failing: none },
  { name: 'quarterFails', afterSeconds: 10, failing: quarter },
  { name: 'allFail', afterSeconds: 60, failing: all },
  { name: 'halfIsBack', afterSeconds: 60, failing: half },
  { name: 'allAreBack', afterSeconds: 2, failing: none },
];

const POLICY = FleetInput.parse({
  automation: 'automatic',
  failover: { cooldownSeconds: 30, failback: { mode: 'ramp', rampSeconds: 300 } },
  health: { dwellSeconds: 10 },
});

/** Measures each decision of a night in a fleet of 200 clusters and 10,000 backends of so many members; by what happens. */
export function nightOf(members: number, measure: (run: () => void) => number): Record<string, number> {
  let now = calmFleet(members);
  const figures = NIGHT.map(({ name, afterSeconds, failing }): [string, number] => {
    now = later(now, now.nowMs + afterSeconds * 1000, failing);
    let result: ReturnType<typeof decide>;
    const figure = measure(() => {
      result = decide(now);
    });
    if (result) now = { ...now, traffic: result.traffic };
    return [name, figure];
  });
  return Object.fromEntries(figures);
}

function calmFleet(members: number): DecisionInput {
  const { backends, capacities } = decideFleet(10_000, SUPPLY.ample, members);
  const clusters = capacities.map(({ cluster, requestsPerSecond }): ClusterFacts => {
    const uid = `cluster_${cluster}`;
    const capacity = requestsPerSecond;
    return { name: cluster, uid, site: cluster, capacity, joins: 'when-healthy', createdAtMs: 0, voters: ['edge'] };
  });
  const placements = backends.map(({ id, load, isPinned, members: listed }): Placement => {
    const declared = listed.map(({ cluster, weight, tier }) => ({ cluster, weight, tier }));
    return { key: id, members: declared, pinned: isPinned, load, services: [id], pools: [`${id}/80`] };
  });
  const fleet = { fleet: 'prod', decision: 'dec_0', actor: 'automation', policy: POLICY, traffic: NO_TRAFFIC };
  return { ...fleet, nowMs: T0, clusters, health: [], placements };
}

function later(now: DecisionInput, nowMs: number, failing: Failing): DecisionInput {
  const records = now.clusters.map(({ name }, index) => {
    const state = failing(index) ? 'unhealthy' : 'healthy';
    const before = now.health[index];
    const sinceMs = before?.state === state ? before.sinceMs : nowMs;
    return health(name, state, { sinceMs, observedAtMs: nowMs });
  });
  return { ...now, nowMs, decision: `dec_${nowMs}`, health: records, verifiedAtMs: nowMs };
}
