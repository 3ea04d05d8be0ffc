import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { OperationProblem } from '../../../schemas/operation.ts';
import { type Author, type Stamp, writeEvent } from '../../core/model/audit.ts';
import type { Kind, Ref, Resource } from '../../core/model/resource.ts';
import { byName } from '../../core/routing/resolve.ts';
import type { Commit, Deps, ManifestStep, ManifestWrite, OperationRecord } from '../../deps.ts';
import { withLease } from '../lease.ts';

/** The duration of the lease. It is longer than a transaction takes with all of its attempts. */
const LEASE_MS = 60_000;

/** Continues every write of a manifest that is under way, until all have ended or the time is over. */
export async function sweepManifestWrites(deps: Deps, untilMs: number): Promise<void> {
  const { items, unreadable } = await deps.store.holds();
  for (const error of unreadable) deps.log.error('manifest.failed', {}, error);
  for (const { fleet } of items) {
    try {
      await continueManifestWrite(deps, fleet, untilMs);
    } catch (error) {
      deps.log.error('manifest.failed', { fleet }, error);
    }
  }
}

/**
 * Writes the steps of the manifest of the fleet, if there is one and nobody else is at work on it, as long as there is
 * time. The cursor in the store decides which steps are written and lets each step pass only once; the lease merely
 * keeps two writers from competing.
 */
export async function continueManifestWrite(deps: Deps, fleet: string, untilMs: number): Promise<void> {
  await withLease(deps, `manifest/${fleet}`, LEASE_MS, async (lease) => {
    let state = await read(deps, fleet);
    while (state && deps.clock.now() < untilMs) {
      await lease.ensure();
      state = await writeNext(deps, state);
    }
  });
}

interface State {
  operation: OperationRecord;
  manifestWrite: ManifestWrite;
}

/** Resolves with undefined when the fleet is not held. */
async function read({ store }: Deps, fleet: string): Promise<State | undefined> {
  const id = await store.hold(fleet);
  if (id === undefined) return undefined;
  const [operation, manifestWrite] = await Promise.all([store.operation(fleet, id), store.manifestWrite(fleet, id)]);
  if (operation === undefined || manifestWrite === undefined) throw new Error(`The operation ${id} has no record.`);
  return { operation, manifestWrite };
}

/** Writes one batch. Resolves with undefined when the write of a manifest has ended. */
async function writeNext(deps: Deps, { operation, manifestWrite }: State): Promise<State | undefined> {
  const steps = await deps.store.nextSteps(manifestWrite);
  if (steps.length === 0) return await end(deps, manifestWrite);
  const at = new Date(deps.clock.now()).toISOString();
  const replaced = await replacedBy(deps, steps);
  const commits = steps.map((step) =>
    commitOf(step, replaced.get(step.resource.name), operation, { at, ulid: deps.ids.ulid() }, operation.id),
  );
  const outcome = await deps.store.advance(manifestWrite, commits);
  switch (outcome.result) {
    case 'ok':
      return { operation, manifestWrite: outcome.manifestWrite };
    case 'moved':
      return await read(deps, manifestWrite.fleet);
    case 'conflict':
      return await end(deps, manifestWrite, overtaken(outcome.resources));
    case 'missing-reference':
      return await end(deps, manifestWrite, vanished(outcome.missing));
  }
}

/** Ends the write of a manifest. If another writer has advanced it meanwhile, it has not ended, and its new state is returned. */
async function end(deps: Deps, manifestWrite: ManifestWrite, problem?: OperationProblem): Promise<State | undefined> {
  const { fleet, operation, steps } = manifestWrite;
  const isEnded = await deps.store.endManifestWrite(manifestWrite, new Date(deps.clock.now()).toISOString(), problem);
  if (!isEnded) return await read(deps, fleet);
  deps.log.info('manifest.ended', { fleet, operation, steps, problem: problem?.code });
  return undefined;
}

/**
 * Returns the resources that updates replace, by name; a batch contains one kind only. The write fails if one of them
 * is not at the revision that the plan was made for.
 */
async function replacedBy({ store }: Deps, steps: readonly ManifestStep[]): Promise<ReadonlyMap<string, Resource>> {
  const updates = steps.filter(({ verb }) => verb === 'update').map(({ resource }) => resource);
  const [first] = updates;
  if (first === undefined) return new Map();
  const found = await store.find(
    first.kind,
    first.fleet,
    updates.map(({ name }) => name),
  );
  return byName<Kind>(found);
}

/**
 * Builds the write of a step, with the outbox rows of the operation for the gateways. Times are those of the write,
 * since the history is ordered by them.
 */
export function commitOf(
  { verb, resource: wanted, references, referenceCount, gateways }: ManifestStep,
  before: Resource | undefined,
  author: Author,
  stamp: Stamp,
  operation: string | undefined,
): Commit {
  const { at } = stamp;
  const times = verb === 'delete' ? {} : { updatedAt: at, ...(verb === 'create' && { createdAt: at }) };
  const resource = { ...wanted, ...times };
  const { kind, fleet, name } = resource;
  const revision = verb === 'delete' ? resource.revision + 1 : resource.revision;
  return {
    resource,
    verb,
    before,
    references,
    referenceCount,
    audit: writeEvent(author, stamp, { verb, resource, before }),
    outbox: gateways.map((gateway) => ({ fleet, gateway, kind, name, revision, requestedAt: at, operation })),
  };
}

function overtaken(resources: readonly Ref[]): OperationProblem {
  const errors = resources.map((ref) => issueAt(placeOf(ref), 'write-conflict', say('OvertakenResource')));
  return { code: 'write-conflict', detail: say('OvertakenWrite').text, errors };
}

function vanished(missing: readonly Ref[]): OperationProblem {
  const errors = missing.map((ref) => issueAt(placeOf(ref), 'unknown-reference', say('VanishedResource')));
  return { code: 'unknown-reference', detail: say('VanishedReferences').text, errors };
}

function placeOf({ kind, name }: Ref): string {
  return `${kind}s/${name}`;
}
