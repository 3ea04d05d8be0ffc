/** Checks policies for contradictions in themselves, or with the clusters and routes of their fleet. */

import type { FleetSpec } from '../../../schemas/fleet.ts';
import { type EventType, IncidentType, RetiredEventType } from '../../../schemas/notification.ts';
import type { Place } from '../../../schemas/place.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { clustersAt, emptyPlace } from '../failover/places.ts';
import type { ClusterFacts, Placement, Policy } from '../model/fleet-facts.ts';
import { lintCapacity } from './capacity.ts';
import { lintEvidence } from './evidence.ts';

export interface Lint {
  /** Issues with which the policy could not do its job. */
  refusals: Issue[];
  /** Issues that people should know about. */
  warnings: Issue[];
}

/** The policy, and what it is checked against. */
interface Fleet {
  policy: Policy;
  clusters: readonly ClusterFacts[];
  /** The placements that are not pinned, so that health moves them. */
  placements: readonly Placement[];
}

/** Checks a policy. The pointers of its issues lead into the declaration of the fleet. */
export function lintPolicy(policy: Policy, clusters: readonly ClusterFacts[], placements: readonly Placement[]): Lint {
  const moved = placements.filter(({ pinned }) => !pinned);
  const fleet = { policy, clusters, placements: moved };
  return {
    refusals: [...lintThresholds(fleet), ...lintKeys(fleet), ...lintExclusive(fleet), ...lintServing(fleet)],
    warnings: [
      ...lintRetired(fleet),
      ...lintNames(fleet),
      ...lintDataGates(fleet),
      ...lintCapacity(policy, clusters, placements),
      ...lintEvidence(policy, clusters, placements),
    ],
  };
}

/** Warns when nobody is told of a fleet's incidents, or when an event is listed that is never sent. */
export function lintNotifications({
  automation,
  notifications,
}: Pick<FleetSpec, 'automation' | 'notifications'>): Issue[] {
  const isTold = notifications.some(({ events }) => events.length === 0 || events.some(isIncident));
  const retired = notifications.flatMap(({ events }, index) =>
    events.flatMap((type, place) =>
      RetiredEventType.safeParse(type).success
        ? [issue(`#/notifications/${index}/events/${place}`, 'retired', `${type} is not sent any more`)]
        : [],
    ),
  );
  if (isTold || automation !== 'automatic') return retired;
  const detail =
    'the fleet moves traffic by itself, and no notification target is told of incidents: nobody hears of a failover that is stuck; name a ' +
    'target of the settings';
  return [issue('#/notifications', 'nobody-told', detail), ...retired];
}

function isIncident(type: EventType): boolean {
  return IncidentType.safeParse(type).success;
}

function lintThresholds({ policy }: Fleet): Issue[] {
  const { successThreshold, failureThreshold } = policy.health;
  const { cooldownSeconds, failback } = policy.failover;
  const stepSeconds = (failback.rampSeconds * failback.stepPercent) / 100;
  const flaps = successThreshold < failureThreshold;
  const races = failback.mode === 'ramp' && cooldownSeconds < stepSeconds;
  return [
    ...(flaps
      ? [issue('#/health/successThreshold', 'thresholds', 'a flapping cluster returns faster than it leaves')]
      : []),
    ...(races
      ? [issue('#/failover/cooldownSeconds', 'cooldown', `is shorter than one step of the ramp, ${stepSeconds} s`)]
      : []),
  ];
}

function lintKeys({ policy }: Fleet): Issue[] {
  const keys = policy.voters.map((voter) => (voter.type === 'agent' ? voter.publicKey : undefined));
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    if (key === undefined || first === index) return [];
    return [issue(`#/voters/${index}/publicKey`, 'duplicate-key', `is the key of ${policy.voters[first]?.name}, too`)];
  });
}

function lintExclusive({ policy, clusters }: Fleet): Issue[] {
  return policy.safety.exclusive.flatMap((set, index) => unknown(clusters, set, `#/safety/exclusive/${index}`));
}

