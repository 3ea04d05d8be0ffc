import type { Kind, Ref, RefTo } from '../core/model/resource.ts';
import type { Revision, Store } from '../deps.ts';
import { auditKey, auditsOf, revisionKey, revisionsOf, uidOf } from './keys.ts';
import { readPage, walkBack } from './pages.ts';
import { auditOf } from './records/audit.ts';
import { revisionOf } from './records/resources.ts';
import type { Table } from './table.ts';

type History = Pick<Store, 'revisions' | 'revision' | 'revisionAt' | 'audits' | 'audit'>;

/** Stores the history of declarations and the audit events. Nothing of it is ever changed or deleted. */
export function historyStore(table: Table): History {
  return {
    revisions: (ref, page) =>
      readPage(
        table,
        { range: revisionsOf(ref), order: 'descending', parse: (item) => revisionOf(ref.kind, item) },
        page,
      ),
    revision: async (ref, revision, uid) => {
      const owner = uid ?? (await latestUid(table, ref));
      const item = owner && (await table.get(revisionKey({ ...ref, uid: owner }, revision)));
      return item ? revisionOf(ref.kind, item) : undefined;
    },
    revisionAt: (ref, at) => revisionAt(table, ref, at),
    audits: (fleet, page, selection) =>
      readPage(
        table,
        { range: auditsOf(fleet, selection?.span), order: 'descending', parse: auditOf },
        page,
        selection,
      ),
    audit: async (fleet, id) => {
      const item = await table.get(auditKey(fleet, id));
      return item && auditOf(item);
    },
  };
}

/** The number of revisions per read. Revisions may be large, and few are newer than the one that is looked for. */
const BATCH = 10;

async function revisionAt<K extends Kind>(table: Table, ref: RefTo<K>, at: string): Promise<Revision<K> | undefined> {
  for await (const item of walkBack(table, revisionsOf(ref), BATCH)) {
    const revision = revisionOf(ref.kind, item);
    if (Date.parse(revision.updatedAt) <= Date.parse(at)) return revision;
  }
  return undefined;
}

async function latestUid(table: Table, ref: Ref): Promise<string | undefined> {
  const [latest] = await table.query(revisionsOf(ref), { limit: 1, descending: true });
  return latest && uidOf(latest);
}
