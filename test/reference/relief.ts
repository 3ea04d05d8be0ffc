// @ts-nocheck: it indexes arrays without looking whether there is something, which its own tests were content with.
/** Step 6: points move off overloaded clusters, directly or by chains, as long as there is a chain. */

import { isAble, isDown, leastBound } from './bounds.ts';
import type { BackendState, Load, State } from './state.ts';
import { capacityOf, isAbove, isMovable, limitedClusters, loadOf, memberIndex } from './state.ts';

/** One point of the backend goes from one cluster to another. */
interface Hop {
  backend: BackendState;
  from: string;
  to: string;
}

/** A cluster that the search has reached, with the hop that led to it; the first one was not led to. */
interface Reached {
  cluster: string;
  hop: Hop | undefined;
  previous: Reached | undefined;
}

/** Each chain lowers what is above capacities in total, so that so many of them mean that the search goes round in circles. */
const MOST_CHAINS = 200_000;

/**
 * Kinds of searches. The ordinary search looks for clusters above their capacity; the hot search, from stage 5 on,
 * looks for those above 1.1 times their capacity, and lets points go to members that are held back by caution, by an
 * impairment or by dwell.
 */
type Kind = 'ordinary' | 'hot';

/**
 * Clusters by name, each as long as it has a chain; this is repeated until none has one. A chain is followed as often as all of its hops allow: the
 * algorithm was changed to that after this file was written by its author, and isStillAllowed was added.
 */
export function relieve(state: State, kind: Kind): void {
  let count = 0;
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false;
    for (const cluster of limitedClusters(state)) {
      for (let chain = chainFrom(state, cluster, kind); chain !== undefined; chain = chainFrom(state, cluster, kind)) {
        do move(chain);
        while (isStillAllowed(state, chain, kind));
        hasMoved = true;
        count += 1;
        if (count > MOST_CHAINS) throw new Error('Relief does not end.');
      }
    }
  }
}

/** Moves one point along each hop. */
function move(chain: readonly Hop[]): void {
  for (const hop of chain) {
    hop.backend.points[memberIndex(hop.backend, hop.from)] -= 1;
    hop.backend.points[memberIndex(hop.backend, hop.to)] += 1;
  }
}

/** Tells whether every hop of the chain could be found once more. */
function isStillAllowed(state: State, chain: readonly Hop[], kind: Kind): boolean {
  return chain.every((hop, position) => {
    const { backend, from, to } = hop;
    const [giver, taker] = [memberIndex(backend, from), memberIndex(backend, to)];
    if (backend.points[giver] === 0 || backend.points[taker] >= boundOf(backend, taker, kind)) return false;
    const previous = chain[position - 1];
    const mayGive =
      previous === undefined ? isOverloadedBy(state, from, backend, kind) : mayPassOn(state, previous, backend);
    return mayGive && (position < chain.length - 1 || hasRoom(state, hop));
  });
}

/**
 * Looks breadth first for a chain from an overloaded cluster; a cluster that is not overloaded has none. A hop to a cluster with room
 * ends the search whether or not the cluster was reached before. A cluster is passed through again only when it is reached by
 * a smaller point than ever before, and it is at most once in a chain.
 */
function chainFrom(state: State, overloaded: string, kind: Kind): Hop[] | undefined {
  const smallest = new Map<string, Load>();
  const queue: Reached[] = [{ cluster: overloaded, hop: undefined, previous: undefined }];
  for (let reached = queue.shift(); reached !== undefined; reached = queue.shift()) {
    for (const hop of hopsFrom(state, reached, kind)) {
      if (isOnTheWayTo(reached, hop.to)) continue;
      const next: Reached = { cluster: hop.to, hop, previous: reached };
      if (hasRoom(state, hop)) return chainTo(next);
      const before = smallest.get(hop.to);
      if (before !== undefined && before <= hop.backend.loadOfPoint) continue;
      smallest.set(hop.to, hop.backend.loadOfPoint);
      queue.push(next);
    }
  }
  return undefined;
}

/** Tells whether the chain already passes through the cluster, whose room is then another one. */
function isOnTheWayTo(last: Reached, cluster: string): boolean {
  for (let reached: Reached | undefined = last; reached !== undefined; reached = reached.previous) {
    if (reached.cluster === cluster) return true;
  }
  return false;
}

/** The hops that lead to a cluster, the first one first. */
function chainTo(last: Reached): Hop[] {
  const hops: Hop[] = [];
  for (let reached: Reached | undefined = last; reached?.hop !== undefined; reached = reached.previous)
    hops.unshift(reached.hop);
  return hops;
}

/** The points that a cluster may pass on, and to whom, in the order of backends and then of members. */
function hopsFrom(state: State, reached: Reached, kind: Kind): Hop[] {
  const hops: Hop[] = [];
  for (const backend of state.backends) {
    const giver = memberIndex(backend, reached.cluster);
    if (!isMovable(backend) || giver < 0 || backend.points[giver] === 0) continue;
    const mayGive =
      reached.hop === undefined
        ? isOverloadedBy(state, reached.cluster, backend, kind)
        : mayPassOn(state, reached.hop, backend);
    if (!mayGive) continue;
    backend.backend.members.forEach((member, index) => {
      if (index === giver || !isAble(member) || isDown(member)) return;
      if (backend.points[index] >= boundOf(backend, index, kind)) return;
      hops.push({ backend, from: reached.cluster, to: member.cluster });
    });
  }
  return hops;
}

/** The bound of a member after the stages that have been applied to its backend; the hot search counts nothing that the stages up to 5 relax. */
function boundOf(backend: BackendState, index: number, kind: Kind): number {
  return leastBound(backend.bounds[index], kind === 'hot' ? Math.max(backend.stage, 5) : backend.stage);
}

/** Tells whether the cluster is above what it should serve by at least one whole point of the backend. */
function isOverloadedBy(state: State, cluster: string, backend: BackendState, kind: Kind): boolean {
  const capacity = capacityOf(state, cluster);
  if (capacity === undefined) return false;
  const most = kind === 'hot' ? (capacity * 11n) / 10n : capacity;
  const load = loadOf(state, cluster);
  return isAbove(load, most) && !isAbove(backend.loadOfPoint, load - most);
}

/**
 * Tells whether the receiver of the hop may pass on a point of the backend: the point must be at least as large as the
 * one it gets, or else the receiver must not be above its capacity afterwards.
 */
function mayPassOn(state: State, hop: Hop, backend: BackendState): boolean {
  if (backend.loadOfPoint >= hop.backend.loadOfPoint) return true;
  const after = loadOf(state, hop.to) + hop.backend.loadOfPoint - backend.loadOfPoint;
  return !isAbove(after, capacityOf(state, hop.to) as Load);
}

/** Tells whether the receiver of the hop stays within its capacity with the point. */
function hasRoom(state: State, hop: Hop): boolean {
  const capacity = capacityOf(state, hop.to);
  return capacity === undefined || !isAbove(loadOf(state, hop.to) + hop.backend.loadOfPoint, capacity);
}
