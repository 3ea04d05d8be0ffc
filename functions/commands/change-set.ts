import type { Issue } from '../../schemas/problem.ts';
import type { Write } from '../core/model/audit.ts';
import { keyOf } from '../core/model/declarations.ts';
import type { Kind, Ref, Resource, Specs } from '../core/model/resource.ts';
import { termsOf } from '../core/routing/terms.ts';
import type { Deps, ManifestStep } from '../deps.ts';
import { timestamp } from './context.ts';
import { kinds, referencesOf } from './kinds.ts';
import { stagedStore } from './staged-store.ts';
import { type FleetReader, fleetReader } from './fleet-reader.ts';

/** A change of one resource that is to be written. */
export interface Change<K extends Kind = Kind> extends Write {
  resource: Resource<K>;
  before: Resource<K> | undefined;
  /** The number of times the resource had been taken as a reference before its referrers were looked for. */
  referenceCount: number | undefined;
}

/** Changes of one fleet that are checked and written together. */
export interface ChangeSet {
  fleet: string;
  changes: readonly Change[];
  /** The steps that write the changes, in the same order, with the gateways that have to follow. */
  steps: readonly ManifestStep[];
  /** The fleet as it is. */
  now: FleetReader;
  /** The fleet as it would be. */
  then: FleetReader;
  /**
   * The pointers to declarations in the request, such as `documents/17#/spec`, by `kind/name`. Absent when the body of
   * the request is the only change.
   */
  pointers: ReadonlyMap<string, string> | undefined;
}

export async function changeSetOf(
  now: FleetReader,
  changes: readonly Change[],
  pointers?: ReadonlyMap<string, string>,
): Promise<ChangeSet> {
  const then = fleetReader(stagedStore(now.store, now.fleet, changes), now.fleet);
  const gone = new Set(changes.filter(({ verb }) => verb === 'delete').map(({ resource }) => keyOf(resource)));
  const coming = new Set(changes.filter(({ verb }) => verb === 'create').map(({ resource }) => keyOf(resource)));
  const steps: ManifestStep[] = [];
  for (const change of changes) {
    steps.push({
      ...(await stepOf(change, then, (name) => gone.has(`gateway/${name}`))),
      references: newReferences(change, coming),
    });
  }
  return { fleet: now.fleet, changes, steps, now, then, pointers: pointers };
}

/** Returns the change that replaces `before` with the declaration. */
export function declarationOf<K extends Kind>(
  { ids, clock }: Deps,
  { kind, fleet, name }: { kind: K; fleet: string; name: string },
  spec: Specs[K],
  before: Resource<K> | undefined,
  referenceCount: number | undefined,
): Change<K> {
  const now = timestamp(clock.now());
  const identity = before ?? { uid: `${kinds[kind].uidPrefix}_${ids.ulid()}`, revision: 0, createdAt: now };
  const { uid, revision, createdAt } = identity;
  const resource = { kind, fleet, name, uid, revision: revision + 1, createdAt, updatedAt: now, spec };
  return { verb: before ? 'update' : 'create', resource, before, referenceCount };
}

export function deletionOf<K extends Kind>(resource: Resource<K>, referenceCount: number | undefined): Change<K> {
  return { verb: 'delete', resource, before: resource, referenceCount };
}

export function isOf<K extends Kind>(kind: K): (change: Change) => change is Change<K> {
  return (change): change is Change<K> => change.resource.kind === kind;
}

/** Returns the names of all gateways that have to follow, sorted. */
export function followersOf({ steps }: ChangeSet): string[] {
  return [...new Set(steps.flatMap(({ gateways }) => gateways))].sort();
}

/**
 * Adds to an issue of a declaration its pointer in the request. Pointers into a declaration begin with `#`, and pointers
 * to the name in the path begin with `path/`.
 */
export function withWholePointer({ pointers: pointers }: ChangeSet, resource: Resource, issue: Issue): Issue {
  if (pointers === undefined) return issue;
  const base = pointers.get(keyOf(resource)) ?? `${resource.kind}s/${resource.name}#`;
  if (issue.pointer.startsWith('#')) return { ...issue, pointer: base + issue.pointer.slice(1) };
  return issue.pointer.startsWith('path/') ? { ...issue, pointer: base } : issue;
}

/**
 * Returns the step of a change without its references. The gateways are those that exist after all changes: deleted
 * ones do not follow, created ones do.
 */
async function stepOf(
  change: Change,
  then: FleetReader,
  isGone: (gateway: string) => boolean,
): Promise<Omit<ManifestStep, 'references'>> {
  const { verb, resource, referenceCount } = change;
  return {
    verb,
    resource,
    ...(referenceCount !== undefined && { referenceCount }),
    gateways: (await affectedGateways(change, then)).filter((name) => !isGone(name)),
    movedTerms: movedTerms(change),
  };
}

/** Returns the names of the gateways that follow the resource as it was or as it would be. */
async function affectedGateways<K extends Kind>({ resource, before }: Change<K>, then: FleetReader): Promise<string[]> {
  const descriptor = kinds[resource.kind];
  if (descriptor.gateways(resource) === undefined) return (await then.gateways()).map((gateway) => gateway.name);
  return [...new Set([before, resource].flatMap((item) => (item && descriptor.gateways(item)) ?? []))];
}

/**
 * Returns the references that are new in this change. The others need no guard, because a deletion finds them in the
 * previous revision as well as in this one. A fleet is written before the resources that it names, so it cannot guard
 * those in `coming`; a deletion of those checks the fleet itself.
 */
function newReferences({ resource, before }: Change, coming: ReadonlySet<string>): Ref[] {
  const { fleet } = resource;
  const held = new Set(before && referencesOf(before).map(keyOf));
  const taken = new Map(referencesOf(resource).map((item) => [keyOf(item), item]));
  const isLater = (key: string) => resource.kind === 'fleet' && coming.has(key);
  const added = [...taken]
    .filter(([key]) => !held.has(key) && !isLater(key))
    .map(([, { kind, name }]) => ({ kind, fleet, name }));
  const isNewInFleet = before === undefined && resource.kind !== 'fleet';
  return isNewInFleet ? [{ kind: 'fleet', fleet, name: fleet }, ...added] : added;
}

/**
 * Returns how many of the terms by which a route is found are added or removed. Each of them is a separate item in the
 * store.
 */
function movedTerms({ verb, resource, before }: Change): number {
  const terms = (item: Resource | undefined) => (item && 'rules' in item.spec ? termsOf(item.spec) : []);
  const names = (item: Resource | undefined) => new Set(terms(item).map(({ kind, name }) => `${kind}/${name}`));
  const [then, now] = [names(before), names(verb === 'delete' ? undefined : resource)];
  return [...new Set([...then, ...now])].filter((name) => then.has(name) !== now.has(name)).length;
}
