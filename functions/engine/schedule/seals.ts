import type { AuditMark } from '../../../schemas/audit-seal.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import { lastIdAt } from '../../core/audit/ids.ts';
import { lateAfter, mayNameLate, NO_SEALS, type SealHead, sealsOf } from '../../core/audit/seal.ts';
import { isoOf } from '../../core/model/time.ts';
import { type Deps, pagesOf, type Store } from '../../deps.ts';

/** Audit logs are sealed in every tenth minute. */
const EVERY_MS = 600_000;
const MINUTE_MS = 60_000;

/** The time that writers have for an event before its time is sealed. It covers retries, and clocks that differ. */
const GRACE_MS = 180_000;

/** The number of seals that are read at a time, in search of those that may name an event. */
const BATCH = 10;

/** Tells whether the firing of the schedule that begins now seals the audit logs. */
export function isSealingTime(nowMs: number): boolean {
  return nowMs % EVERY_MS < MINUTE_MS;
}

/** Seals the audit logs of all fleets, of deleted ones too, and that of the installation. A failure does not affect other logs. */
export async function sealAuditLogs(deps: Deps): Promise<void> {
  const { store, log: logger } = deps;
  const [heads, fleets] = await Promise.all([store.sealHeads(), store.fleets()]);
  for (const error of [...heads.unreadable, ...fleets.unreadable]) logger.error('audit.seal-failed', {}, error);
  const known = new Map(heads.items.map(({ log, head }) => [log, head]));
  const logs = new Set([INSTALLATION, ...fleets.items.map(({ name }) => name), ...known.keys()]);
  for (const log of logs) {
    try {
      await sealLog(deps, log, known.get(log) ?? NO_SEALS);
    } catch (error) {
      logger.error('audit.seal-failed', { fleet: log }, error);
    }
  }
}

/**
 * Seals what is new in one log. The time is closed before its events are read for the last time, so that no count changes
 * after that. A time that was closed by a process that ended before it had sealed it is sealed first.
 */
async function sealLog(deps: Deps, log: string, head: SealHead): Promise<void> {
  const { store, clock } = deps;
  const isUnfinished = head.closed > head.through;
  const through = isUnfinished ? head.closed : lastIdAt(clock.now() - GRACE_MS);
  if (through <= head.through) return;
  const due = async () => {
    const marks = await store.auditMarks(log, lateAfter(head), through);
    return sealsOf(head, marks, await sealedIds(store, log, head, marks), { through, at: isoOf(clock.now()) });
  };
  if (!isUnfinished) {
    if ((await due()).length === 0) return;
    await store.closeAudit(log, through);
  }
  for (const seal of await due()) {
    if (!(await store.putSeal(log, seal))) return;
    const { version, hash, events, late } = seal;
    deps.log.info('audit.sealed', { fleet: log, version, hash, events: events.length, late: late.length });
  }
}

/** Returns the ids of the events up to the newest seal that seals name already. */
async function sealedIds(
  store: Store,
  log: string,
  head: SealHead,
  marks: readonly AuditMark[],
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  if (!marks.some(({ id }) => id <= head.through)) return ids;
  for await (const seals of pagesOf(BATCH, (request) => store.seals(log, request))) {
    for (const { events, late } of seals) for (const { id } of [...events, ...late]) ids.add(id);
    const oldest = seals.at(-1);
    if (oldest === undefined || !mayNameLate({ after: head.through }, { through: oldest.after })) break;
  }
  return ids;
}
