import type { AuditMark, AuditSeal, BrokenSeal } from '../../../schemas/audit-seal.ts';
import { flawOf, linked } from '../model/chain.ts';
import { compareText } from '../model/text.ts';
import { lastIdAt, timeOf } from './ids.ts';

/** The state of the chain of seals of an audit log. */
export interface SealHead {
  /** The last id of the time that is closed: events that count requests do not change any more up to it. */
  closed: string;
  /** The last id of the time that the newest seal covers. It is before `closed` while a seal is being made. */
  through: string;
  /** The number of the newest seal; 0 when there is none. */
  version: number;
  /** The hash of the newest seal; empty when there is none. */
  hash: string;
}

/** The head of a chain without seals. */
export const NO_SEALS: SealHead = { closed: '', through: '', version: 0, hash: '' };

/** The most events that one seal names, which keeps it small enough for an item. */
const MAX_EVENTS = 1000;

/**
 * The time before the end of the newest seal that is looked through again for events that arrived late. An event that
 * arrives even later is reported as inserted.
 */
const LATE_MS = 15 * 60_000;

/** Returns the id behind which events are looked through for those that arrived late. */
export function lateAfter({ through }: Pick<SealHead, 'through'>): string {
  return through === '' ? '' : lastIdAt(Math.max(0, timeOf(through) - LATE_MS));
}

/**
 * Returns the seals that the events require, oldest first. `marks` are all events after `lateAfter`, and `known` the ids
 * of those that are sealed already.
 */
export function sealsOf(
  head: SealHead,
  marks: readonly AuditMark[],
  known: ReadonlySet<string>,
  { through, at }: { through: string; at: string },
): AuditSeal[] {
  const fresh = marks.filter(({ id }) => id > head.through && id <= through);
  const late = marks.filter(({ id }) => id <= head.through && !known.has(id)).slice(0, MAX_EVENTS);
  if (fresh.length === 0 && late.length === 0) return [];
  const seals: AuditSeal[] = [];
  let { hash: previousHash, through: after, version } = head;
  for (let start = 0; start === 0 || start < fresh.length; start += MAX_EVENTS) {
    const events = fresh.slice(start, start + MAX_EVENTS);
    const isLast = start + MAX_EVENTS >= fresh.length;
    const end = isLast ? through : (events.at(-1)?.id ?? through);
    version += 1;
    const seal = linked({ version, at, after, through: end, events, late: start === 0 ? late : [] }, previousHash);
    seals.push(seal);
    previousHash = seal.hash;
    after = end;
  }
  return seals;
}

/** Tells whether a later seal may name events that arrived late in the time of a seal. */
export function mayNameLate(later: Pick<AuditSeal, 'after'>, { through }: Pick<AuditSeal, 'through'>): boolean {
  return lateAfter({ through: later.after }) < through;
}

/**
 * Returns the first thing that is wrong with a seal: its link, or an event of its time. `marks` are the events that are
 * there now, and `later` are the seals that may name events of its time that arrived late.
 */
export function flawOfSeal(
  seal: AuditSeal,
  before: AuditSeal | undefined,
  marks: readonly AuditMark[],
  later: readonly AuditSeal[],
): BrokenSeal | undefined {
  const { version } = seal;
  const flaw = flawOf(seal, before);
  if (flaw !== undefined) return { seal: version, reason: flaw };
  const isOwn = ({ id }: AuditMark) => id > seal.after && id <= seal.through;
  const named = [...seal.events, ...later.flatMap(({ late }) => late).filter(isOwn)];
  const expected = new Map(named.map(({ id, digest }) => [id, digest]));
  const found = new Map(marks.map(({ id, digest }) => [id, digest]));
  for (const event of [...new Set([...expected.keys(), ...found.keys()])].sort(compareText)) {
    if (!found.has(event)) return { seal: version, event, reason: 'deleted' };
    if (!expected.has(event)) return { seal: version, event, reason: 'inserted' };
    if (found.get(event) !== expected.get(event)) return { seal: version, event, reason: 'altered' };
  }
  return undefined;
}