/** Warns of names that are not declared yet; they count once they are. */
function lintNames({ policy, clusters }: Fleet): Issue[] {
  return [
    ...policy.voters.flatMap((voter, index) => unknown(clusters, voter.clusters, `#/voters/${index}/clusters`)),
    ...policy.safety.gates.flatMap((gate, index) =>
      unknown(clusters, gate.clusters, `#/safety/gates/${index}/clusters`),
    ),
    ...namedPlaces(policy).flatMap(({ pointer, place }) => {
      if (clustersAt(clusters, place).length > 0) return [];
      const { field, message } = emptyPlace(place);
      return [issue(`${pointer}/${field}`, 'unknown-cluster', message.text)];
    }),
  ];
}

/** Returns the places of drills and data gates, with pointers to them in the declaration. */
export function namedPlaces({
  drills,
  failover,
}: Pick<Policy, 'drills' | 'failover'>): { pointer: string; place: Place }[] {
  return [
    ...drills.map((place, index) => ({ pointer: `#/drills/${index}`, place })),
    ...(failover.dataGates ?? []).map(({ city }, index) => ({
      pointer: `#/failover/dataGates/${index}`,
      place: { city },
    })),
  ];
}

/** Warns of data gates that keep traffic on a dead city for longer than people may expect. */
function lintDataGates({ policy }: Fleet): Issue[] {
  return (policy.failover.dataGates ?? []).flatMap(({ city, gateSeconds, leave, target }, index) => {
    const pointer = `#/failover/dataGates/${index}`;
    if (leave.withoutAnswer === 'stay') {
      const asked = target === undefined ? 'a person answers, since no target is asked' : `somebody answers`;
      const detail = `when ${city} is lost, its traffic stays there until ${asked}; make it go, or see to it that somebody is there to answer`;
      return [issue(`${pointer}/leave/withoutAnswer`, 'data-gate-stays', detail)];
    }
    if (gateSeconds <= LONG_GATE_SECONDS) return [];
    const detail = `when ${city} is lost and nobody answers, its requests fail for ${gateSeconds} s before it is left`;
    return [issue(`${pointer}/gateSeconds`, 'data-gate-long', detail)];
  });
}

/**
 * The longest time, in seconds, that a data gate may wait without a warning. It equals the default of
 * `correlation.askSeconds`, for which a policy waits for people.
 */
const LONG_GATE_SECONDS = 300;

function unknown(clusters: readonly ClusterFacts[], names: readonly string[] = [], pointer: string): Issue[] {
  return names.flatMap((name, index) =>
    clusters.some((cluster) => cluster.name === name)
      ? []
      : [issue(`${pointer}/${index}`, 'unknown-cluster', `${name} is no cluster of the fleet`)],
  );
}

/** Warns of settings of an earlier release, which this release still reads and the next one does not. */
function lintRetired({ policy }: Fleet): Issue[] {
  const { panic, correlation } = policy.failover;
  const { maxRemoved } = policy.safety;
  const renamed = { halt: 'ask', ignore: 'proceed' } as const;
  const name =
    correlation.action === 'halt' || correlation.action === 'ignore' ? renamed[correlation.action] : undefined;
  return [
    ...(panic && panic.thresholdPercent > 0
      ? [
          issue(
            '#/failover/panic',
            'retired',
            'has no effect any more: points never stay on clusters that are down while others serve',
          ),
        ]
      : []),
    ...(name ? [issue('#/failover/correlation/action', 'retired', `${correlation.action} is now called ${name}`)] : []),
    ...(maxRemoved?.percent !== undefined
      ? [
          issue(
            '#/safety/maxRemoved/percent',
            'retired',
            'is read as a part of the clusters of the fleet; say clusters instead',
          ),
        ]
      : []),
  ];
}

/** Returns the number of clusters in the largest tier: the most that can serve at a time. */
function servable({ members }: Placement): number {
  const tiers = Map.groupBy(
    members.filter(({ weight }) => weight > 0),
    ({ tier }) => tier,
  );
  return Math.max(0, ...[...tiers.values()].map((tier) => tier.length));
}

function lintServing({ policy, placements }: Fleet): Issue[] {
  for (const placement of placements) {
    const most = servable(placement);
    if (most === 0 || policy.safety.minServingClusters <= most) continue;
    const detail = `${nameOf(placement)} is never served by more than ${most}`;
    return [issue('#/safety/minServingClusters', 'unsatisfiable', detail)];
  }
  return [];
}

function nameOf({ services, key }: Placement): string {
  return services.join(', ') || key.slice(0, 12);
}

function issue(pointer: string, code: string, detail: string): Issue {
  return { pointer, code, detail };
}
