import type { AuditEvent } from '../../schemas/audit.ts';
import type { AuditMark } from '../../schemas/audit-seal.ts';
import { digest } from '../core/model/digest.ts';
import type { Store } from '../deps.ts';
import { UnreadableRecord } from '../unreadable.ts';
import { ABSENT, check, type Item, type ItemWrite, put, update } from './items.ts';
import { allSealHeads, auditKey, auditsBetween, sealHeadKey, sealKey, sealsOf } from './keys.ts';
import { readPage } from './pages.ts';
import { attributesOf, bodyOf, itemOf, readableOf, recordOf, versionOf } from './record-type.ts';
import { auditOf, auditRecord, sealHeadRecord, sealRecord } from './records/audit.ts';
import type { Table } from './table.ts';

type Seals = Pick<
  Store,
  'sealHeads' | 'sealHead' | 'closeAudit' | 'auditMarks' | 'putSeal' | 'seals' | 'sealsAfter' | 'countRefusal'
>;

/** The attributes that a head has from its beginning on, besides the time that is closed. */
const BEGUN =
  '#through = if_not_exists(#through, :none), #version = if_not_exists(#version, :zero), ' +
  '#hash = if_not_exists(#hash, :none), #v = :v';

const beginning = () => ({ none: '', zero: 0, v: versionOf(sealHeadRecord) });

/** Returns the write that begins the chain of a log. It changes nothing when there is one. */
export function beginSeals(log: string): ItemWrite {
  return update(sealHeadKey(log), `SET #closed = if_not_exists(#closed, :none), ${BEGUN}`, undefined, beginning());
}

/** Stores the seals on audit logs. Each seal is written once, and the head of its chain moves with it. */
export function sealStore(table: Table): Seals {
  return {
    sealHeads: async () =>
      readableOf(await table.query(allSealHeads()), (item) => ({
        log: item.sk,
        head: attributesOf(item, sealHeadRecord),
      })),
    sealHead: async (log) => {
      const item = await table.get(sealHeadKey(log));
      return item && attributesOf(item, sealHeadRecord);
    },
    closeAudit: async (log, through) => {
      const values = { ...beginning(), closed: through };
      // Another process may have closed a later time already, which is as good.
      await table.transact([
        update(sealHeadKey(log), `SET #closed = :closed, ${BEGUN}`, `${ABSENT} OR #closed < :closed`, values),
      ]);
    },
    auditMarks: async (log, after, through) => {
      const items = await table.query(auditsBetween(log, after, through), { ...(after !== '' && { after }) });
      return items.map(markOf);
    },
    putSeal: async (log, seal) => {
      const { version, hash, through } = seal;
      const change = 'SET #version = :version, #hash = :hash, #through = :through';
      const moved = { version, hash, through, before: version - 1 };
      const outcome = await table.transact([
        put(itemOf(sealRecord, sealKey(log, version), seal), ABSENT),
        update(sealHeadKey(log), change, '#version = :before', moved),
      ]);
      return outcome.ok;
    },
    seals: (log, page) =>
      readPage(table, { range: sealsOf(log), order: 'descending', parse: (item) => recordOf(item, sealRecord) }, page),
    sealsAfter: async (log, version, limit) => {
      const items = await table.query(sealsOf(log), { limit, after: sealKey(log, version).sk });
      return items.map((item) => recordOf(item, sealRecord));
    },
    countRefusal: async (log, event) => (await table.transact(countOperations(log, event))).ok,
  };
}

/** Returns the writes that count refused requests, on the condition that the time of the event is not closed. */
function countOperations(log: string, event: AuditEvent): ItemWrite[] {
  const change = 'SET #body = if_not_exists(#body, :body), #v = :v ADD #count :count';
  const values = { ...bodyOf(auditRecord, event), count: event.refusal?.count ?? 0 };
  return [
    update(auditKey(log, event.id), change, undefined, values),
    check(sealHeadKey(log), `${ABSENT} OR #closed < :id`, { id: event.id }),
  ];
}

function markOf(item: Item): AuditMark {
  try {
    return { id: item.sk, digest: digest(auditOf(item)) };
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    return { id: item.sk, digest: '' };
  }
}
