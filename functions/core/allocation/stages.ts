/** The reasons that give way to traffic that has nowhere to go, in the order in which they do. */

import { isAble } from './bounds.ts';
import type { BackendMember, Limit, LimitReason } from './types.ts';

export interface Stage {
  name: string;
  /** Limits that no longer hold. */
  relaxes: readonly LimitReason[];
  /** Whether it takes those that went down within the correlation window of the newest for well: it is their observer that fails. */
  believesTogether?: boolean;
  /** What clusters may be given, as a part of their capacities. */
  room: number;
  /** The same of clusters that fell under more than their capacity. */
  roomOfFallen: number;
  /** Whether points are shared out by capacity, whatever the tier, so that all become equally hot. */
  isByCapacity?: boolean;
  /** Whether clusters above HOT give points to members that only wait, too. */
  isUrgent?: boolean;
}

/** A part of the capacity: what is above it is worse than to bring somebody back early. */
export const HOT = 1.1;

const WARM = { room: HOT, roomOfFallen: 1 };
const LIMITED = { room: 1, roomOfFallen: 1 };
const UNLIMITED = { room: Number.POSITIVE_INFINITY, roomOfFallen: 1, isUrgent: true };

/** Comfort first, the dead last. */
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

/** An isolation never gives way. */
const ORDER: readonly LimitReason[] = [...STAGES.flatMap(({ relaxes }) => relaxes), 'isolated'];

/** Limits in the order in which they are relaxed. */
export function sortLimits(limits: readonly Limit[]): Limit[] {
  return [...limits].sort((a, b) => ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason));
}

/** By how many stages have been applied: the reasons that have given way. The simulator breaks them one by one. */
export const RELAXED: readonly ReadonlySet<LimitReason>[] = Array.from(
  { length: STAGES.length + 1 },
  (_, count) => new Set(STAGES.slice(0, count).flatMap(({ relaxes }) => relaxes)),
);

/** How many stages there are that give way to a cluster above HOT, whatever its backends have been through. */
export const COMFORT_STAGES = STAGES.findIndex(({ isUrgent }) => isUrgent) + 1;

/** How many stages come before those that went down together are believed to be well. */
const STAGES_BEFORE_BELIEF = STAGES.findIndex(({ believesTogether }) => believesTogether);

type LimitTest = (limit: Limit) => boolean;

const NONE: ReadonlySet<LimitReason> = new Set();

/** Tells which limits of these members no longer hold when so many stages have been applied to their backend. */
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
