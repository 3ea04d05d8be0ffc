// @ts-nocheck: it indexes arrays without looking whether there is something, which its own tests were content with.
/** Step 2: what each limit leaves to a member, and which limits are relaxed after how many stages. */

import type { Backend, BackendMember, Limit, LimitReason } from '../../functions/core/allocation/types.ts';
import { fill, UNBOUNDED } from './fill.ts';

/** A limit with the points that it leaves to the member. */
export interface Bound {
  reason: LimitReason;
  points: number;
  /** The first stage that relaxes it; undefined when none does. */
  stage: number | undefined;
}

/** The reasons in the order in which they are relaxed. */
export const REASONS: readonly LimitReason[] = [
  'turn',
  'ramp',
  'drill',
  'impaired',
  'dwell',
  'drained',
  'consent',
  'joining',
  'down',
  'isolated',
];

const STAGES: Record<Exclude<LimitReason, 'down' | 'isolated'>, number> = {
  turn: 2,
  ramp: 2,
  drill: 2,
  impaired: 3,
  dwell: 5,
  drained: 7,
  consent: 8,
  joining: 9,
};

export function isDown(member: BackendMember): boolean {
  return member.limits.some((limit) => limit.reason === 'down');
}

export function isAble(member: BackendMember): boolean {
  return member.weight > 0 && !member.limits.some((limit) => limit.reason === 'isolated');
}

/** The members as Fill takes them. */
export function fillables(backend: Backend): { tier: number; weight: number; isAble: boolean }[] {
  return backend.members.map((member) => ({ tier: member.tier, weight: member.weight, isAble: isAble(member) }));
}

function least(points: readonly number[]): number {
  return Math.min(UNBOUNDED, ...points);
}

/** The points of a hard limit or of one at what the member had; undefined for a part. An isolated member is not able, so that nothing asks for its bound. */
function hardOrHad(member: BackendMember, limit: Limit): number | undefined {
  switch (limit.reason) {
    case 'down':
    case 'joining':
    case 'impaired':
    case 'isolated':
      return 0;
    case 'turn':
    case 'dwell':
    case 'consent':
      return member.had;
    default:
      return undefined;
  }
}

/** The points of a part of an entitlement; undefined for limits that are none. */
function part(member: BackendMember, limit: Limit, entitlement: number): number | undefined {
  switch (limit.reason) {
    case 'drained':
    case 'drill':
      return Math.floor((limit.percent * entitlement) / 100);
    case 'ramp':
      return Math.max(member.had, Math.floor((limit.percent * entitlement) / 100));
    default:
      return undefined;
  }
}

function leastHardOrHad(member: BackendMember): number {
  return least(member.limits.map((limit) => hardOrHad(member, limit)).filter((points) => points !== undefined));
}

function leastPart(member: BackendMember, entitlement: number): number {
  return least(member.limits.map((limit) => part(member, limit, entitlement)).filter((points) => points !== undefined));
}

/** Returns what the member gets when it is unbounded and the others are at the given bounds. */
function entitlementOf(backend: Backend, index: number, boundsOfOthers: readonly number[]): number {
  const bounds = boundsOfOthers.map((bound, other) => (other === index ? UNBOUNDED : bound));
  return fill(fillables(backend), bounds).got[index];
}

function firstEntitlements(backend: Backend): number[] {
  const bounds = backend.members.map(leastHardOrHad);
  return backend.members.map((_, index) => entitlementOf(backend, index, bounds));
}

function secondEntitlements(backend: Backend): number[] {
  const first = firstEntitlements(backend);
  const bounds = backend.members.map((member, index) =>
    Math.min(leastHardOrHad(member), leastPart(member, first[index])),
  );
  return backend.members.map((_, index) => entitlementOf(backend, index, bounds));
}

/** Stage 10 relaxes those that went down within the window of the newest of the backend's able members that are down, stage 11 all others. */
function stageOf(backend: Backend, limit: Limit, correlationWindowMs: number): number | undefined {
  if (limit.reason === 'isolated') return undefined;
  if (limit.reason !== 'down') return STAGES[limit.reason];
  let newest = limit.sinceMs;
  for (const member of backend.members.filter(isAble)) {
    for (const other of member.limits) {
      if (other.reason === 'down' && other.sinceMs > newest) newest = other.sinceMs;
    }
  }
  return newest - limit.sinceMs <= correlationWindowMs ? 10 : 11;
}

/** Step 2: the bounds of each member. */
export function boundsOf(backend: Backend, correlationWindowMs: number): Bound[][] {
  const second = secondEntitlements(backend);
  return backend.members.map((member, index) =>
    member.limits.map((limit) => ({
      reason: limit.reason,
      points: hardOrHad(member, limit) ?? (part(member, limit, second[index]) as number),
      stage: stageOf(backend, limit, correlationWindowMs),
    })),
  );
}

/** The bounds that a backend to which so many stages have been applied still counts. */
export function unrelaxed(bounds: readonly Bound[], stage: number): Bound[] {
  return bounds.filter((bound) => bound.stage === undefined || bound.stage > stage);
}

/** The bound of a member after so many stages. */
export function leastBound(bounds: readonly Bound[], stage: number): number {
  return least(unrelaxed(bounds, stage).map((bound) => bound.points));
}
