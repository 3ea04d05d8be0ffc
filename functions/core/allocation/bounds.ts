/** Computes the most points that each member of a backend may have, and the points to which it is entitled. */

import { apportion, type CappedWeight, waterFill } from './apportion.ts';
import type { Backend, BackendMember, Limit } from './types.ts';

/** The most points that each member may have, in the order of the members; Infinity when nothing limits a member. */
export type Bounds = readonly number[];

/** Tells whether a member may be given points at all: it has a weight and is not isolated. */
export function isAble({ weight, limits }: BackendMember): boolean {
  return weight > 0 && limits.every(({ reason }) => reason !== 'isolated');
}

/** Returns the tiers of the members, ascending and each once. */
export function tiersOf(members: readonly { tier: number }[]): number[] {
  const tiers: number[] = [];
  for (const { tier } of members) if (!tiers.includes(tier)) tiers.push(tier);
  return tiers.sort((a, b) => a - b);
}

interface FilledMember {
  weight: number;
  tier: number;
}

/**
 * Gives 100 points to the members within their bounds, tier by tier. `left` is the number of points that fit nowhere.
 */
export function fill(members: readonly FilledMember[], bounds: Bounds): { points: number[]; left: number } {
  const points = members.map(() => 0);
  let left = 100;
  for (const tier of tiersOf(members)) {
    if (left === 0) break;
    const entries: CappedWeight[] = [];
    for (const [index, { weight, tier: own }] of members.entries()) {
      if (own === tier && weight > 0) entries.push({ index, weight, cap: bounds[index] ?? 0 });
    }
    left = waterFill(left, entries, points);
  }
  return { points, left };
}

/**
 * Returns the points that follow from the declarations alone: all points go to the first tier that has weights. All are
 * 0 when no member has a weight.
 */
export function declaredPoints(members: readonly FilledMember[]): number[] {
  let first = Number.POSITIVE_INFINITY;
  for (const { weight, tier } of members) if (weight > 0) first = Math.min(first, tier);
  const isFirst = ({ weight, tier }: FilledMember) => weight > 0 && tier === first;
  const weights = members.filter(isFirst).map(({ weight }) => weight);
  if (weights.length === 0) return members.map(() => 0);
  const points = apportion(100, weights);
  let next = 0;
  return members.map((member) => (isFirst(member) ? (points[next++] ?? 0) : 0));
}

type MemberTest = (member: BackendMember, index: number) => boolean;

/**
 * Returns the entitlement of each member: the points it would get if its own limits did not hold and all other members
 * kept theirs. Another member's limit that is a percentage of an entitlement is taken of the entitlement which that
 * member would have if no such percentages applied. Members that are not `asked` for get 0.
 */
export function entitlementsOf({ members }: Pick<Backend, 'members'>, asked: MemberTest = isAble): number[] {
  const unparted = members.map((member) => boundOf(member, 0, isPart));
  if (!members.some(hasPart)) return entitledWithin(members, unparted, asked);
  const first = entitledWithin(members, unparted, hasPart);
  const parted = members.map((member, index) => boundOf(member, first[index] ?? 0, isNone));
  return entitledWithin(members, parted, asked);
}

/** Returns the points of each member when it alone is not bound; 0 for members that are not `asked` for. */
function entitledWithin(members: readonly BackendMember[], bounds: Bounds, asked: MemberTest): number[] {
  return members.map((member, index) => {
    if (!isAble(member) || !asked(member, index)) return 0;
    const free = bounds.map((bound, other) => (other === index ? Number.POSITIVE_INFINITY : bound));
    return fill(members, free).points[index] ?? 0;
  });
}

/**
 * Returns the most points that each member may have, ignoring the limits that are relaxed. `entitlements` are needed
 * only for members with a limit that is a percentage of their entitlement.
 */
export function boundsOf(
  members: readonly BackendMember[],
  entitlements: readonly number[],
  isRelaxed: (limit: Limit) => boolean = isNone,
): Bounds {
  return members.map((member, index) => boundOf(member, entitlements[index] ?? 0, isRelaxed));
}

function boundOf(member: BackendMember, entitlement: number, isRelaxed: (limit: Limit) => boolean): number {
  if (!isAble(member)) return 0;
  let bound = Number.POSITIVE_INFINITY;
  for (const limit of member.limits) {
    if (!isRelaxed(limit)) bound = Math.min(bound, allowedBy(limit, member.had, entitlement));
  }
  return bound;
}

function allowedBy(limit: Limit, had: number, entitlement: number): number {
  switch (limit.reason) {
    case 'turn':
    case 'dwell':
    case 'consent':
    case 'mode':
    case 'grace':
    case 'gate':
      return had;
    case 'drained':
    case 'drill':
      return partOf(entitlement, limit.percent);
    case 'ramp':
      return Math.max(had, partOf(entitlement, limit.percent));
    case 'down':
    case 'isolated':
    case 'joining':
    case 'impaired':
      return 0;
  }
}

function partOf(entitlement: number, percent: number): number {
  return Math.floor((percent * entitlement) / 100);
}

/** Tells whether any limit of the member is a percentage of its entitlement. */
export function hasPart({ limits }: BackendMember): boolean {
  return limits.some(isPart);
}

function isPart(limit: Limit): boolean {
  return 'percent' in limit;
}

function isNone(): boolean {
  return false;
}
