import { digest } from '../core/digest.ts';
import type { Ref, Resource } from '../core/model.ts';
import type { Commit, Store } from '../deps.ts';
import { ABSENT, itemOf, type Operation, PRESENT, put, remove, update } from './items.ts';
import { auditOperation, operationOperation, outboxOperation } from './journal.ts';
import {
  baselineKey,
  gatewayOf,
  healthKey,
  type Key,
  programmedIn,
  programmedOf,
  resourceKey,
  resourcesOf,
  revisionKey,
  syncKey,
  trafficKey,
} from './keys.ts';
import { readPage } from './pages.ts';
import { refsOf, resourceOf } from './records.ts';
import type { Table } from './table.ts';

type Resources = Pick<Store, 'get' | 'list' | 'all' | 'referenceCount' | 'commit'>;

/**
 * What people declared. Beside its body an item has `uid` and `revision`, which updates and deletes are conditional on,
 * and `refs`, which counts how often it was taken as a reference and leaves the revision alone.
 */
export function resourceStore(table: Table): Resources {
  return {
    get: async (kind, fleet, name) => {
      const item = await table.get(resourceKey({ kind, fleet, name }));
      return item && resourceOf(kind, item);
    },
    list: (kind, fleet, page) =>
      readPage(table, resourcesOf(kind, fleet), 'ascending', page, (item) => resourceOf(kind, item)),
    all: async (kind, fleet) => {
      const items = await table.query(resourcesOf(kind, fleet));
      return items.map((item) => resourceOf(kind, item));
    },
    referenceCount: async (ref) => refsOf(await table.get(resourceKey(ref))),
    commit: (commit) => write(table, commit),
  };
}

async function write(table: Table, commit: Commit): ReturnType<Store['commit']> {
  const { resource, verb, audit, outbox, operation } = commit;
  const references = distinctReferences(commit);
  if (verb === 'delete') await forgetProgrammed(table, resource);
  const outcome = await table.transact(
    [
      ...references.map((ref) => update(resourceKey(ref), 'ADD #refs :one', PRESENT, { one: 1 })),
      resourceOperation(commit),
      revisionOperation(commit),
      auditOperation(resource.fleet, audit),
      ...outbox.map(outboxOperation),
      ...(operation ? [operationOperation(operation)] : []),
      ...(verb === 'delete' ? derivedKeys(resource).map((key) => remove(key)) : []),
    ],
    digest(audit.id).slice(0, 32),
  );
  if (outcome.ok) return { result: 'ok' };
  const missing = references.filter((_, index) => outcome.failed.includes(index));
  if (missing.length === 0 || missing.length < outcome.failed.length) return { result: 'conflict' };
  return { result: 'missing-reference', missing };
}

/** A transaction takes each item once: repeated references count once, a reference to itself not at all. */
function distinctReferences({ resource, references }: Commit): Ref[] {
  const distinct = new Map(references.map((ref) => [`${ref.kind} ${ref.fleet} ${ref.name}`, ref]));
  distinct.delete(`${resource.kind} ${resource.fleet} ${resource.name}`);
  return [...distinct.values()];
}

function resourceOperation({ resource, verb, referenceCount }: Commit): Operation {
  const key = resourceKey(resource);
  const { uid, revision } = resource;
  const item = itemOf(key, resource, { uid, revision, refs: 0 });
  switch (verb) {
    case 'create':
      return put(item, ABSENT);
    case 'update':
      // An update in place, since a put would lose `refs`.
      return update(
        key,
        'SET #revision = :revision, #body = :body',
        `#revision = :before AND #uid = :uid${referenceCount === undefined ? '' : ' AND #refs = :refs'}`,
        {
          uid,
          revision,
          before: revision - 1,
          body: String(item['body']),
          ...(referenceCount !== undefined && { refs: referenceCount }),
        },
      );
    case 'delete':
      return remove(key, '#revision = :revision AND #uid = :uid AND #refs = :refs', {
        uid,
        revision,
        refs: referenceCount ?? 0,
      });
  }
}

/** Revisions are kept for good; a delete leaves one more, marked. */
function revisionOperation({ resource, verb }: Commit): Operation {
  const snapshot = verb === 'delete' ? { ...resource, revision: resource.revision + 1, deleted: true } : resource;
  return put(itemOf(revisionKey(resource, snapshot.revision), snapshot), ABSENT);
}

/**
 * What has been derived from a resource and must not be found by another one that is created later under its name,
 * with revisions that count from 1 again.
 */
function derivedKeys({ kind, fleet, name }: Resource): Key[] {
  if (kind === 'gateway') return [syncKey(fleet, name), baselineKey(fleet, name)];
  if (kind === 'cluster') return [healthKey(fleet, name)];
  return kind === 'fleet' ? [trafficKey(name)] : [];
}

/**
 * The same for programmed rows, of which there may be more than a transaction holds. They go first: without them a
 * resource counts as programmed by what its gateways say, which is right should it not be deleted in the end.
 */
async function forgetProgrammed(table: Table, { kind, fleet, name }: Resource): Promise<void> {
  const own = await table.query(programmedOf(fleet, kind, name, name));
  const followed = kind === 'gateway' ? await table.query(programmedIn(fleet)) : [];
  const rows = new Map([...own, ...followed.filter((row) => gatewayOf(row) === name)].map((row) => [row.sk, row]));
  await table.writeAll(
    [],
    [...rows.values()].map(({ pk, sk }) => ({ pk, sk })),
  );
}
