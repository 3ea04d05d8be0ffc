import type { DocumentKind, Store, StoredDocument } from '../deps.ts';
import { ABSENT, type Item, type ItemWrite, put, remove } from './items.ts';
import { auditWrite } from './journal.ts';
import { documentKey, documentsOf, pendingKey, pendingOf } from './keys.ts';
import { type Order, readPage } from './pages.ts';
import { itemOf, readableOf, recordOf } from './record-type.ts';
import { documentRecord } from './records/documents.ts';
import type { Table } from './table.ts';

type Documents = Pick<Store, 'document' | 'documents' | 'putDocument' | 'putDocuments' | 'pendingDocuments'>;

/** The order of lists: names from a to z, and ULIDs from the newest. */
const ORDER: Record<DocumentKind, Order> = {
  shift: 'ascending',
  'break-glass': 'ascending',
  'drill-run': 'descending',
  delivery: 'descending',
  voter: 'ascending',
  told: 'ascending',
  readiness: 'ascending',
  'data-plane': 'ascending',
  rollout: 'descending',
  enrolment: 'ascending',
  token: 'ascending',
  grants: 'ascending',
  approval: 'ascending',
};

/**
 * Stores documents, which are kept beside the traffic state. A pending document has a copy in a list of its kind, over
 * all fleets.
 */
export function documentStore(table: Table): Documents {
  const putAll: Documents['putDocuments'] = async (documents, audit) => {
    const fleet = documents[0]?.fleet;
    const event = audit && fleet !== undefined ? [auditWrite(fleet, audit)] : [];
    return (await table.transact([...documents.flatMap(documentWrites), ...event])).ok;
  };
  return {
    document: async (fleet, kind, id) => {
      const item = await table.get(documentKey({ fleet, kind, id }));
      return item && recordOf(item, documentRecord(kind));
    },
    documents: (fleet, kind, page, selection) => {
      const type = documentRecord(kind);
      const list = { range: documentsOf(fleet, kind), order: ORDER[kind], parse: (item: Item) => recordOf(item, type) };
      return readPage(table, list, page, selection);
    },
    putDocument: (document, audit) => putAll([document], audit),
    putDocuments: putAll,
    pendingDocuments: async (kind, limit) =>
      readableOf(await table.query(pendingOf(kind), { limit }), (item) => recordOf(item, documentRecord(kind))),
  };
}

/** Returns the writes of a document, on the condition that its version is the next one. */
export function documentWrites<K extends DocumentKind>(document: StoredDocument<K>): ItemWrite[] {
  const { kind, version, ttl, isPending } = document;
  const type = documentRecord(kind);
  const attributes = { version, ...(ttl !== undefined && { ttl }) };
  const item = itemOf(type, documentKey(document), document, attributes);
  const written = version === 1 ? put(item, ABSENT) : put(item, '#version = :before', { before: version - 1 });
  if (!WORKED_ON.has(kind)) return [written];
  const copy = pendingKey(document);
  return [written, isPending ? put(itemOf(type, copy, document, attributes)) : remove(copy)];
}

/**
 * The kinds of documents that somebody has yet to work on. Documents of other kinds never have a copy, and take one
 * item of a transaction.
 */
const WORKED_ON: ReadonlySet<DocumentKind> = new Set(['delivery', 'rollout']);
