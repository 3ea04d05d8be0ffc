/** Draws what happens to fleets without anybody's fault or intention. */

import type { SafetyRuleName } from '../../schemas/failover.ts';
import { fleetBy } from './draw.ts';
import { type FleetEvent, GATEWAY_FAULTS, SHELL_FAULTS } from './events.ts';
import { createPrng, type Prng } from './prng.ts';
import { type FleetScenario, msAt, type Scenario } from './scenario.ts';

const RULES: readonly SafetyRuleName[] = ['min-serving', 'min-base', 'max-removed', 'exclusive', 'capacity', 'gate'];

type Drawn = FleetEvent extends infer E ? (E extends FleetEvent ? Omit<E, 'tick'> : never) : never;
type Draw = (prng: Prng, fleet: FleetScenario) => Drawn;

const clustersOf = ({ clusters }: FleetScenario) => clusters.map(({ name }) => name);
const votersOf = ({ policy }: FleetScenario) => policy.voters.map(({ name }) => name);
const sitesOf = ({ clusters }: FleetScenario) => [...new Set(clusters.map(({ site }) => site))];
const gatewaysOf = ({ gateways }: FleetScenario) => gateways.map(({ name }) => name);

const CLUSTER: Draw = (prng, fleet) => ({
  type: prng.pick(['down', 'down', 'down', 'down', 'shaky', 'slow'] as const),
  clusters: prng.chance(0.7) ? [prng.pick(clustersOf(fleet))] : prng.some(clustersOf(fleet)),
  cause: prng.pick(['Ingress', 'Cluster']),
  seconds: prng.pick([20, 60, 150, 150, 600]),
});

const ALL_DOWN: Draw = (prng, fleet) => ({
  type: 'down',
  clusters: clustersOf(fleet),
  cause: 'Cluster',
  seconds: prng.pick([60, 150]),
});

const SITE: Draw = (prng, fleet) => ({
  type: 'site',
  site: prng.pick(sitesOf(fleet)),
  seconds: prng.pick([60, 150, 600]),
});

const WAVE: Draw = (prng, fleet) => ({
  type: 'wave',
  clusters: [prng.pick(clustersOf(fleet))],
  period: fleet.policy.health.failureThreshold * fleet.policy.health.intervalSeconds + prng.int(-2, 40),
  seconds: prng.pick([200, 900]),
});

const VOTERS: Draw = (prng, fleet) => ({
  type: prng.pick(['partition', 'partition', 'partition', 'blind', 'confused'] as const),
  voters: prng.some(votersOf(fleet)),
  clusters: prng.chance(0.5) ? clustersOf(fleet) : prng.some(clustersOf(fleet)),
  seconds: prng.pick([15, 60, 300]),
});

const CLOCKS: Draw = (prng, fleet) => ({
  type: prng.pick(['late', 'replay', 'skew'] as const),
  voters: prng.some(votersOf(fleet)),
  period: prng.int(-30, 30) || 1,
  seconds: prng.pick([60, 300]),
});

const GATEWAYS: Draw = (prng, fleet) => ({
  type: prng.pick(GATEWAY_FAULTS),
  gateways: prng.some(gatewaysOf(fleet)),
  seconds: prng.pick([10, 60, 60, 200]),
});

const SHELL: Draw = (prng) => ({ type: prng.pick(SHELL_FAULTS), seconds: prng.pick([10, 60, 200]) });

const LOAD: Draw = (prng, fleet) =>
  prng.chance(0.5)
    ? { type: 'surge', percent: prng.pick([70, 130, 200]), seconds: prng.pick([60, 300]) }
    : { type: 'shrink', clusters: [prng.pick(clustersOf(fleet))], percent: prng.pick([30, 70]), seconds: 300 };

const POLICY: Draw = (prng, fleet) => {
  const seconds = prng.pick([60, 300]);
  return prng.pick<Drawn>([
    { type: 'mode', mode: prng.pick(['automatic', 'recommend', 'paused']), seconds },
    { type: 'gate', seconds },
    { type: 'freeze', seconds },
    { type: 'failback', mode: prng.pick(['auto', 'ramp', 'manual']), seconds },
    { type: 'tune', field: 'dwell', value: prng.int(0, 60), seconds },
    { type: 'tune', field: 'thresholds', value: prng.int(2, 4), seconds },
    { type: 'tune', field: 'cooldown', value: prng.int(30, 120), seconds },
    { type: 'tune', field: 'headroom', value: prng.pick([0, 40]), seconds },
    { type: 'tune', field: 'ask', value: 1, seconds },
    { type: 'voters', names: prng.some(votersOf(fleet)), seconds },
    { type: 'voters', names: prng.some(votersOf(fleet)), seconds },
  ]);
};

