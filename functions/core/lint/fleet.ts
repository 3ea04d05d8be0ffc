/** Checks policies for contradictions in themselves, or with the clusters and routes of their fleet. */

import type { FleetSpec } from '../../../schemas/fleet.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
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
        ? [issueAt(`#/notifications/${index}/events/${place}`, 'retired', say('EventRetired', { type }))]
        : [],
    ),
  );
  if (isTold || automation !== 'automatic') return retired;
  return [issueAt('#/notifications', 'nobody-told', say('NobodyTold')), ...retired];
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
    ...(flaps ? [issueAt('#/health/successThreshold', 'thresholds', say('ReturnsTooFast'))] : []),
    ...(races
      ? [issueAt('#/failover/cooldownSeconds', 'cooldown', say('CooldownTooShort', { seconds: stepSeconds }))]
      : []),
  ];
}

function lintKeys({ policy }: Fleet): Issue[] {
  const keys = policy.voters.map((voter) => (voter.type === 'agent' ? voter.publicKey : undefined));
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    if (key === undefined || first === index) return [];
    const message = say('KeyOfOther', { voter: policy.voters[first]?.name });
    return [issueAt(`#/voters/${index}/publicKey`, 'duplicate-key', message)];
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
      return [issueAt(`${pointer}/${field}`, 'unknown-cluster', message)];
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
      const message = say('DataGateStays', { city, isTargetAsked: target !== undefined });
      return [issueAt(`${pointer}/leave/withoutAnswer`, 'data-gate-stays', message)];
    }
    if (gateSeconds <= LONG_GATE_SECONDS) return [];
    return [issueAt(`${pointer}/gateSeconds`, 'data-gate-long', say('DataGateLong', { city, seconds: gateSeconds }))];
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
      : [issueAt(`${pointer}/${index}`, 'unknown-cluster', say('NoSuch', { kind: 'cluster', name }))],
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
    ...(panic && panic.thresholdPercent > 0 ? [issueAt('#/failover/panic', 'retired', say('PanicRetired'))] : []),
    ...(name
      ? [
          issueAt(
            '#/failover/correlation/action',
            'retired',
            say('ActionRenamed', { before: correlation.action, now: name }),
          ),
        ]
      : []),
    ...(maxRemoved?.percent !== undefined
      ? [issueAt('#/safety/maxRemoved/percent', 'retired', say('PercentRetired'))]
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
    const message = say('NeverServedByMore', { services: nameOf(placement), most });
    return [issueAt('#/safety/minServingClusters', 'unsatisfiable', message)];
  }
  return [];
}

function nameOf({ services, key }: Placement): string {
  return services.join(', ') || key.slice(0, 12);
}
