/** Computes the writes that turn the declared resources into the desired ones. */

import type { Changes } from '../../../schemas/common.ts';
import { changesBetween } from './diff.ts';
import { digest, equal } from './digest.ts';
import type { Kind, Resource, Specs } from './resource.ts';
import { compareText } from './text.ts';

/**
 * All kinds, ordered so that a resource comes after the resources it refers to; the exception is a fleet, which may
 * refer to its default distribution.
 */
export const KINDS = [
  'fleet',
  'cluster',
  'gateway',
  'service',
  'distribution',
  'route',
] as const satisfies readonly Kind[];

/** A desired resource. */
export interface Declaration<K extends Kind = Kind> {
  kind: K;
  name: string;
  spec: Specs[K];
}

/** One write that is needed to reach the desired state. */
export type Difference =
  | { verb: 'create'; kind: Kind; name: string; spec: Specs[Kind]; before?: undefined }
  | { verb: 'update'; kind: Kind; name: string; spec: Specs[Kind]; before: Resource }
  | { verb: 'delete'; kind: Kind; name: string; spec?: undefined; before: Resource };

/**
 * Returns the writes that lead from `current` to `desired`, in an order in which no resource ever refers to a missing
 * one: creates and updates from the fleet to the routes, then deletes from the routes back to the fleet. A resource
 * that is not desired is deleted only when `isRemoved` says so; otherwise it stays.
 */
export function differences(
  current: readonly Resource[],
  desired: readonly Declaration[],
  isRemoved: (resource: Resource) => boolean,
): Difference[] {
  const present = new Map(current.map((resource) => [keyOf(resource), resource]));
  const wanted = new Set(desired.map(keyOf));
  const writes = desired.flatMap((declaration) => written(declaration, present.get(keyOf(declaration))));
  const deletes = current
    .filter((resource) => !wanted.has(keyOf(resource)) && isRemoved(resource))
    .map((before): Difference => ({ verb: 'delete', kind: before.kind, name: before.name, before }));
  return [...writes.sort(byRank), ...deletes.sort((a, b) => byRank(b, a))];
}

export function keyOf({ kind, name }: { kind: Kind; name: string }): string {
  return `${kind}/${name}`;
}

function written({ kind, name, spec }: Declaration, before: Resource | undefined): Difference[] {
  if (before === undefined) return [{ verb: 'create', kind, name, spec }];
  return equal(before.spec, spec) ? [] : [{ verb: 'update', kind, name, spec, before }];
}

function byRank(a: Difference, b: Difference): number {
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compareText(a.name, b.name);
}

/** Returns the fields in which the two sides of a difference differ, for display. */
export function changesOf({ before, spec }: Difference): Changes {
  return changesBetween(before?.spec ?? {}, spec ?? {});
}

/**
 * Returns a digest that identifies the differences: it changes with the fleet, with the writes and their order, and
 * with the revisions they start from.
 */
export function differencesDigest(fleet: string, found: readonly Difference[]): string {
  return digest([
    fleet,
    ...found.map(({ verb, kind, name, spec, before }) => [
      verb,
      kind,
      name,
      before?.revision ?? 0,
      before?.uid ?? '',
      spec ?? null,
    ]),
  ]);
}
