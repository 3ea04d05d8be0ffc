/** What each member of a backend may have at most, and what it is entitled to. */

import { pour, type Taker } from './apportion.ts';
import type { Backend, BackendMember, Limit, LimitReason } from './types.ts';

/** The most that each member may have; Infinity where nothing limits it. */
export type Bounds = number[];

export const POINTS = 100;

/** A member that may be given points at all. */
export function isAble({ weight, limits }: BackendMember): boolean {
  return weight > 0 && limits.every(({ reason }) => reason !== 'isolated');
}

/** The tiers of the members, ascending. */
export function tiersOf(members: readonly { tier: number }[]): number[] {
  return [...new Set(members.map(({ tier }) => tier))].sort((a, b) => a - b);
}

interface FilledMember {
  weight: number;
  tier: number;
}

/** Points within the bounds, tier by tier; what fits nowhere is left over. */
export function fill(members: readonly FilledMember[], bounds: Bounds): { points: number[]; left: number } {
  const points = members.map(() => 0);
  let left = POINTS;
  for (const tier of tiersOf(members)) {
    if (left === 0) break;
    const takers = members.flatMap(({ weight, tier: own }, index): Taker[] => {
      return own === tier && weight > 0 ? [{ index, weight, most: bounds[index] ?? 0 }] : [];
    });
    left = pour(left, takers, points);
  }
  return { points, left };
}

/** What declarations alone give: zeros where no member has a weight. */
export function declaredPoints(members: readonly FilledMember[]): number[] {
  return fill(
    members,
    members.map(() => Number.POSITIVE_INFINITY),
  ).points;
}

/** What members are entitled to besides what limits them: their points if nothing held them back, and all others were as they are. */
export function entitlementsOf({ members }: Pick<Backend, 'members'>): number[] {
  const hard = members.map((member) => hardBound(member, NOTHING));
  const first = entitledWithin(members, hard);
  if (!members.some(({ limits }) => limits.some(isPart))) return first;
  const withParts = members.map((member, index) => Math.min(hard[index] ?? 0, partBound(member, first[index] ?? 0, NOTHING)));
  return entitledWithin(members, withParts);
}

function entitledWithin(members: readonly BackendMember[], bounds: Bounds): number[] {
  return members.map((member, index) => {
    if (!isAble(member)) return 0;
    const free = bounds.map((bound, other) => (other === index ? Number.POSITIVE_INFINITY : bound));
    return fill(members, free).points[index] ?? 0;
  });
}

const NOTHING: ReadonlySet<LimitReason> = new Set();

/** The most that each member may have, but for the reasons that are relaxed. */
export function boundsOf(backend: Backend, relaxed: ReadonlySet<LimitReason> = NOTHING): Bounds {
  const { members } = backend;
  const isFree = members.every(({ limits }) => limits.length === 0);
  if (isFree) return members.map((member) => (isAble(member) ? Number.POSITIVE_INFINITY : 0));
  const hasPart = members.some(({ limits }) => limits.some((limit) => isPart(limit) && !relaxed.has(limit.reason)));
  const entitled = hasPart ? entitlementsOf(backend) : [];
  return members.map((member, index) => {
    return Math.min(hardBound(member, relaxed), partBound(member, entitled[index] ?? 0, relaxed));
  });
}

function hardBound(member: BackendMember, relaxed: ReadonlySet<LimitReason>): number {
  if (!isAble(member)) return 0;
  let bound = Number.POSITIVE_INFINITY;
  for (const { reason } of member.limits) {
    if (relaxed.has(reason)) continue;
    if (NONE.has(reason)) return 0;
    if (HAD.has(reason)) bound = Math.min(bound, member.had);
  }
  return bound;
}

const NONE: ReadonlySet<LimitReason> = new Set<LimitReason>(['down', 'joining', 'impaired']);
const HAD: ReadonlySet<LimitReason> = new Set<LimitReason>(['turn', 'dwell', 'consent']);

type Part = Extract<Limit, { percent: number }>;

function isPart(limit: Limit): limit is Part {
  return limit.reason === 'drained' || limit.reason === 'ramp' || limit.reason === 'drill';
}

function partBound({ limits, had }: BackendMember, entitlement: number, relaxed: ReadonlySet<LimitReason>): number {
  let bound = Number.POSITIVE_INFINITY;
  for (const limit of limits) {
    if (!isPart(limit) || relaxed.has(limit.reason)) continue;
    const part = Math.floor((limit.percent * entitlement) / POINTS);
    bound = Math.min(bound, limit.reason === 'ramp' ? Math.max(part, had) : part);
  }
  return bound;
}
