import type { AuditEvent } from '../../schemas/audit.ts';
import type { Kind, Ref, RefTo } from '../core/model/resource.ts';
import type { AuditFilter, Revision, Store } from '../deps.ts';
import { auditKey, auditsOf, revisionKey, revisionsOf, uidOf } from './keys.ts';
import { readMatching, readPage, walk } from './pages.ts';
import { auditOf } from './records/audit.ts';
import { revisionOf } from './records/resources.ts';
import type { Table } from './table.ts';

type History = Pick<Store, 'revisions' | 'revision' | 'revisionAt' | 'audits' | 'audit'>;

/** Stores the history of declarations and the audit events. Nothing of it is ever changed or deleted. */
export function historyStore(table: Table): History {
  return {
    revisions: (ref, page) =>
      readPage(table, revisionsOf(ref), 'descending', page, (item) => revisionOf(ref.kind, item)),
    revision: async (ref, revision, uid) => {
      const owner = uid ?? (await latestUid(table, ref));
      const item = owner && (await table.get(revisionKey({ ...ref, uid: owner }, revision)));
      return item ? revisionOf(ref.kind, item) : undefined;
    },
    revisionAt: (ref, at) => revisionAt(table, ref, at),
    audits: (fleet, page, filter = {}) => {
      const range = auditsOf(fleet, msOf(filter.since), msOf(filter.until));
      return readMatching(table, range, 'descending', page, auditOf, {
        key: { ...filter },
        matches: (event) => matches(event, filter),
      });
    },
    audit: async (fleet, id) => {
      const item = await table.get(auditKey(fleet, id));
      return item && auditOf(item);
    },
  };
}

/** The number of revisions per read. Revisions may be large, and few are newer than the one that is looked for. */
const BATCH = 10;

async function revisionAt<K extends Kind>(table: Table, ref: RefTo<K>, at: string): Promise<Revision<K> | undefined> {
  for await (const item of walk(table, revisionsOf(ref), 'descending', { batch: BATCH })) {
    const revision = revisionOf(ref.kind, item);
    if (Date.parse(revision.updatedAt) <= Date.parse(at)) return revision;
  }
  return undefined;
}

async function latestUid(table: Table, ref: Ref): Promise<string | undefined> {
  const [latest] = await table.query(revisionsOf(ref), { limit: 1, descending: true });
  return latest && uidOf(latest);
}

function matches(event: AuditEvent, { since, until, ...exact }: AuditFilter): boolean {
  const { actor, action, requestId, clientRequestId, target } = event;
  const actual = { actor, action, requestId, clientRequestId, kind: target.kind, name: target.name };
  const [atMs, sinceMs = atMs, untilMs = atMs] = [Date.parse(event.at), msOf(since), msOf(until)];
  return (
    atMs >= sinceMs &&
    atMs <= untilMs &&
    FIELDS.every((field) => exact[field] === undefined || exact[field] === actual[field])
  );
}

const FIELDS = ['actor', 'action', 'requestId', 'clientRequestId', 'kind', 'name'] as const;

function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
