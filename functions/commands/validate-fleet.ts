import type { Issue } from '../../schemas/problem.ts';
import { type Declaration, keyOf } from '../core/desired.ts';
import type { Kind, Resource } from '../core/model.ts';
import type { Deps, Step } from '../deps.ts';
import { referencesOf } from './kinds.ts';
import { type Proposal, unknownReference } from './proposal.ts';
import { unknownReferences } from './references.ts';
import { isGateway, referrer, unfinished } from './referrers.ts';
import { type Change, limitExceeded } from './transaction.ts';
import { validate } from './validate.ts';
import type { World } from './world.ts';

/** A declaration, and where its spec stands in the request or in the fleet: `documents/17#/spec`, `routes/checkout#`. */
export interface Placed extends Declaration {
  place: string;
}

/** A fleet as it would be. */
export interface WouldBeFleet {
  current: readonly Resource[];
  /** Everything, after the changes. */
  after: readonly Resource[];
  changes: readonly Change<Kind>[];
  steps: readonly Step[];
  declarations: readonly Placed[];
  world: World;
  allowEmpty: boolean;
}

/** Everything that speaks against the fleet as it would be. Each change is held to what a PUT or DELETE of its own would be. */
export async function faultsOf(deps: Deps, fleet: WouldBeFleet): Promise<Issue[]> {
  const places = new Map(fleet.declarations.map((declaration) => [keyOf(declaration), declaration.place]));
  const issues: Issue[] = [];
  for (const [index, change] of fleet.changes.entries()) {
    const place = places.get(keyOf(change.resource)) ?? `${change.resource.kind}s/${change.resource.name}#`;
    const found = [...limits(change, fleet.steps[index]), ...(await changeFaults(deps, change, fleet))];
    issues.push(...found.map((issue) => placed(issue, place)));
  }
  return [...issues, ...dangling(fleet, places), ...emptied(fleet)];
}

function limits(change: Change<Kind>, step: Step | undefined): Issue[] {
  if (step === undefined || step.verb === 'delete') return [];
  const detail = limitExceeded(change, step.references.length, step.gateways.length);
  return detail === undefined ? [] : [{ pointer: '#', code: 'limit-exceeded', detail }];
}

async function changeFaults(
  deps: Deps,
  { verb, resource, before }: Change<Kind>,
  fleet: WouldBeFleet,
): Promise<Issue[]> {
  if (verb === 'delete') {
    if (!isGateway(resource)) return [];
    const losesRoutes = fleet.current.some((other) => carriedBy(other).includes(resource.name));
    return await unfinished(deps.store, resource, losesRoutes);
  }
  const { kind, name, spec } = resource;
  const proposal: Proposal<Kind> = { kind, name, spec, before };
  const unknown = await unknownReferences(proposal, fleet.world, deps.settings);
  return unknown.length > 0 ? unknown : await validate(proposal, fleet.world, deps.settings);
}

/** What stays as it is, and refers to what goes. */
function dangling({ changes, after }: WouldBeFleet, places: ReadonlyMap<string, string>): Issue[] {
  const changed = new Set(changes.map(({ resource }) => keyOf(resource)));
  const gone = new Set(changes.flatMap(({ verb, resource }) => (verb === 'delete' ? [keyOf(resource)] : [])));
  if (gone.size === 0) return [];
  return after
    .filter((resource) => !changed.has(keyOf(resource)))
    .flatMap((resource) => {
      const place = places.get(keyOf(resource));
      return referencesOf(resource)
        .filter((reference) => gone.has(keyOf(reference)))
        .map(({ kind, name, pointer }) =>
          place === undefined
            ? { ...referrer(resource, pointer), detail: `it depends on ${kind} ${name}` }
            : placed(unknownReference(pointer, `there is no ${kind} ${name}`), place),
        );
    });
}

/** Gateways that have routes now, and would have none. */
function emptied({ current, after, allowEmpty }: WouldBeFleet): Issue[] {
  if (allowEmpty) return [];
  const serving = new Set(after.flatMap(carriedBy));
  const lost = [...new Set(current.flatMap(carriedBy))].filter((gateway) => !serving.has(gateway));
  return lost.sort().map((gateway) => ({
    pointer: `gateways/${gateway}`,
    code: 'would-empty-gateway',
    detail: `gateway ${gateway} has routes and would have none: say allowEmpty=true if that is meant`,
  }));
}

/** Names of the gateways of a route. */
function carriedBy(resource: Resource): readonly string[] {
  return 'rules' in resource.spec ? resource.spec.gateways : [];
}

/** Pointers into a declaration begin with #, those to the name that the path would have with path/. */
function placed(issue: Issue, place: string): Issue {
  if (issue.pointer.startsWith('#')) return { ...issue, pointer: place + issue.pointer.slice(1) };
  return issue.pointer.startsWith('path/') ? { ...issue, pointer: place } : issue;
}
