/** The way from what is declared to what is desired, as the writes that it takes. */

import type { Changes } from '../../../schemas/common.ts';
import { changesBetween } from './diff.ts';
import { digest, equal } from './digest.ts';
import type { Kind, Resource, Specs } from './resource.ts';
import { compareText } from './text.ts';

/** What refers comes after what it refers to. */
export const KINDS = [
  'fleet',
  'cluster',
  'gateway',
  'service',
  'distribution',
  'route',
] as const satisfies readonly Kind[];

/** A resource as it is desired. */
export interface Declaration<K extends Kind = Kind> {
  kind: K;
  name: string;
  spec: Specs[K];
}

/** A write that is needed. */
export type Difference =
  | { verb: 'create'; kind: Kind; name: string; spec: Specs[Kind]; before?: undefined }
  | { verb: 'update'; kind: Kind; name: string; spec: Specs[Kind]; before: Resource }
  | { verb: 'delete'; kind: Kind; name: string; spec?: undefined; before: Resource };

/**
 * What to write, in an order in which nothing ever refers to what is not there: creates and updates from the fleet to the routes, then
 * deletes from the routes back. What is neither desired nor to be removed stays.
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

/** What differs, for people. */
export function changesOf({ before, spec }: Difference): Changes {
  return changesBetween(before?.spec ?? {}, spec ?? {});
}

/** Stands for the differences: of other ones, of another fleet, or from other revisions it is another. */
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
