/**
 * Computes the split that a distribution declares at each step of a rollout, and finds changes that cannot be made step
 * by step.
 */

import type { WeightedMembers } from '../../../schemas/distribution.ts';
import { issueAt, type Message, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { Resource } from '../model/resource.ts';
import { isNamedBy, placeOf } from '../routing/distribution.ts';
import { type MemberPoints, movedAt, movedBetween, pointsBetween, pointsByWeight } from './points.ts';

/** The schema of tiers allows none above it. */
const LAST_TIER = 9;

type Member = WeightedMembers[number];
type Clusters = ReadonlyMap<string, Resource<'cluster'>>;

/** The members that serve while all clusters are healthy: those of the lowest tier that has a weight. */
interface Serving {
  tier: number;
  points: MemberPoints;
}

/**
 * Returns the split declared at each of the given percentages of the way from `from` to `to`. Below 100, the members
 * that have points at that step are in one tier; those of `from` that have none stand by as before, and those that have
 * lost their last point stand by as in `to`, so that no step takes away who would take over. At 100, the split is `to`.
 */
export function splitsBetween(
  from: WeightedMembers,
  to: WeightedMembers,
  percents: readonly number[],
  clusters: Clusters,
): WeightedMembers[] {
  const [before, after] = [servingIn(from, clusters), servingIn(to, clusters)];
  const all = movedBetween(before.points, after.points);
  const places = new Map([...from, ...to].map((member) => [keyOf(member), member]));
  /** The weight and tier of a member without a point, where it stands by before or after the rollout. */
  const standbyOf = (key: string): Pick<Member, 'weight' | 'tier'> | undefined => {
    const own = before.points.has(key) ? to : from;
    const found = own.find((member) => keyOf(member) === key && member.weight > 0);
    if (found === undefined || before.tier === LAST_TIER) return undefined;
    const tier = Math.max(before.tier + 1, Math.min(...tiersOf(found, clusters)));
    return { weight: found.weight, tier };
  };
  const standing = from.filter((member) => !before.points.has(keyOf(member)) && !after.points.has(keyOf(member)));
  return percents.map((percent) => {
    if (percent === 100) return to;
    const points = pointsBetween(before.points, after.points, movedAt(all, percent));
    const serving = [...points].flatMap(([key, weight]): Member[] => {
      const { by, name } = placeOf(places.get(key) ?? {});
      const spare = weight > 0 ? undefined : standbyOf(key);
      return [{ [by]: name, weight, tier: before.tier, ...spare }];
    });
    return [...serving, ...standing];
  });
}

/** Returns the names of the clusters that have more points after a rollout than before, sorted. */
export function gainingClusters(from: WeightedMembers, to: WeightedMembers, clusters: Clusters): string[] {
  const [before, after] = [servingIn(from, clusters).points, servingIn(to, clusters).points];
  const gaining = to.filter((member) => (after.get(keyOf(member)) ?? 0) > (before.get(keyOf(member)) ?? 0));
  return [...clusters.keys()].filter((name) => gaining.some((member) => isNamedBy(member, name, clusters))).sort();
}

/** Finds changes that cannot be made step by step, and steps that would change nothing. */
export function rolloutFaults(
  from: WeightedMembers,
  to: WeightedMembers,
  percents: readonly number[],
  clusters: Clusters,
): Issue[] {
  const faults = [
    ...namedOtherwise(from, to, clusters),
    ...mixedTiers(from, '/from', clusters),
    ...mixedTiers(to, '/clusters', clusters),
  ];
  return faults.length > 0 ? faults : emptySteps(from, to, percents, clusters);
}

/**
 * Finds clusters that `from` and `to` name in different ways. A step has one weight for each member, so a cluster
 * cannot be part of a place and a member by itself at the same time.
 */
function namedOtherwise(from: WeightedMembers, to: WeightedMembers, clusters: Clusters): Issue[] {
  return to.flatMap((member, index) => {
    const others = from.filter((item) => keyOf(item) !== keyOf(member));
    for (const other of others) {
      const shared = [...clusters.keys()].find(
        (name) => isNamedBy(member, name, clusters) && isNamedBy(other, name, clusters),
      );
      if (shared === undefined) continue;
      const { by, name } = placeOf(other);
      return [conflict(`#/clusters/${index}`, say('NamedOtherwise', { cluster: shared, by, name }))];
    }
    return [];
  });
}

/** Finds places whose clusters declare different tiers. A member of a step can only be in one tier. */
function mixedTiers(members: WeightedMembers, where: '/from' | '/clusters', clusters: Clusters): Issue[] {
  return members.flatMap((member, index) => {
    const tiers = [...tiersOf(member, clusters)];
    if (tiers.length <= 1) return [];
    const { by, name } = placeOf(member);
    const isOld = where === '/from';
    const pointer = isOld ? '#/clusters' : `#/clusters/${index}/tier`;
    return [conflict(pointer, say('MixedTiers', { by, name, tiers: tiers.join(', '), isOld }))];
  });
}

function emptySteps(
  from: WeightedMembers,
  to: WeightedMembers,
  percents: readonly number[],
  clusters: Clusters,
): Issue[] {
  const all = movedBetween(servingIn(from, clusters).points, servingIn(to, clusters).points);
  if (all === 0) return [conflict('#/clusters', say('NothingToRollOut'))];
  return percents.flatMap((percent, index) => {
    if (movedAt(all, percent) > movedAt(all, percents[index - 1] ?? 0)) return [];
    return [conflict(`#/steps/${index}/percent`, say('EmptyStep', { points: all, percent }))];
  });
}

function conflict(pointer: string, message: Message): Issue {
  return issueAt(pointer, 'conflicting-declaration', message);
}

function servingIn(members: WeightedMembers, clusters: Clusters): Serving {
  const tiered = members
    .filter(({ weight }) => weight > 0)
    .map((member) => ({ member, tier: Math.min(...tiersOf(member, clusters)) }));
  const tier = Math.min(...tiered.map((item) => item.tier));
  const serving = tiered.filter((item) => item.tier === tier).map(({ member }) => member);
  return { tier, points: pointsByWeight(new Map(serving.map((member) => [keyOf(member), member.weight]))) };
}

function tiersOf(member: Member, clusters: Clusters): Set<number> {
  if (member.tier !== undefined) return new Set([member.tier]);
  const named = [...clusters.values()].filter(({ name }) => isNamedBy(member, name, clusters));
  return new Set(named.length === 0 ? [0] : named.map(({ spec }) => spec.tier ?? 0));
}

function keyOf(member: Member): string {
  const { by, name } = placeOf(member);
  return `${by} ${name}`;
}
