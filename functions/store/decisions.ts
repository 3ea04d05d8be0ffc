import type { Recording, Store } from '../deps.ts';
import { readTraffic, writeBackends } from './allocations.ts';
import { documentWrites } from './documents.ts';
import { ABSENT, type Item, put } from './items.ts';
import { auditWrite, operationWrite, outboxWrites } from './journal.ts';
import { decisionKey, decisionsOf, inputsKey, inputsOf } from './keys.ts';
import { fence } from './leases.ts';
import { readPage } from './pages.ts';
import { split } from './pieces.ts';
import { itemOf, recordOf } from './record-type.ts';
import { decisionRecord } from './records/traffic.ts';
import { chunks, type Table } from './table.ts';

type Decisions = Pick<Store, 'traffic' | 'decide' | 'complete' | 'inputs' | 'decision' | 'decisions' | 'appendAudit'>;

/** Stores decisions and their inputs, which are never deleted. */
export function decisionStore(table: Table): Decisions {
  return {
    traffic: async (fleet) => await readTraffic(table, fleet),
    decide: async (recording) => {
      const { fleet, decision, audit, operation, lease } = recording;
      const { documents, rows } = atOnce(recording);
      const { item, version } = await writeBackends(table, recording);
      const inputs = inputsItems(fleet, decision.id, recording.inputs);
      const outcome = await table.transact([
        ...(lease ? [fence(lease)] : []),
        version === 1 ? put(item, ABSENT) : put(item, '#version = :before', { before: version - 1 }),
        put(itemOf(decisionRecord, decisionKey(fleet, decision.id), decision), ABSENT),
        ...(inputs.length <= MAX_PARTS ? inputs.map((part) => put(part, ABSENT)) : []),
        auditWrite(fleet, audit),
        ...rows.flatMap(outboxWrites),
        ...(operation ? [operationWrite(operation)] : []),
        ...documents.flatMap(documentWrites),
      ]);
      return outcome.ok;
    },
    complete: async (recording) => {
      const { fleet, decision, inputs, outbox, documents } = recording;
      const done = atOnce(recording);
      for (const document of documents.slice(done.documents.length)) await table.transact(documentWrites(document));
      for (const rows of chunks(outbox.slice(done.rows.length), MAX_ROWS)) {
        await table.transact(rows.flatMap(outboxWrites));
      }
      const items = inputsItems(fleet, decision.id, inputs);
      if (items.length > MAX_PARTS) await table.writeAll(items, []);
    },
    inputs: async (fleet, decision) => {
      const parts = await table.query(inputsOf(fleet, decision));
      return parts.length === 0 ? undefined : parts.map((item) => String(item['body'])).join('');
    },
    decision: async (fleet, id) => {
      const item = await table.get(decisionKey(fleet, id));
      return item && recordOf(item, decisionRecord);
    },
    decisions: (fleet, page, selection) => {
      const range = decisionsOf(fleet, selection?.span);
      const list = { range, order: 'descending', parse: (item: Item) => recordOf(item, decisionRecord) } as const;
      return readPage(table, list, page, selection);
    },
    appendAudit: async (fleet, audit) => {
      await table.transact([auditWrite(fleet, audit)]);
    },
  };
}

/**
 * The number of items that are free in the transaction of a decision. A transaction holds 100 items, and a decision
 * itself takes up to 8.
 */
const ROOM = 92;

/**
 * The part of `ROOM` for documents, such as shifts that begin or end and deliveries. The rest is left to rows of
 * gateways.
 */
const ROOM_FOR_DOCUMENTS = 50;

/** The most rows of gateways in one transaction. Each row takes two items. */
const MAX_ROWS = 30;

/** Returns what is written in the transaction of a decision. The rest follows in further transactions. */
function atOnce({ documents, outbox }: Recording): Pick<Recording, 'documents'> & { rows: Recording['outbox'] } {
  let items = 0;
  const first = documents.filter((document) => {
    items += documentWrites(document).length;
    return items <= ROOM_FOR_DOCUMENTS;
  });
  const taken = Math.min(items, ROOM_FOR_DOCUMENTS);
  return { documents: first, rows: outbox.slice(0, Math.min(MAX_ROWS, Math.floor((ROOM - taken) / 2))) };
}

/**
 * The most parts of the inputs that are written in the transaction of a decision. If there are more, all parts follow
 * the transaction. The decision contains the digest of its inputs.
 */
const MAX_PARTS = 3;

function inputsItems(fleet: string, decision: string, inputs: string): Item[] {
  return split(inputs).map((body, part) => ({ ...inputsKey(fleet, decision, part), body }));
}
