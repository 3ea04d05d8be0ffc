/** R22: policies that contradict themselves, or the clusters and routes of their fleet. */

import type { Issue } from '../../schemas/problem.ts';
import { fill, loadsOf, overloaded } from './allocate.ts';
import { placementShares } from './distribution.ts';
import { capacityLeftPercent, isPanic } from './panic.ts';
import type { ClusterFacts, Placement, Policy } from './situation.ts';
import type { Withdrawal } from './traffic.ts';

export interface Lint {
  /** With these, the policy could not do what it is for. */
  refusals: Issue[];
  /** These are to be known. */
  warnings: Issue[];
}

/** What a policy is held against. */
interface Fleet {
  policy: Policy;
  clusters: readonly ClusterFacts[];
  /** Those that health moves. */
  placements: readonly Placement[];
  /** Every gateway of the fleet can answer 503 by itself. */
  canReject: boolean;
}

/**
 * Pointers lead into the declaration of the fleet. `canReject`: every gateway of the fleet can reject requests of a backend.
 */
export function lintPolicy(
  policy: Policy,
  clusters: readonly ClusterFacts[],
  placements: readonly Placement[],
  { canReject }: { canReject: boolean },
): Lint {
  const moved = placements.filter(({ pinned }) => !pinned);
  const fleet = { policy, clusters, placements: moved, canReject };
  return {
    refusals: [
      ...lintThresholds(fleet),
      ...lintKeys(fleet),
      ...lintExclusive(fleet),
      ...lintReject(fleet),
      ...perPlacement(fleet, [refusedCap, refusedServing, refusedBase]),
    ],
    warnings: [
      ...lintNames(fleet),
      ...perPlacement(fleet, [doubtfulCap, doubtfulServing, doubtfulBase, doubtfulPanic]),
      ...lintSpareCapacity(fleet),
    ],
  };
}

type PlacementLint = (placement: Placement, fleet: Fleet) => Issue | undefined;

