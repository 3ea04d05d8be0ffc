/** Warnings about what clusters can serve. Their pointers lead into the declaration of the fleet. */

import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { allocate } from '../allocation/allocate.ts';
import { declaredPoints } from '../allocation/bounds.ts';
import { type Loss, lossesOf, nameOfLoss, withoutLost } from '../allocation/losses.ts';
import { asDeclared, type Loads, loadsOf } from '../allocation/safety.ts';
import type { AllocationInput, Backend, Capacity } from '../allocation/types.ts';
import { TOLERANCE } from '../allocation/work.ts';
import type { ClusterFacts, Placement, Policy } from '../model/fleet-facts.ts';

type Facts = Pick<ClusterFacts, 'name' | 'site' | 'city' | 'capacity'>;

type Room = Omit<AllocationInput, 'backends'>;

const HEADROOM = '#/failover/headroomPercent';

/**
 * Checks that clusters can serve their declared loads, and that the others can serve without any one cluster, site or
 * city.
 */
export function lintCapacity(
  { failover: { headroomPercent } }: Pick<Policy, 'failover'>,
  clusters: readonly Facts[],
  placements: readonly Placement[],
): Issue[] {
  const capacities = clusters.flatMap(({ name, capacity }): Capacity[] => {
    return capacity === undefined ? [] : [{ cluster: name, requestsPerSecond: capacity, hasFallen: false }];
  });
  const loaded = placements.filter(({ load }) => load > 0);
  if (capacities.length === 0 || loaded.length === 0) return [];
  const room = { capacities, headroomPercent, correlationWindowMs: 0 };
  const losses = lossesOf(clusters);
  return [
    ...lintDeclared(room, loaded),
    ...lintLosses(
      'capacity',
      room,
      loaded,
      losses.filter(({ type }) => type === 'cluster'),
    ),
    ...lintLosses(
      'site-capacity',
      room,
      loaded,
      losses.filter(({ type }) => type === 'site'),
    ),
    ...lintLosses(
      'city-capacity',
      room,
      loaded,
      losses.filter(({ type }) => type === 'city'),
    ),
  ];
}

/**
 * Warns of a cluster whose declared load leaves no headroom. Headroom limits the load that a cluster takes over from
 * others; a declared split may exceed it, but then the cluster takes over nothing.
 */
function lintDeclared({ capacities, headroomPercent }: Room, placements: readonly Placement[]): Issue[] {
  const loads = declaredLoads(placements);
  const full = capacities.find(({ cluster, requestsPerSecond }) => {
    return (loads.get(cluster) ?? 0) > requestsPerSecond * (1 - headroomPercent / 100);
  });
  if (full === undefined) return [];
  const { cluster, requestsPerSecond } = full;
  const load = Math.ceil(loads.get(cluster) ?? 0);
  const message = say('AboveHeadroom', { cluster, load, capacity: requestsPerSecond, headroomPercent });
  return [issueAt(HEADROOM, 'declared-above-headroom', message)];
}

/** Warns of the first loss without which the remaining clusters cannot serve. */
function lintLosses(code: string, room: Room, placements: readonly Placement[], losses: readonly Loss[]): Issue[] {
  const declared = declaredLoads(placements);
  for (const loss of losses) {
    if (isEasy(loss, room, placements, declared)) continue;
    const hot = hottest(loss, room, placements, declared);
    if (hot === undefined) continue;
    const { cluster, load, requestsPerSecond: capacity } = hot;
    const message = say('LossTooMuch', { loss: nameOfLoss(loss), cluster, load: Math.ceil(load), capacity });
    return [issueAt(HEADROOM, code, message)];
  }
  return [];
}

/**
 * Tells whether the backends that a loss touches find room while all others stay as declared. If they do, the others
 * need not be allocated.
 */
function isEasy(loss: Loss, room: Room, placements: readonly Placement[], declared: Loads): boolean {
  const touched = placements.filter(({ members }) => members.some(({ cluster }) => loss.clusters.has(cluster)));
  const own = declaredLoads(touched);
  const capacities = room.capacities.map((capacity) => {
    const others = (declared.get(capacity.cluster) ?? 0) - (own.get(capacity.cluster) ?? 0);
    return { ...capacity, requestsPerSecond: Math.max(Number.MIN_VALUE, capacity.requestsPerSecond - others) };
  });
  return hottest(loss, { ...room, capacities }, touched, own) === undefined;
}

/**
 * Returns a cluster that gets more than it can serve, and more than it has by the declared split; undefined when there
 * is none.
 */
function hottest({ clusters }: Loss, room: Room, placements: readonly Placement[], declared: Loads) {
  const backends = placements.map((placement) => without(placement, clusters));
  const { overloads } = allocate({ ...room, backends });
  return overloads.find(({ cluster, load }) => load > (declared.get(cluster) ?? 0) + TOLERANCE);
}

function without({ key, load, pinned, members }: Placement, lost: ReadonlySet<string>): Backend {
  const had = declaredPoints(members);
  return {
    id: key,
    load,
    isPinned: pinned,
    members: withoutLost(
      members.map((member, index) => ({ ...member, had: had[index] ?? 0, limits: [] })),
      lost,
    ),
  };
}

function declaredLoads(placements: readonly Placement[]): Loads {
  return loadsOf(placements.map(asDeclared));
}