const POOLS: Draw = (prng, fleet) => {
  const seconds = prng.pick([60, 300]);
  const pool = prng.int(0, fleet.pools.length - 1);
  const member = prng.int(0, Math.max(0, (fleet.pools[pool]?.members.length ?? 1) - 1));
  return prng.pick<Drawn>([
    { type: 'weight', pool, member, value: prng.pick([0, 1, 20, 80]), seconds },
    { type: 'weight', pool, member, value: prng.pick([1, 20, 80]), seconds },
    { type: 'tier', pool, member, value: prng.pick([0, 1, 2]), seconds },
    { type: 'pin', pool, seconds },
    { type: 'join', cluster: 'new', seconds: 100_000 },
    { type: 'leave', cluster: prng.pick(clustersOf(fleet)), seconds: 100_000 },
    { type: 'recreate', cluster: prng.pick(clustersOf(fleet)), seconds: 1 },
    { type: 'tamper', gateways: gatewaysOf(fleet), seconds: 1 },
  ]);
};

const PEOPLE: Draw = (prng, fleet) => {
  const seconds = prng.pick([30, 120, 400]);
  if (prng.chance(0.15)) return { type: 'break-glass', rules: prng.some(RULES), seconds };
  if (prng.chance(0.2)) return { type: 'drill', isAborted: prng.chance(0.3), seconds };
  if (prng.chance(0.2)) return { type: 'order', order: prng.pick(['resume', 'apply']), seconds: 1 };
  if (prng.chance(0.2)) {
    return {
      type: 'order',
      order: prng.pick(['restore', 'dismiss']),
      cluster: prng.pick(clustersOf(fleet)),
      seconds: 1,
    };
  }
  return {
    type: 'shift',
    cluster: prng.pick(clustersOf(fleet)),
    mode: prng.pick(['drain', 'drain', 'drain', 'isolate', 'keep']),
    percent: prng.pick([0, 0, 30]),
    stepPercent: prng.pick([100, 25, 10]),
    stepSeconds: prng.pick([0, 10]),
    isEnded: prng.chance(0.5),
    seconds,
  };
};

const DRAWS: readonly Draw[] = [
  ...[CLUSTER, CLUSTER, CLUSTER, CLUSTER, ALL_DOWN, SITE, SITE, WAVE, VOTERS, VOTERS, CLOCKS],
  ...[GATEWAYS, SHELL, LOAD, LOAD, POLICY, POOLS, PEOPLE, PEOPLE],
];

/** Faults come singly, or in bursts that overlap. */
function eventsBy(prng: Prng, fleet: FleetScenario, ticks: number, warmUp: number): FleetEvent[] {
  const events: FleetEvent[] = [];
  const count = prng.int(3, 24);
  let tick = warmUp;
  for (let index = 0; index < count; index++) {
    tick = prng.chance(0.5) ? prng.int(warmUp, ticks - 1) : Math.min(ticks - 1, tick + prng.int(0, 30));
    events.push({ tick, ...prng.pick(DRAWS)(prng, fleet) });
  }
  return events.sort((a, b) => a.tick - b.tick);
}

/** Seconds in which every cluster is found healthy before the first fault. */
const WARM_UP = 120;

/** Draws the scenario of an episode; equal seeds and episodes give equal scenarios. */
export function scenarioOf(seed: number, episode: number): Scenario {
  const prng = createPrng(Math.imul(seed, 0x9e3779b1) ^ Math.imul(episode + 1, 0x85ebca6b));
  const ticks = prng.pick([900, 1800, 3000]);
  const once = (from: number, seconds: number) => ({
    type: 'once',
    from: new Date(msAt(from)).toISOString(),
    to: new Date(msAt(from + seconds)).toISOString(),
  });
  const freezes = prng.chance(0.2) ? [once(prng.int(WARM_UP, ticks), 300)] : [];
  const drillWindows = prng.chance(0.5) ? [once(prng.int(WARM_UP, ticks), 120)] : [];
  const fleet = fleetBy(prng, 'shop', freezes, drillWindows);
  const others = prng.chance(0.1) ? [fleetBy(prng, 'bank', [], [])] : [];
  const chance = prng.int(0, 2 ** 31 - 1);
  const events = eventsBy(prng, fleet, ticks, prng.chance(0.1) ? 20 : WARM_UP);
  return { seed: chance, ticks, fleets: [{ ...fleet, dismisses: prng.chance(0.3) }, ...others], events };
}