/** Each fault once, of the first placement that has it. */
function perPlacement(fleet: Fleet, lints: readonly PlacementLint[]): Issue[] {
  return lints.flatMap((lint) => {
    for (const placement of fleet.placements) {
      const issue = lint(placement, fleet);
      if (issue) return [issue];
    }
    return [];
  });
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

/** Named before they are declared: they count once they are. */
function lintNames({ policy, clusters }: Fleet): Issue[] {
  return [
    ...policy.voters.flatMap((voter, index) => unknown(clusters, voter.clusters, `#/voters/${index}/clusters`)),
    ...policy.safety.gates.flatMap((gate, index) =>
      unknown(clusters, gate.clusters, `#/safety/gates/${index}/clusters`),
    ),
    ...policy.drills.flatMap(({ cluster }, index) =>
      unknown(clusters, [cluster], `#/drills/${index}`).map((found) => ({
        ...found,
        pointer: `#/drills/${index}/cluster`,
      })),
    ),
  ];
}

function unknown(clusters: readonly ClusterFacts[], names: readonly string[] = [], pointer: string): Issue[] {
  return names.flatMap((name, index) =>
    clusters.some((cluster) => cluster.name === name)
      ? []
      : [issue(`${pointer}/${index}`, 'unknown-cluster', `${name} is no cluster of the fleet`)],
  );
}

function lintReject({ policy, canReject }: Fleet): Issue[] {
  if (policy.failover.panic.mode !== 'reject' || canReject) return [];
  return [
    issue('#/failover/panic/mode', 'unsupported', 'a gateway of the fleet cannot reject the requests of a backend'),
  ];
}

/** Of the members that can fail, the part of its tier that each has, in percent; ascending. */
function failingParts({ members }: Placement, { clusters }: Fleet): number[] {
  const isWatched = (name: string) => clusters.some((item) => item.name === name && item.voters.length > 0);
  return members
    .filter(({ cluster, weight }) => weight > 0 && isWatched(cluster))
    .map(({ weight, tier }) => {
      const total = members.filter((member) => member.tier === tier).reduce((sum, member) => sum + member.weight, 0);
      return (100 * weight) / total;
    })
    .sort((a, b) => a - b);
}

/** Whether there is anybody to fail over to. */
function hasOthers({ members }: Placement): boolean {
  return members.filter(({ weight }) => weight > 0).length > 1;
}

const CAP = '#/safety/maxRemoved/percent';

/** I17: a cap below the smallest share lets nothing fail over at all. */
function refusedCap(placement: Placement, fleet: Fleet): Issue | undefined {
  const cap = fleet.policy.safety.maxRemoved?.percent ?? 100;
  const [smallest = 0] = failingParts(placement, fleet);
  if (!hasOthers(placement) || Math.ceil(smallest) <= cap) return undefined;
  return issue(
    CAP,
    'no-failover',
    `no cluster of ${nameOf(placement)} could be withdrawn: the smallest has ${Math.ceil(smallest)} %`,
  );
}

function doubtfulCap(placement: Placement, fleet: Fleet): Issue | undefined {
  const cap = fleet.policy.safety.maxRemoved?.percent ?? 100;
  const parts = failingParts(placement, fleet);
  const [smallest = 0, largest = 0] = [parts[0], parts.at(-1)];
  if (!hasOthers(placement) || Math.ceil(largest) <= cap || Math.ceil(smallest) > cap) return undefined;
  return issue(
    CAP,
    'no-failover',
    `a cluster of ${nameOf(placement)} has ${Math.ceil(largest)} % and could not be withdrawn`,
  );
}

const SERVING = '#/safety/minServingClusters';

/** Clusters of the largest tier: so many can serve at a time. */
function servable({ members }: Placement): number {
  const tiers = Map.groupBy(
    members.filter(({ weight }) => weight > 0),
    ({ tier }) => tier,
  );
  return Math.max(0, ...[...tiers.values()].map((tier) => tier.length));
}

function refusedServing(placement: Placement, { policy }: Fleet): Issue | undefined {
  const most = servable(placement);
  if (most === 0 || policy.safety.minServingClusters <= most) return undefined;
  return issue(SERVING, 'unsatisfiable', `${nameOf(placement)} is never served by more than ${most}`);
}

function doubtfulServing(placement: Placement, { policy }: Fleet): Issue | undefined {
  const least = policy.safety.minServingClusters;
  if (least === 1 || least !== servable(placement)) return undefined;
  return issue(SERVING, 'no-failover', `no failure of a cluster of ${nameOf(placement)} could be answered`);
}

const BASE = '#/safety/minBasePercent';

function hasOneTier({ members }: Placement): boolean {
  return new Set(members.filter(({ weight }) => weight > 0).map(({ tier }) => tier)).size === 1;
}

function refusedBase(placement: Placement, fleet: Fleet): Issue | undefined {
  const [smallest = 0] = failingParts(placement, fleet);
  if (!hasOthers(placement) || !hasOneTier(placement)) return undefined;
  if (fleet.policy.safety.minBasePercent <= Math.floor(100 - smallest)) return undefined;
  return issue(BASE, 'no-failover', `no cluster of ${nameOf(placement)} could be withdrawn`);
}

function doubtfulBase(placement: Placement, fleet: Fleet): Issue | undefined {
  const largest = failingParts(placement, fleet).at(-1) ?? 0;
  if (!hasOthers(placement) || !hasOneTier(placement) || refusedBase(placement, fleet)) return undefined;
  if (fleet.policy.safety.minBasePercent <= Math.floor(100 - largest)) return undefined;
  return issue(
    BASE,
    'no-failover',
    `a cluster of ${nameOf(placement)} has ${Math.ceil(largest)} % and could not be withdrawn`,
  );
}

/** R13: a panic that the loss of one cluster brings about keeps that cluster from being withdrawn. */
function doubtfulPanic(placement: Placement, { policy, clusters }: Fleet): Issue | undefined {
  if (!hasOthers(placement)) return undefined;
  const capacities = new Map(clusters.flatMap(({ name, capacity }) => (capacity ? [[name, capacity] as const] : [])));
  const { thresholdPercent } = policy.failover.panic;
  const first = placement.members.find(({ cluster }) => {
    return isPanic(capacityLeftPercent(placement, [lost(cluster)], capacities), thresholdPercent, false);
  });
  if (first === undefined) return undefined;
  const detail = `the loss of ${first.cluster} alone would bring ${nameOf(placement)} into panic`;
  return issue('#/failover/panic/thresholdPercent', 'no-failover', detail);
}

/** N+1: whether the others can serve what each cluster serves. */
function lintSpareCapacity({ policy, clusters, placements }: Fleet): Issue[] {
  const part = 1 - policy.failover.headroomPercent / 100;
  const ceilings = new Map(
    clusters.flatMap(({ name, capacity }) => (capacity ? [[name, capacity * part] as const] : [])),
  );
  if (ceilings.size === 0) return [];
  for (const { name } of clusters) {
    const withdrawals = [lost(name)];
    const placed = placements.map((placement) => {
      const shares = placementShares(placement, { withdrawals, allocations: [] });
      return { placement, shares, isFixed: false, limited: new Set([name]) };
    });
    const [hot] = overloaded(loadsOf(fill(placed, ceilings)), ceilings);
    if (hot === undefined) continue;
    const detail = `the clusters do not have the capacity to serve without ${name}: ${hot} would have to serve more than it may`;
    return [issue('#/failover/headroomPercent', 'capacity', detail)];
  }
  return [];
}

function lost(cluster: string): Withdrawal {
  return { cluster, percent: 0, cause: 'failure', sinceMs: 0, reason: '', decision: '' };
}

function nameOf({ services, key }: Placement): string {
  return services.join(', ') || key.slice(0, 12);
}

function issue(pointer: string, code: string, detail: string): Issue {
  return { pointer, code, detail };
}
