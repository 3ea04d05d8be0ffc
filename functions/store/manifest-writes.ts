import type { ManifestWrite, ManifestStep, Store } from '../deps.ts';
import { ABSENT, put, remove, update } from './items.ts';
import { auditWrite, expiry, operationWrite } from './journal.ts';
import { allHolds, holdKey, manifestWriteKey, manifestWritesOf, stepsKey } from './keys.ts';
import { bodyOf, itemOf, readableOf, recordOf } from './record-type.ts';
import { holdRecord, manifestWriteOf, manifestWriteRecord, stepsOf, stepsRecord } from './records/resources.ts';
import {
  commitWrites,
  derivedKeys,
  distinctReferences,
  forgetProgrammed,
  operationHoldWrites,
  unmovedFleet,
  unmovedTraffic,
} from './resources.ts';
import type { Table } from './table.ts';

type ManifestWrites = Pick<
  Store,
  | 'beginManifestWrite'
  | 'hold'
  | 'holds'
  | 'manifestWrite'
  | 'manifestWrites'
  | 'nextSteps'
  | 'advance'
  | 'endManifestWrite'
>;

/** The condition that nobody else has advanced or ended the write of a manifest. */
const AT = '#writtenBatches = :at AND #open = :open';

/**
 * Stores changes of many resources that are written one batch after the other. A batch and the cursor are written in
 * one transaction, so a second writer, or one that comes back late, finds the cursor advanced and writes nothing.
 */
export function manifestWriteStore(table: Table): ManifestWrites {
  return {
    beginManifestWrite: async (operation, audit, steps, checkedAgainst) => {
      const { fleet, id, createdAt } = operation;
      const ttl = expiry(createdAt);
      const batches = batchesOf(steps);
      const stored = batches.map((batch, index) =>
        itemOf(stepsRecord, stepsKey(fleet, id, index), { steps: batch }, { ttl }),
      );
      await table.writeAll(stored, []);
      const manifestWrite = { fleet, operation: id, batches: batches.length, steps: steps.length };
      const cursor = { writtenBatches: 0, writtenSteps: 0, open: 1, ttl };
      const outcome = await table.transact([
        put(itemOf(holdRecord, holdKey(fleet), { fleet, operation: id }, { operation: id }), ABSENT),
        put(itemOf(manifestWriteRecord, manifestWriteKey(fleet, id), manifestWrite, cursor), ABSENT),
        operationWrite(operation),
        auditWrite(fleet, audit),
        ...(checkedAgainst ? [unmovedTraffic(fleet, checkedAgainst), unmovedFleet(fleet, checkedAgainst)] : []),
      ]);
      return outcome.ok;
    },
    hold: async (fleet) => {
      const item = await table.get(holdKey(fleet));
      return item && recordOf(item, holdRecord).operation;
    },
    holds: async () => readableOf(await table.query(allHolds()), (item) => recordOf(item, holdRecord)),
    manifestWrite: async (fleet, operation) => {
      const item = await table.get(manifestWriteKey(fleet, operation));
      return item && manifestWriteOf(item);
    },
    manifestWrites: async (fleet, from, to) =>
      (await table.query(manifestWritesOf(fleet, from, to))).map(manifestWriteOf),
    nextSteps: async ({ fleet, operation, writtenBatches }) => {
      const item = await table.get(stepsKey(fleet, operation, writtenBatches));
      return item ? stepsOf(item) : [];
    },
    advance: (manifestWrite, commits) => advance(table, manifestWrite, commits),
    endManifestWrite: async (manifestWrite, endedAt, problem) => {
      const { fleet, operation, writtenBatches, writtenSteps: _, ...fixed } = manifestWrite;
      const outcome = await table.transact([
        update(manifestWriteKey(fleet, operation), 'SET #open = :ended, #body = :body, #v = :v', AT, {
          at: writtenBatches,
          open: 1,
          ended: 0,
          ...bodyOf(manifestWriteRecord, { ...fixed, fleet, operation, endedAt, problem }),
        }),
        remove(holdKey(fleet), '#operation = :operation', { operation }),
      ]);
      return outcome.ok;
    },
  };
}

