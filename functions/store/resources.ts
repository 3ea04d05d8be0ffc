import { digest } from '../core/model/digest.ts';
import type { Ref, Resource } from '../core/model/resource.ts';
import { compareText } from '../core/model/text.ts';
import type { Commit, Store } from '../deps.ts';
import { documentWrites } from './documents.ts';
import { ABSENT, check, type Item, type ItemWrite, PRESENT, put, remove, update } from './items.ts';
import { auditWrite, operationWrite, outboxWrites } from './journal.ts';
import {
  baselineKey,
  documentKey,
  gatewayOf,
  healthKey,
  type Key,
  PIECED,
  pieceKey,
  programmedIn,
  programmedOf,
  resourceKey,
  resourceNameOf,
  resourcesOf,
  revisionKey,
  syncKey,
  trafficKey,
} from './keys.ts';
import { entryWrites } from './lookup.ts';
import { readPage } from './pages.ts';
import { bodyOf, itemOf, readableOf } from './record-type.ts';
import { refsOf, resourceOf, resourceRecord, revisionRecord } from './records/resources.ts';
import { beginSeals } from './seals.ts';
import type { Table } from './table.ts';

type Resources = Pick<Store, 'get' | 'list' | 'all' | 'fleets' | 'referenceCount' | 'referenceCounts' | 'commit'>;

/**
 * Stores declared resources. Beside its body an item has `uid` and `revision`, which updates and deletes are
 * conditional on, and `refs`, which counts how often the resource was referenced and does not change its revision.
 */
export function resourceStore(table: Table): Resources {
  return {
    get: async (kind, fleet, name) => {
      const item = await table.get(resourceKey({ kind, fleet, name }));
      return item && resourceOf(kind, item);
    },
    list: (kind, fleet, page, selection) => {
      const list = {
        range: resourcesOf(kind, fleet),
        order: 'ascending',
        parse: (item: Item) => resourceOf(kind, item),
      } as const;
      return readPage(table, list, page, selection);
    },
    all: async (kind, fleet) => {
      const items = await table.query(resourcesOf(kind, fleet));
      return items.map((item) => resourceOf(kind, item));
    },
    fleets: async () => readableOf(await table.query(resourcesOf('fleet', '')), (item) => resourceOf('fleet', item)),
    referenceCount: async (ref) => refsOf(await table.get(resourceKey(ref))),
    referenceCounts: async (kind, fleet) => {
      const items = await table.query(resourcesOf(kind, fleet));
      return new Map(items.map((item) => [resourceOf(kind, item).name, refsOf(item)]));
    },
    commit: (commit) => write(table, commit),
  };
}

async function write(table: Table, commit: Commit): ReturnType<Store['commit']> {
  const references = distinctReferences([commit]);
  await forgetProgrammed(table, [commit]);
  const outcome = await table.transact(
    [...references.map((ref) => operationHoldWrites(ref, commit.checkedAgainst)), ...commitWrites(commit)],
    { token: digest(commit.audit.id).slice(0, 32) },
  );
  if (outcome.ok) return { result: 'ok' };
  const missing = references.filter((_, index) => outcome.failed.includes(index));
  if (missing.length === 0 || missing.length < outcome.failed.length) return { result: 'conflict' };
  const fleet = commit.checkedAgainst && missing.find(isFleet);
  if (fleet && (await table.get(resourceKey(fleet)))) return { result: 'conflict' };
  return { result: 'missing-reference', missing };
}

/** Returns the writes of a commit, besides the references that it takes. */
export function commitWrites(commit: Commit): ItemWrite[] {
  const { resource, verb, audit, outbox, operation, documents = [] } = commit;
  return [
    ...checkWrites(commit),
    resourceWrite(commit),
    revisionWrite(commit),
    auditWrite(resource.fleet, audit),
    ...(resource.kind === 'fleet' && verb === 'create' ? [beginSeals(resource.name)] : []),
    ...entryWrites(commit),
    ...outbox.flatMap(outboxWrites),
    ...(operation ? [operationWrite(operation)] : []),
    ...documents.flatMap((document) => documentWrites(document)),
    ...(verb === 'delete' ? derivedKeys(resource).map((key) => remove(key)) : []),
    ...endedEnrolments(commit).map((key) => remove(key)),
  ];
}

/**
 * Returns the conditions that what the safety rules were checked against has not changed. A fleet that is written or
 * referenced itself is conditional on its revision anyway.
 */
function checkWrites({ resource, references, checkedAgainst }: Commit): ItemWrite[] {
  if (checkedAgainst === undefined) return [];
  const { fleet, kind } = resource;
  const isTaken = kind === 'fleet' || references.some(isFleet);
  return [unmovedTraffic(fleet, checkedAgainst), ...(isTaken ? [] : [unmovedFleet(fleet, checkedAgainst)])];
}

type CheckedAgainst = NonNullable<Commit['checkedAgainst']>;

export function unmovedTraffic(fleet: string, { trafficVersion: version }: CheckedAgainst): ItemWrite {
  return version === 0
    ? check(trafficKey(fleet), ABSENT)
    : check(trafficKey(fleet), '#version = :version', { version });
}

export function unmovedFleet(fleet: string, { fleetRevision: revision }: CheckedAgainst): ItemWrite {
  return check(resourceKey({ kind: 'fleet', fleet, name: fleet }), '#revision = :revision', { revision });
}

