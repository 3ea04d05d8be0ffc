import type { Kind, Resource } from '../core/model.ts';
import { compareText } from '../core/precedence.ts';
import type { Page, PageRequest, Store } from '../deps.ts';

/** A change that has not been written; on delete, `resource` is the last state. */
export interface WouldBe {
  resource: Resource;
  verb: 'create' | 'update' | 'delete';
}

type Resources = Pick<Store, 'get' | 'list' | 'all'>;

/** What changes nothing that is declared, and is done by the store itself. */
type Reads =
  | 'referenceCount'
  | 'referenceCounts'
  | 'revision'
  | 'revisions'
  | 'revisionAt'
  | 'audit'
  | 'audits'
  | 'outbox'
  | 'programmed'
  | 'sync'
  | 'syncs'
  | 'pools'
  | 'baseline'
  | 'operation'
  | 'operations'
  | 'outcomes'
  | 'hold'
  | 'holds'
  | 'rollout'
  | 'rollouts'
  | 'nextSteps'
  | 'recall'
  // What a gateway was found to have is true of the gateway, whatever is declared.
  | 'remember'
  | 'budget'
  | 'putBudget'
  | 'health'
  | 'observations'
  | 'traffic'
  | 'decision'
  | 'decisions';

function refuse(): never {
  throw new Error('What would be is looked at only: nothing can be written there.');
}

/** Everything that is no read, so that a new method of the port does not compile before it stands on one of the two lists. */
const WRITES: Record<Exclude<keyof Store, keyof Resources | Reads>, () => never> = {
  commit: refuse,
  settle: refuse,
  putSync: refuse,
  putPools: refuse,
  putBaseline: refuse,
  begin: refuse,
  conclude: refuse,
  beginRollout: refuse,
  advance: refuse,
  endRollout: refuse,
  acquire: refuse,
  renew: refuse,
  release: refuse,
  putHealth: refuse,
  decide: refuse,
};

/** The store, but that every list of resources is read from it once, and single resources are taken from there. */
export function readOnce(store: Store): Store {
  const lists = new Map<string, Promise<Map<string, Resource>>>();
  const listOf = (kind: Kind, fleet: string) => {
    const key = `${kind}/${fleet}`;
    const list =
      lists.get(key) ?? store.all(kind, fleet).then((found) => new Map(found.map((item) => [item.name, item])));
    lists.set(key, list);
    return list;
  };
  return {
    ...store,
    all: async <K extends Kind>(kind: K, fleet: string) => [...(await listOf(kind, fleet)).values()] as Resource<K>[],
    get: async <K extends Kind>(kind: K, fleet: string, name: string) => {
      const list = await listOf(kind, kind === 'fleet' ? '' : fleet);
      return list.get(name) as Resource<K> | undefined;
    },
  };
}

/** The store as it would be after the changes, of which the last one of a resource counts. It cannot be written to. */
export function withChanges(store: Store, changes: readonly WouldBe[]): Store {
  const kept = new Map<string, Resource | undefined>();
  for (const { resource, verb } of changes) kept.set(keyOf(resource), verb === 'delete' ? undefined : resource);

  const all: Store['all'] = async <K extends Kind>(kind: K, fleet: string) => {
    const stored = (await store.all(kind, fleet)).filter((item) => !kept.has(keyOf(item)));
    const changed = [...kept.values()].filter((item): item is Resource<K> => isOf(item, kind, fleet));
    return [...stored, ...changed].sort((a, b) => compareText(a.name, b.name));
  };
  const resources: Resources = {
    get: async <K extends Kind>(kind: K, fleet: string, name: string) => {
      const key = keyOf({ kind, fleet, name });
      return kept.has(key) ? (kept.get(key) as Resource<K> | undefined) : await store.get(kind, fleet, name);
    },
    all,
    list: async (kind, fleet, page) => pageOf(await all(kind, fleet), page),
  };
  return { ...store, ...WRITES, ...resources };
}

function keyOf({ kind, fleet, name }: Pick<Resource, 'kind' | 'fleet' | 'name'>): string {
  return `${kind}/${fleet}/${name}`;
}

/** Fleets are in no fleet, and listed together. */
function isOf(resource: Resource | undefined, kind: Kind, fleet: string): boolean {
  return resource?.kind === kind && (kind === 'fleet' || resource.fleet === fleet);
}

/** The token is the last name of the page. */
function pageOf<T extends Resource>(sorted: readonly T[], { limit, token = '' }: PageRequest): Page<T> {
  const rest = sorted.filter((item) => item.name > token);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, nextToken: rest.length > limit ? last?.name : undefined };
}
