import { Kind as KindName } from '../../../schemas/common.ts';
import {
  API_VERSION,
  type DeclaredDocument,
  type DeclaredManifest,
  type Manifest,
  type ManifestDocument,
} from '../../../schemas/manifest.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { KINDS, keyOf } from '../../core/model/declarations.ts';
import type { Kind, Resource } from '../../core/model/resource.ts';
import { compareText } from '../../core/model/text.ts';
import type { Context } from '../context.ts';
import { conflict } from '../issues.ts';
import { missing } from '../load.ts';
import { type Applied, type ApplyOptions, applyDesired, everything, type PointedDeclaration } from './fleet.ts';

const TITLES = {
  fleet: 'Fleet',
  cluster: 'Cluster',
  gateway: 'Gateway',
  service: 'Service',
  distribution: 'Distribution',
  route: 'Route',
} as const satisfies Record<Kind, ManifestDocument['kind']>;

/** Returns the whole fleet as documents, in an order in which they can be written. Throws `not-found`. */
export async function exportManifest(ctx: Context, fleet: string): Promise<DeclaredManifest> {
  const resources = await everything(ctx.deps.store, fleet);
  if (!resources.some(({ kind }) => kind === 'fleet')) throw missing('fleet', fleet);
  const sorted = resources.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compareText(a.name, b.name));
  return { apiVersion: API_VERSION, kind: 'List', items: sorted.map(documentOf) };
}

function documentOf({ kind, name, spec }: Resource): DeclaredDocument {
  return { apiVersion: API_VERSION, kind: TITLES[kind], metadata: { name }, spec: { ...spec } };
}

/**
 * Brings the fleet to the state that the documents declare. With `prune`, all other resources except the fleet are
 * deleted. Throws what `applyDesired` throws, and `conflicting-declaration` when a resource is declared twice or the
 * documents are of another fleet.
 */
export async function applyManifest(
  ctx: Context,
  fleet: string,
  { items }: Manifest,
  { prune, ...options }: ApplyOptions & { prune: boolean },
): Promise<Applied> {
  const declarations = items.map(declarationOf);
  const first = new Map<string, PointedDeclaration>();
  const faults: Issue[] = [];
  for (const [index, declaration] of declarations.entries()) {
    const pointer = `documents/${index}#/metadata/name`;
    const resource = keyOf(declaration);
    const twin = first.get(resource)?.pointer.replace('#/spec', '');
    if (twin === undefined) first.set(resource, declaration);
    else faults.push(conflict(pointer, say('DeclaredTwice', { resource, pointer: twin })));
    if (declaration.kind === 'fleet' && declaration.name !== fleet)
      faults.push(conflict(pointer, say('OtherFleet', { fleet })));
  }
  const desired = {
    fleet,
    declarations: [...first.values()].filter(({ kind, name }) => kind !== 'fleet' || name === fleet),
    isRemoved: () => prune,
    faults,
  };
  return await applyDesired(ctx, 'manifest.apply', desired, options);
}

function declarationOf({ kind: title, metadata: { name }, spec }: ManifestDocument, index: number): PointedDeclaration {
  const kind = KindName.parse(title.toLowerCase());
  return { kind, name, spec, pointer: `documents/${index}#/spec` };
}
