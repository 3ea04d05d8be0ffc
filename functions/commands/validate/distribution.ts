import type { Split } from '../../../schemas/distribution.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { Resource } from '../../core/model/resource.ts';
import { isNamedBy, namesPlaces, placeOf } from '../../core/routing/distribution.ts';
import { byName } from '../../core/routing/resolve.ts';
import { type Change, type ChangeSet, isOf } from '../change-set.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { conflict, SHOWN_PLACES, unknownReference } from '../issues.ts';

/** The most clusters that can serve one backend. */
const MAX_CLUSTERS = 100;

export async function validateDistribution({ resource }: Change<'distribution'>, then: FleetReader): Promise<Issue[]> {
  return await splitFaults(resource.spec, '#', then);
}

/** Finds the members of a split that select no cluster, or one that another member has selected already. */
export async function splitFaults(split: Split, pointer: string, reader: FleetReader): Promise<Issue[]> {
  return namesPlaces(split) ? faultsIn(split, pointer, byName(await reader.clusters())) : [];
}

function faultsIn({ clusters: members }: Split, pointer: string, clusters: ReadonlyMap<string, Resource<'cluster'>>) {
  const first = new Map<string, number>();
  const issues = members.flatMap((member, index): Issue[] => {
    const { by, name } = placeOf(member);
    const at = `${pointer}/clusters/${index}/${by}`;
    const among = [...clusters.keys()].filter((cluster) => isNamedBy(member, cluster, clusters));
    if (among.length === 0 && by !== 'cluster') return [unknownReference(at, say('NobodyThere', { by, name }))];
    const twice = among.find((cluster) => first.has(cluster));
    for (const cluster of among) if (!first.has(cluster)) first.set(cluster, index);
    if (twice === undefined) return [];
    return [conflict(at, say('NamedTwice', { cluster: twice, pointer: `${pointer}/clusters/${first.get(twice)}` }))];
  });
  if (first.size <= MAX_CLUSTERS) return issues;
  const tooMany = say('TooManyClusters', { count: first.size, most: MAX_CLUSTERS });
  return [...issues, conflict(`${pointer}/clusters`, tooMany)];
}

/**
 * Finds the unchanged splits that become faulty when clusters change their place, for example because a site that they
 * name has no cluster any more.
 */
export async function displacedSplits({ changes, now, then }: ChangeSet): Promise<Issue[]> {
  if (!changes.filter(isOf('cluster')).some(changesPlace)) return [];
  const changed = (kind: 'distribution' | 'route') =>
    new Set(changes.filter(isOf<'distribution' | 'route'>(kind)).map(({ resource }) => resource.name));
  const [was, is] = await Promise.all([now, then].map(async (reader) => byName(await reader.clusters())));
  const issues: Issue[] = [];
  for (const kind of ['distribution', 'route'] as const) {
    const others = changed(kind);
    for await (const resources of then.pages(kind)) {
      for (const resource of resources.filter(({ name }) => !others.has(name))) {
        issues.push(...displaced(resource, was ?? new Map(), is ?? new Map()));
      }
      if (issues.length >= SHOWN_PLACES) return issues.slice(0, SHOWN_PLACES);
    }
  }
  return issues;
}

type Clusters = ReadonlyMap<string, Resource<'cluster'>>;

function displaced(resource: Resource<'distribution' | 'route'>, was: Clusters, is: Clusters): Issue[] {
  const found = splitIn(resource);
  if (found === undefined || !namesPlaces(found.split)) return [];
  const known = new Set(faultsIn(found.split, found.pointer, was).map(({ pointer }) => pointer));
  return faultsIn(found.split, found.pointer, is)
    .filter(({ pointer }) => !known.has(pointer))
    .map(({ pointer, code, detail }) => {
      const { kind, name } = resource;
      const shown = code === 'unknown-reference' ? 'still-referenced' : code;
      return issueAt(`${kind}s/${name}${pointer}`, shown, say('Displaced', { kind, name, detail }));
    });
}

/** Returns the split that a resource declares and its pointer, or undefined for a route without a split of its own. */
function splitIn({ spec }: Resource<'distribution' | 'route'>): { split: Split; pointer: string } | undefined {
  if (!('rules' in spec)) return { split: spec, pointer: '#' };
  const { distribution } = spec;
  return distribution?.strategy === undefined ? undefined : { split: distribution, pointer: '#/distribution' };
}

/** Tells whether a change moves a cluster into or out of a site or city. */
function changesPlace({ verb, resource, before }: Change<'cluster'>): boolean {
  const place = (cluster: Resource<'cluster'> | undefined) => [cluster?.spec.site, cluster?.spec.city];
  const [was, is] = [place(before), place(verb === 'delete' ? undefined : resource)];
  return was.some((name, index) => name !== is[index]);
}