function isFleet({ kind }: Ref): boolean {
  return kind === 'fleet';
}

/**
 * Returns the operation that takes a reference to an existing resource. A fleet that rules were checked against must
 * still have the same revision.
 */
export function operationHoldWrites(ref: Ref, checked?: Commit['checkedAgainst']): ItemWrite {
  const take = 'ADD #refs :one';
  if (checked === undefined || !isFleet(ref)) return update(resourceKey(ref), take, PRESENT, { one: 1 });
  return update(resourceKey(ref), take, '#revision = :revision', { one: 1, revision: checked.fleetRevision });
}

/**
 * Returns the references of commits, each once, because a transaction accepts each item once. References to what the
 * commits themselves write are left out.
 */
export function distinctReferences(commits: readonly Pick<Commit, 'resource' | 'references'>[]): Ref[] {
  const named = ({ kind, fleet, name }: Ref) => `${kind} ${fleet} ${name}`;
  const distinct = new Map(commits.flatMap(({ references }) => references).map((ref) => [named(ref), ref]));
  for (const { resource } of commits) distinct.delete(named(resource));
  return [...distinct.values()];
}

function resourceWrite({ resource, verb, referenceCount }: Commit): ItemWrite {
  const key = resourceKey(resource);
  const { uid, revision } = resource;
  const item = itemOf(resourceRecord, key, resource, { uid, revision, refs: 0 });
  switch (verb) {
    case 'create':
      return put(item, ABSENT);
    case 'update':
      // An update in place, because a put would lose `refs`.
      return update(
        key,
        'SET #revision = :revision, #body = :body, #v = :v',
        `#revision = :before AND #uid = :uid${referenceCount === undefined ? '' : ' AND #refs = :refs'}`,
        {
          uid,
          revision,
          before: revision - 1,
          ...bodyOf(resourceRecord, resource),
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

/**
 * Returns the write of a revision. Revisions are kept for good. A delete adds one more, which is marked and has the
 * time of the delete.
 */
function revisionWrite({ resource, verb, audit }: Commit): ItemWrite {
  const tombstone = { ...resource, revision: resource.revision + 1, updatedAt: audit.at, deleted: true };
  const snapshot = verb === 'delete' ? tombstone : resource;
  return put(itemOf(revisionRecord, revisionKey(resource, snapshot.revision), snapshot), ABSENT);
}

/**
 * Returns the keys of what has been derived from a resource. It is deleted with the resource, so that another one which
 * is created later under its name, with revisions that count from 1 again, does not find it.
 */
export function derivedKeys({ kind, fleet, name }: Resource): Key[] {
  if (kind === 'gateway') {
    const first = PIECED.map((what) => pieceKey(what, fleet, name, 0));
    return [syncKey(fleet, name), baselineKey(fleet, name), ...first];
  }
  if (kind === 'cluster') return [healthKey(fleet, name)];
  return kind === 'fleet' ? [trafficKey(name)] : [];
}

/**
 * Returns the keys of the enrolments that end with a commit: those of the agents that it takes out of the fleet, and of those that
 * declare their key from now on. So the agent of a voter never becomes that of a later voter of its name.
 */
function endedEnrolments({ verb, resource, before }: Pick<Commit, 'verb' | 'resource' | 'before'>): Key[] {
  const after = verb === 'delete' ? [] : enrolableVoters(resource);
  return enrolableVoters(before)
    .filter((voter) => !after.includes(voter))
    .map((voter) => documentKey({ fleet: resource.fleet, kind: 'enrolment', id: voter }));
}

function enrolableVoters(resource: Resource | undefined): string[] {
  if (resource === undefined || !('voters' in resource.spec)) return [];
  return resource.spec.voters.flatMap((voter) =>
    voter.type === 'agent' && voter.publicKey === undefined ? [voter.name] : [],
  );
}

/**
 * Deletes the programmed rows of resources that are about to be deleted. These may be more than a transaction holds, so
 * they are deleted first. Without them a resource counts as programmed by what its gateways report, which is right if
 * the resource is not deleted in the end.
 */
export async function forgetProgrammed(table: Table, commits: readonly Commit[]): Promise<void> {
  const deleted = commits.flatMap(({ verb, resource }) => (verb === 'delete' ? [resource] : []));
  const kinds = Map.groupBy(deleted, ({ kind, fleet }) => `${kind} ${fleet}`);
  const rows = await Promise.all([...kinds.values()].map((resources) => programmedRows(table, resources)));
  const distinct = new Map(rows.flat().map(({ pk, sk }) => [`${pk} ${sk}`, { pk, sk }]));
  await table.writeAll([], [...distinct.values()]);
}

/**
 * Returns the programmed rows of resources of one kind and fleet. For gateways these include the rows that they have
 * applied.
 */
async function programmedRows(table: Table, resources: readonly Resource[]): Promise<Key[]> {
  const names = new Set(resources.map(({ name }) => name));
  const [first, ...others] = [...names].sort(compareText);
  const [sample] = resources;
  if (first === undefined || sample === undefined) return [];
  const { kind, fleet } = sample;
  const own = await table.query(programmedOf(fleet, kind, first, others.at(-1) ?? first));
  const followed = kind === 'gateway' ? await table.query(programmedIn(fleet)) : [];
  return [
    ...own.filter((row) => names.has(resourceNameOf(row) ?? '')),
    ...followed.filter((row) => names.has(gatewayOf(row) ?? '')),
  ];
}
