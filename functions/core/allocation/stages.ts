/** The stages in which limits give way to traffic that has nowhere to go, in their order. */

import { isAble } from './bounds.ts';
import type { BackendMember, Limit, LimitReason } from './types.ts';

export interface Stage {
  name: string;
  /** Reasons whose limits no longer hold. */
  relaxes: readonly LimitReason[];
  /**
   * True when members that went down no more than the correlation window before the most recent one are taken to be up:
   * the observer that they share is more likely to have failed.
   */
  believesTogether?: boolean;
  /** The load that clusters may be given, as a multiple of their capacity. */
  room: number;
  /** The multiple that binds clusters which went down while their load was above their capacity. */
  roomOfFallen: number;
  /** True when points are shared out by capacity, whatever the tier, so that all clusters become equally hot. */
  isByCapacity?: boolean;
  /** True when clusters above `HOT` give points even to members that are only held back for comfort. */
  isUrgent?: boolean;
}

/** A multiple of the capacity. A load above it is worse than bringing a waiting member back early. */
export const HOT = 1.1;

const WARM = { room: HOT, roomOfFallen: 1 };
const LIMITED = { room: 1, roomOfFallen: 1 };
const UNLIMITED = { room: Number.POSITIVE_INFINITY, roomOfFallen: 1, isUrgent: true };

/** All stages: limits for comfort are relaxed first, limits of members that may not answer last. */
export const STAGES: readonly Stage[] = [
  { name: 'headroom', relaxes: [], ...LIMITED },
  { name: 'caution', relaxes: ['turn', 'ramp', 'drill'], ...LIMITED },
  { name: 'impaired', relaxes: ['impaired'], ...LIMITED },
  { name: 'warm', relaxes: [], ...WARM },
  { name: 'dwell', relaxes: ['dwell'], ...WARM, isUrgent: true },
  { name: 'hot', relaxes: [], ...UNLIMITED, isByCapacity: true },
  { name: 'drained', relaxes: ['drained'], ...UNLIMITED },
  { name: 'consent', relaxes: ['consent', 'mode'], ...UNLIMITED },
  { name: 'joining', relaxes: ['joining'], ...UNLIMITED },
  { name: 'down together', relaxes: [], ...UNLIMITED, believesTogether: true },
  { name: 'down', relaxes: ['down', 'grace', 'gate'], ...UNLIMITED },
  { name: 'fallen', relaxes: [], ...UNLIMITED, roomOfFallen: Number.POSITIVE_INFINITY },
];

/** All reasons in the order in which they are relaxed. An isolation comes last, because it never gives way. */
const ORDER: readonly LimitReason[] = [...STAGES.flatMap(({ relaxes }) => relaxes), 'isolated'];

/** Returns the limits in the order in which they are relaxed. */
export function sortLimits(limits: readonly Limit[]): Limit[] {
  return [...limits].sort((a, b) => ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason));
}

/**
 * The reasons that have given way, indexed by the number of stages applied. The simulator changes these sets one by one
 * to check that it finds the fault.
 */
export const RELAXED: readonly ReadonlySet<LimitReason>[] = Array.from(
  { length: STAGES.length + 1 },
  (_, count) => new Set(STAGES.slice(0, count).flatMap(({ relaxes }) => relaxes)),
);

/** The number of stages that count as applied to every backend when a cluster is above `HOT`. */
export const COMFORT_STAGES = STAGES.findIndex(({ isUrgent }) => isUrgent) + 1;

/** The number of stages before the one that takes members which went down together to be up. */
const STAGES_BEFORE_BELIEF = STAGES.findIndex(({ believesTogether }) => believesTogether);

type LimitTest = (limit: Limit) => boolean;

const NONE: ReadonlySet<LimitReason> = new Set();

/**
 * Returns a test for limits that no longer hold once `count` stages have been applied to the backend of these members.
 */
export function relaxedBy(count: number, members: readonly BackendMember[], correlationWindowMs: number): LimitTest {
  const reasons = RELAXED[count] ?? NONE;
  const isRelaxed: LimitTest = ({ reason }) => reasons.has(reason);
  if (count <= STAGES_BEFORE_BELIEF) return isRelaxed;
  const newestMs = Math.max(...members.filter(isAble).flatMap(({ limits }) => limits.map(downSinceMs)));
  return (limit) => isRelaxed(limit) || newestMs - downSinceMs(limit) <= correlationWindowMs;
}

function downSinceMs(limit: Limit): number {
  return limit.reason === 'down' ? limit.sinceMs : Number.NEGATIVE_INFINITY;
}
