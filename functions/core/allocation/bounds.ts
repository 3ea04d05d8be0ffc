/** What each member of a backend may have at most, and what it is entitled to. */

import { apportion, pour, type Taker } from './apportion.ts';
import type { Backend, BackendMember, Limit } from './types.ts';

/** The most that each member may have; Infinity where nothing limits it. */
export type Bounds = readonly number[];

/** A member that may be given points at all. */
export function isAble({ weight, limits }: BackendMember): boolean {
  return weight > 0 && limits.every(({ reason }) => reason !== 'isolated');
}

/** The tiers of the members, ascending. */
export function tiersOf(members: readonly { tier: number }[]): number[] {
  const tiers: number[] = [];
  for (const { tier } of members) if (!tiers.includes(tier)) tiers.push(tier);
  return tiers.sort((a, b) => a - b);
}

interface FilledMember {
  weight: number;
  tier: number;
}

/** Points within the bounds, tier by tier; what fits nowhere is left over. */
export function fill(members: readonly FilledMember[], bounds: Bounds): { points: number[]; left: number } {
  const points = members.map(() => 0);
  let left = 100;
  for (const tier of tiersOf(members)) {
    if (left === 0) break;
    const takers: Taker[] = [];
    for (const [index, { weight, tier: own }] of members.entries()) {
      if (own === tier && weight > 0) takers.push({ index, weight, most: bounds[index] ?? 0 });
    }
    left = pour(left, takers, points);
  }
  return { points, left };
}

/** What declarations alone give: all points to the first tier with weights; zeros where no member has one. */
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
 * What members are entitled to besides what limits them: their points if nothing held them back, and all others were as they are. What a part of an
 * entitlement leaves to the others counts as a part of what they would be entitled to if no parts were taken. 0 of those that are not `asked` for.
 */
export function entitlementsOf({ members }: Pick<Backend, 'members'>, asked: MemberTest = isAble): number[] {
  const unparted = members.map((member) => boundOf(member, 0, isPart));
  if (!members.some(hasPart)) return entitledWithin(members, unparted, asked);
  const first = entitledWithin(members, unparted, hasPart);
  const parted = members.map((member, index) => boundOf(member, first[index] ?? 0, isNone));
  return entitledWithin(members, parted, asked);
}

/** Points of each member when it alone is not bound; only of those that are `asked` for. */
function entitledWithin(members: readonly BackendMember[], bounds: Bounds, asked: MemberTest): number[] {
  return members.map((member, index) => {
    if (!isAble(member) || !asked(member, index)) return 0;
    const free = bounds.map((bound, other) => (other === index ? Number.POSITIVE_INFINITY : bound));
    return fill(members, free).points[index] ?? 0;
  });
}

/** The most that each member may have, but for the limits that are relaxed. `entitlements` are asked for where a limit is a part of them. */
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

/** Whether a limit of the member is a part of its entitlement. */
export function hasPart({ limits }: BackendMember): boolean {
  return limits.some(isPart);
}

function isPart(limit: Limit): boolean {
  return 'percent' in limit;
}

function isNone(): boolean {
  return false;
}
