import type { AuditSeal, AuditSealCheck, BrokenSeal } from '../../../schemas/audit-seal.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import { timeOf } from '../../core/audit/ids.ts';
import { flawOfSeal, mayNameLate } from '../../core/audit/seal.ts';
import type { PageRequest, Store } from '../../deps.ts';
import { type Context, timestamp } from '../context.ts';
import { theFleet } from '../refusals.ts';
import { requireHistory } from './history.ts';

/** The most seals on a page. Each may name a thousand events, which are all read. */
const MAX_PAGE = 10;

/** Compares the audit log of a fleet, also of a deleted one, with a page of its seals. Throws `not-found`. */
export async function checkFleetSeals(ctx: Context, fleet: string, page: PageRequest): Promise<AuditSealCheck> {
  await requireHistory(ctx, theFleet(fleet));
  return { fleet, ...(await checkSeals(ctx.deps.store, fleet, page)) };
}

/** Compares the audit log of the installation with a page of its seals. */
export async function checkInstallationSeals({ deps }: Context, page: PageRequest): Promise<AuditSealCheck> {
  return await checkSeals(deps.store, INSTALLATION, page);
}

async function checkSeals(store: Store, log: string, request: PageRequest): Promise<AuditSealCheck> {
  // The head is read first, so that a seal that is made meanwhile is no fault.
  const head = request.token === undefined ? await store.sealHead(log) : undefined;
  const { items, nextToken } = await store.seals(log, { ...request, limit: Math.min(request.limit, MAX_PAGE) });
  const before = nextToken === undefined ? [] : (await store.seals(log, { limit: 1, token: nextToken })).items;
  const { broken, events } = await compare(store, log, items.toReversed(), before[0]);
  const [newest] = items;
  const isMissing = head !== undefined && head.version > 0 && !items.some(({ hash }) => hash === head.hash);
  const missing: BrokenSeal | undefined = isMissing ? { seal: head.version, reason: 'missing' } : undefined;
  const fault = broken ?? missing;
  return {
    isIntact: fault === undefined,
    ...(newest && { sealedThrough: timeShown(newest) }),
    events,
    seals: items.map(shown),
    ...(fault && { broken: fault }),
    ...(nextToken !== undefined && { nextPageToken: nextToken }),
  };
}

/** Compares seals, oldest first, with the events of their times. Stops at the first fault. */
async function compare(store: Store, log: string, seals: readonly AuditSeal[], previous: AuditSeal | undefined) {
  const newer = await newerSeals(store, log, seals.at(-1));
  let before = previous;
  let events = 0;
  for (const [index, seal] of seals.entries()) {
    const marks = await store.auditMarks(log, seal.after, seal.through);
    events += marks.length;
    const later = [...seals.slice(index + 1), ...newer];
    const broken = flawOfSeal(seal, before, marks, later);
    if (broken !== undefined) return { broken, events };
    before = seal;
  }
  return { broken: undefined, events };
}

/** Returns the seals behind the newest one of a page that may name events of its time that arrived late. */
async function newerSeals(store: Store, log: string, newest: AuditSeal | undefined): Promise<AuditSeal[]> {
  const newer: AuditSeal[] = [];
  let last = newest;
  while (newest !== undefined && last !== undefined && mayNameLate({ after: last.through }, newest)) {
    const [next] = await store.sealsAfter(log, last.version, 1);
    if (next !== undefined) newer.push(next);
    last = next;
  }
  return newer;
}

function shown(seal: AuditSeal): AuditSealCheck['seals'][number] {
  const { version, at, events, late, previousHash, hash } = seal;
  const ids = late.map(({ id }) => id);
  return { version, at, through: timeShown(seal), events: events.length, late: ids, previousHash, hash };
}

function timeShown({ through }: AuditSeal): string {
  return timestamp(timeOf(through));
}
