import { NO_TRAFFIC } from '../core/traffic.ts';
import { type Recording, type Store, StoreLimitError } from '../deps.ts';
import { documentOperations } from './documents.ts';
import { ABSENT, type Operation, put } from './items.ts';
import { auditOperation, operationOperation, outboxOperations } from './journal.ts';
import { decisionKey, decisionsOf, inputsKey, inputsOf, trafficKey } from './keys.ts';
import { fence } from './leases.ts';
import { readPage } from './pages.ts';
import { itemOf, recordOf } from './record-type.ts';
import { decisionRecord, trafficRecord } from './records/traffic.ts';
import type { Table } from './table.ts';

type Decisions = Pick<Store, 'traffic' | 'decide' | 'inputs' | 'decision' | 'decisions' | 'appendAudit'>;

/** Characters of what was decided upon in one item; an item holds 400 KB, and a character takes three bytes at most. */
const PART_CHARACTERS = 120_000;

/** With all of them a transaction stays below its 4 MB. */
const MAX_PARTS = 10;

/** Decisions, and what they were taken upon, stay. */
export function decisionStore(table: Table): Decisions {
  return {
    traffic: async (fleet) => {
      const item = await table.get(trafficKey(fleet));
      return item ? recordOf(item, trafficRecord) : NO_TRAFFIC;
    },
    decide: async (recording) => {
      const { fleet, decision, audit, outbox, operation, documents, lease } = recording;
      const outcome = await table.transact([
        ...(lease ? [fence(lease)] : []),
        trafficOperation(recording),
        put(itemOf(decisionRecord, decisionKey(fleet, decision.id), decision), ABSENT),
        ...inputsOperations(recording),
        auditOperation(fleet, audit),
        ...outbox.flatMap(outboxOperations),
        ...(operation ? [operationOperation(operation)] : []),
        ...documents.flatMap(documentOperations),
      ]);
      return outcome.ok;
    },
    inputs: async (fleet, decision) => {
      const parts = await table.query(inputsOf(fleet, decision));
      return parts.length === 0 ? undefined : parts.map((item) => String(item['body'])).join('');
    },
    decision: async (fleet, id) => {
      const item = await table.get(decisionKey(fleet, id));
      return item && recordOf(item, decisionRecord);
    },
    decisions: (fleet, page) =>
      readPage(table, decisionsOf(fleet), 'descending', page, (item) => recordOf(item, decisionRecord)),
    appendAudit: async (fleet, audit) => {
      await table.transact([auditOperation(fleet, audit)]);
    },
  };
}

function trafficOperation({ fleet, traffic }: Recording): Operation {
  const { version } = traffic;
  const item = itemOf(trafficRecord, trafficKey(fleet), traffic, { version });
  return version === 1 ? put(item, ABSENT) : put(item, '#version = :before', { before: version - 1 });
}

function inputsOperations({ fleet, decision, inputs }: Recording): Operation[] {
  const count = Math.ceil(inputs.length / PART_CHARACTERS);
  if (count > MAX_PARTS) {
    throw new StoreLimitError(`A decision can be recorded upon ${MAX_PARTS * PART_CHARACTERS} characters at most.`);
  }
  return Array.from({ length: count }, (_, part) => {
    const body = inputs.slice(part * PART_CHARACTERS, (part + 1) * PART_CHARACTERS);
    return put({ ...inputsKey(fleet, decision.id, part), body }, ABSENT);
  });
}
