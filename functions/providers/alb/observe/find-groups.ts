import type { KnownObjects } from '../../provider.ts';
import type { AlbSession } from '../calls.ts';
import { groupName, KEY_TAG, keyOfName, OWNER_TAG, tagOf, tagValue, uniqueKeys } from '../compile/marks.ts';
import { type Group, listGroupsById, listGroupsByName, preferGroup } from './lists.ts';

/** The traces by which the server groups of a gateway are found. */
export interface Traces {
  /** The groups that carry our owner tag. */
  tagged: readonly Group[];
  /** The ids of the groups that our rules refer to. */
  pointedTo: readonly string[];
  known: KnownObjects;
  vpcId: string;
}

/** A server group of ours with its key. */
export interface FoundGroup {
  key: string;
  group: Group;
}

/**
 * Finds our server groups by the ids that we know and that our rules refer to, by tag, and then by name, so that a
 * group is found even without its tags. A group that carries the mark of another owner is never ours. One without any
 * mark is ours only if we know its id, or if it has a name that we give and serves no other load balancer.
 */
export async function findGroups(session: AlbSession, traces: Traces): Promise<FoundGroup[]> {
  const keysById = new Map([...traces.known].map(([key, id]) => [id, key]));
  const found = new Map(traces.tagged.map((group) => [group.ServerGroupId, group]));
  const asked = [...new Set([...traces.pointedTo, ...keysById.keys()])].filter((id) => !found.has(id));
  for (const group of await listGroupsById(session, asked)) {
    if (isOurs(group, keysById, session)) found.set(group.ServerGroupId, group);
  }
  for (const { key, group } of await findByName(session, traces, [...found.values()])) {
    found.set(group.ServerGroupId, group);
    keysById.set(group.ServerGroupId, key);
  }
  return withKeys([...found.values()], keysById);
}

function isOurs(group: Group, keysById: ReadonlyMap<string, string>, session: AlbSession): boolean {
  const owner = tagOf(group, OWNER_TAG);
  if (owner !== undefined) return owner === tagValue(session.owner);
  if (keysById.has(group.ServerGroupId)) return true;
  const isNamed = tagOf(group, KEY_TAG) !== undefined || keyOfName(group.ServerGroupName) !== undefined;
  return isNamed && servesNobodyElse(group, session);
}

function servesNobodyElse({ RelatedLoadBalancerIds }: Group, { target }: AlbSession): boolean {
  return RelatedLoadBalancerIds.every((id) => id === target.loadBalancerId);
}

/**
 * Finds groups of known keys that have not been found otherwise, such as a group that somebody restored under its name.
 */
async function findByName(
  session: AlbSession,
  { known, vpcId }: Traces,
  found: readonly Group[],
): Promise<FoundGroup[]> {
  const ids = new Set(found.map((group) => group.ServerGroupId));
  const tags = new Set(found.map((group) => tagOf(group, KEY_TAG)));
  const missing = [...known].filter(([key, id]) => !ids.has(id) && !tags.has(tagValue(key))).map(([key]) => key);
  const named = (await listGroupsByName(session, missing.map(groupName), vpcId)).sort(preferGroup);
  return missing.flatMap((key) => {
    const group = named.find(
      (one) =>
        one.ServerGroupName === groupName(key) &&
        tagOf(one, OWNER_TAG) === undefined &&
        servesNobodyElse(one, session) &&
        !ids.has(one.ServerGroupId),
    );
    return group ? [{ key, group }] : [];
  });
}

/** Assigns a key to each group. A known id is more reliable than a tag, which anybody can edit. */
function withKeys(groups: Group[], keysById: ReadonlyMap<string, string>): FoundGroup[] {
  const isKnown = (group: Group) => Number(keysById.has(group.ServerGroupId));
  const sorted = groups.sort((a, b) => isKnown(b) - isKnown(a) || preferGroup(a, b));
  const keyOf = (group: Group) =>
    keysById.get(group.ServerGroupId) ??
    tagOf(group, KEY_TAG) ??
    keyOfName(group.ServerGroupName) ??
    `group/${group.ServerGroupId}`;
  const keys = uniqueKeys(sorted.map((group) => ({ id: group.ServerGroupId, key: keyOf(group) })));
  return sorted.map((group) => ({ group, key: keys.get(group.ServerGroupId) ?? keyOf(group) }));
}
