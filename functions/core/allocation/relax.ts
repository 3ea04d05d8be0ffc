/** What is left over relaxes what is in its way, one reason after the other. */

import type { Taker } from './apportion.ts';
import { boundsOf, POINTS } from './bounds.ts';
import { give, place } from './capacity.ts';
import type { BackendMember, LimitReason } from './types.ts';
import { mostFor, type RoomLimit, type Work, type WorkedBackend } from './work.ts';

export interface Stage {
  name: string;
  /** Limits that no longer hold. */
  relaxes: readonly LimitReason[];
  /** Down clusters of which this stage believes that they do not fail; absent: as `relaxes` says. */
  believes?: 'down together';
  /** What a cluster may be given, as a part of its capacity; one that has fallen is never given more than its capacity before the last stage. */
  room: number;
  /** Whether points are shared out by capacity, whatever the tier, so that all become equally hot. */
  isByCapacity?: boolean;
}

/** In the order in which they are tried: comfort first, the dead last. */
export const STAGES: readonly Stage[] = [
  { name: 'headroom', relaxes: [], room: 1 },
  { name: 'caution', relaxes: ['turn', 'ramp', 'drill'], room: 1 },
  { name: 'impaired', relaxes: ['impaired'], room: 1 },
  { name: 'warm', relaxes: [], room: 1.1 },
  { name: 'dwell', relaxes: ['dwell'], room: 1.1 },
  { name: 'hot', relaxes: [], room: Number.POSITIVE_INFINITY, isByCapacity: true },
  { name: 'drained', relaxes: ['drained'], room: Number.POSITIVE_INFINITY },
  { name: 'consent', relaxes: ['consent'], room: Number.POSITIVE_INFINITY },
  { name: 'joining', relaxes: ['joining'], room: Number.POSITIVE_INFINITY },
  { name: 'down together', relaxes: [], believes: 'down together', room: Number.POSITIVE_INFINITY },
  { name: 'down', relaxes: ['down'], room: Number.POSITIVE_INFINITY },
  { name: 'fallen', relaxes: [], room: Number.POSITIVE_INFINITY },
];

const LAST = STAGES.length - 1;

/** One stage, for every backend that has points left over. */
export function relax(work: Work, stage: Stage): void {
  const isLast = stage === STAGES[LAST];
  const limit: RoomLimit = ({ requestsPerSecond, hasFallen }) =>
    requestsPerSecond * (hasFallen && !isLast ? Math.min(1, stage.room) : stage.room);
  for (const item of work.moved) {
    if (item.left === 0) continue;
    loosen(work, item, stage);
    item.left =
      stage.isByCapacity === true
        ? give(work, item, item.left, takersByCapacity(work, item, limit))
        : place(work, item, item.left, item.tiers, limit);
  }
}

/** Whether any backend has points left over. */
export function isShort({ moved }: Work): boolean {
  return moved.some(({ left }) => left > 0);
}

function loosen({ input }: Work, item: WorkedBackend, { relaxes, believes }: Stage): void {
  if (believes === undefined && relaxes.length === 0) return;
  item.relaxed = new Set([...item.relaxed, ...relaxes]);
  const believed = believes ? together(item.backend.members, input.correlationWindowMs) : item.backend.members;
  item.bounds = boundsOf({ ...item.backend, members: believed }, item.relaxed);
}

/** Members without the limit of those that went down within the window of the newest: an observer that fails takes them down together. */
function together(members: readonly BackendMember[], windowMs: number): BackendMember[] {
  const downSinceMs = ({ limits }: BackendMember) => {
    const down = limits.find((limit) => limit.reason === 'down');
    return down?.reason === 'down' ? down.sinceMs : Number.NEGATIVE_INFINITY;
  };
  const newestMs = Math.max(...members.map(downSinceMs));
  return members.map((member) => {
    const isTogether = newestMs - downSinceMs(member) <= windowMs;
    return isTogether ? { ...member, limits: member.limits.filter(({ reason }) => reason !== 'down') } : member;
  });
}

function takersByCapacity(work: Work, item: WorkedBackend, limit: RoomLimit): Taker[] {
  if (item.pointLoad === 0) return [];
  const most = item.backend.members.map((_, index) => mostFor(work, item, index, limit));
  const able = item.backend.members.flatMap(({ cluster }, index) => ((most[index] ?? 0) > 0 ? [{ cluster, index }] : []));
  const known = able.flatMap(({ cluster }) => work.capacities.get(cluster)?.requestsPerSecond ?? []);
  const largest = Math.max(1, ...known);
  return able.map(({ cluster, index }) => {
    const weight = work.capacities.get(cluster)?.requestsPerSecond ?? largest;
    return { index, weight, most: Math.min(POINTS, most[index] ?? 0) };
  });
}