async function advance(table: Table, manifestWrite: ManifestWrite, commits: Parameters<Store['advance']>[1]) {
  const { fleet, operation, writtenBatches, writtenSteps } = manifestWrite;
  const moved = { writtenBatches: writtenBatches + 1, writtenSteps: writtenSteps + commits.length };
  const set = 'SET #writtenBatches = :writtenBatches, #writtenSteps = :writtenSteps';
  const references = distinctReferences(commits);
  // Each operation with the index of its commit; the cursor and the references are not among them.
  const parts = commits.flatMap((commit, index) => commitWrites(commit).map((part) => ({ part, index })));
  await forgetProgrammed(table, commits);
  const outcome = await table.transact([
    update(manifestWriteKey(fleet, operation), set, AT, { ...moved, at: writtenBatches, open: 1 }),
    ...references.map((ref) => operationHoldWrites(ref)),
    ...parts.map(({ part }) => part),
  ]);
  if (outcome.ok) return { result: 'ok' as const, manifestWrite: { ...manifestWrite, ...moved } };
  if (outcome.failed.includes(0) || outcome.failed.length === 0) return { result: 'moved' as const };
  const missing = references.filter((_, index) => outcome.failed.includes(index + 1));
  if (missing.length > 0) return { result: 'missing-reference' as const, missing };
  const indexes = new Set(outcome.failed.map((place) => parts[place - 1 - references.length]?.index));
  return { result: 'conflict' as const, resources: commits.filter((_, index) => indexes.has(index)).map(refTo) };
}

function refTo({ resource: { kind, fleet, name } }: Pick<ManifestStep, 'resource'>) {
  return { kind, fleet, name };
}

/** The most items of a transaction, besides the cursor. */
const MAX_ITEMS = 99;
/**
 * The most bytes of a batch with several steps, which is kept in one item. What it writes has about three times as many
 * bytes, which is below the 4 MB of a transaction.
 */
const MAX_BYTES = 388 * 1024;

/**
 * Cuts steps into batches, in order. A batch fits into one transaction and one item. Its steps are of one kind, so that
 * none refers to another.
 */
function batchesOf(steps: readonly ManifestStep[]): ManifestStep[][] {
  const batches: ManifestStep[][] = [];
  let bytes = 0;
  for (const step of steps) {
    const batch = batches.at(-1);
    const size = bytesOf(step);
    const fits = batch !== undefined && isAlike(batch[0], step) && bytes + size <= MAX_BYTES;
    if (fits && itemsOf([...batch, step]) <= MAX_ITEMS) {
      batch.push(step);
      bytes += size;
    } else {
      batches.push([step]);
      bytes = size;
    }
  }
  return batches;
}

function isAlike(a: ManifestStep | undefined, b: ManifestStep): boolean {
  return a?.resource.kind === b.resource.kind && (a.verb === 'delete') === (b.verb === 'delete');
}

/**
 * Returns the number of items that the steps take in a transaction. Each step takes the resource, its revision, its
 * audit event and an entry, and each gateway a row and the operation that waits for it. Moved terms take one each, and
 * a delete takes one for each item that goes with the resource.
 */
function itemsOf(steps: readonly ManifestStep[]): number {
  const own = steps.map(
    ({ verb, resource, gateways, movedTerms }) =>
      4 + (verb === 'delete' ? derivedKeys(resource).length : 0) + 2 * gateways.length + movedTerms,
  );
  return own.reduce((sum, items) => sum + items, distinctReferences(steps).length);
}

function bytesOf(step: ManifestStep): number {
  return new TextEncoder().encode(JSON.stringify(step)).length;
}
