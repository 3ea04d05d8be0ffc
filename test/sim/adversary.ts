import type { SafetyRuleName } from '../../schemas/failover.ts';
import type { EventType, FleetEvent } from './events.ts';
import { createPrng, type Prng } from './prng.ts';
import { type FleetScenario, fleetBy, msAt, type Scenario } from './scenario.ts';

/** Of the way to the gateways, and of the control plane itself; these hold up what it does. */
export const DELAYS = ['throttle', 'unanswered', 'partial', 'eventual', 'stall', 'refuse', 'crash'] as const;

/** These shall not even do that. */
export const FAULTS = [...DELAYS, 'twice', 'stale'] as const;

const RULES: readonly SafetyRuleName[] = ['min-serving', 'min-base', 'max-removed', 'exclusive', 'capacity', 'gate'];

type Draw = (prng: Prng, fleet: FleetScenario) => Omit<FleetEvent, 'tick'>;

const clustersOf = ({ clusters }: FleetScenario) => clusters.map(({ name }) => name);
const votersOf = ({ policy }: FleetScenario) => policy.voters.map(({ name }) => name);

const CLUSTER: Draw = (prng, fleet) => ({
  type: prng.pick(['down', 'down', 'down', 'down', 'slow', 'cold', 'flicker'] as const),
  clusters: prng.chance(0.8) ? [prng.pick(clustersOf(fleet))] : prng.some(clustersOf(fleet)),
  cause: prng.pick(['Ingress', 'Cluster']),
  seconds: prng.pick([20, 60, 150, 150, 600]),
});

const OUTAGE: Draw = (prng, fleet) => ({
  type: 'down',
  clusters: [prng.pick(clustersOf(fleet))],
  cause: 'Cluster',
  seconds: prng.pick([60, 150]),
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

const FAULT: Draw = (prng) => ({ type: prng.pick(FAULTS), seconds: prng.pick([10, 60, 60, 200]) });

const LOAD: Draw = (prng, fleet) =>
  prng.chance(0.5)
    ? { type: 'surge', percent: prng.pick([70, 130, 200]), seconds: prng.pick([60, 300]) }
    : { type: 'shrink', clusters: [prng.pick(clustersOf(fleet))], percent: prng.pick([30, 70]), seconds: 300 };

const EDIT: Draw = (prng, fleet): Omit<FleetEvent, 'tick'> => {
  const seconds = prng.pick([60, 300]);
  const pool = prng.int(0, fleet.pools.length - 1);
  return prng.pick<Omit<FleetEvent, 'tick'>>([
    { type: 'mode', mode: prng.pick(['recommend', 'paused']), seconds } as Omit<FleetEvent, 'tick'>,
    { type: 'gate', seconds: 300 },
    { type: 'gate', seconds },
    { type: 'freeze', seconds },
    { type: 'tamper', seconds: 1 },
    { type: 'tune', field: 'dwell', value: prng.int(0, 60), seconds } as Omit<FleetEvent, 'tick'>,
    { type: 'tune', field: 'thresholds', value: prng.int(2, 4), seconds } as Omit<FleetEvent, 'tick'>,
    { type: 'tune', field: 'cooldown', value: prng.int(30, 120), seconds } as Omit<FleetEvent, 'tick'>,
    { type: 'voters', names: prng.some(votersOf(fleet)), seconds } as Omit<FleetEvent, 'tick'>,
    { type: 'weight', pool, member: 0, weight: prng.pick([1, 20, 80]), seconds } as Omit<FleetEvent, 'tick'>,
    { type: 'join', cluster: 'new', seconds: 100_000 } as Omit<FleetEvent, 'tick'>,
    { type: 'leave', cluster: prng.pick(clustersOf(fleet)), seconds: 100_000 } as Omit<FleetEvent, 'tick'>,
    { type: 'recreate', cluster: prng.pick(clustersOf(fleet)), seconds: 1 } as Omit<FleetEvent, 'tick'>,
  ]);
};

const PEOPLE: Draw = (prng, fleet) => {
  const seconds = prng.pick([30, 120, 400]);
  if (prng.chance(0.2)) return { type: 'break-glass', rules: prng.some(RULES), seconds } as Omit<FleetEvent, 'tick'>;
  if (prng.chance(0.3)) return { type: 'drill', isAborted: prng.chance(0.3), seconds } as Omit<FleetEvent, 'tick'>;
  return {
    type: 'shift',
    cluster: prng.pick(clustersOf(fleet)),
    percent: prng.pick([0, 0, 0, 30, 100]),
    stepPercent: prng.pick([100, 25, 10]),
    stepSeconds: prng.pick([0, 10]),
    isEnded: prng.chance(0.5),
    seconds,
  } as Omit<FleetEvent, 'tick'>;
};

const DRAWS: readonly Draw[] = [
  OUTAGE,
  OUTAGE,
  CLUSTER,
  CLUSTER,
  WAVE,
  VOTERS,
  VOTERS,
  CLOCKS,
  FAULT,
  FAULT,
  LOAD,
  EDIT,
  PEOPLE,
];

/** Faults come singly, or in bursts that overlap. */
function eventsBy(prng: Prng, fleet: FleetScenario, ticks: number, warmUp: number): FleetEvent[] {
  const events: FleetEvent[] = [];
  const count = prng.int(4, 24);
  let tick = warmUp;
  for (let index = 0; index < count; index++) {
    tick = prng.chance(0.5) ? prng.int(warmUp, ticks - 1) : Math.min(ticks - 1, tick + prng.int(0, 30));
    events.push({ tick, ...prng.pick(DRAWS)(prng, fleet) } as FleetEvent);
  }
  return events.sort((a, b) => a.tick - b.tick);
}

/** Time to find every cluster healthy before the first fault. */
export const WARM_UP = 120;

/** The scenario of an episode; the same for the same seed and episode. */
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
  return {
    seed: prng.int(0, 2 ** 31 - 1),
    ticks,
    fleets: [fleet, ...others],
    events: eventsBy(prng, fleet, ticks, WARM_UP),
  };
}

export function describe(event: FleetEvent): string {
  const { tick, seconds, type, ...rest } = event;
  return `tick ${tick}: ${type satisfies EventType} for ${seconds} s ${JSON.stringify(rest)}`;
}
