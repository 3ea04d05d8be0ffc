import { equal } from '../core/digest.ts';
import { isUnder } from '../core/lookup.ts';
import { instanceOf, type Kind, type Resource } from '../core/model.ts';
import { compareText } from '../core/precedence.ts';
import type { Page, PageRequest, Store } from '../deps.ts';

/** A change that has not been written; on delete, `resource` is the last state. */
export interface WouldBe {
  resource: Resource;
  verb: 'create' | 'update' | 'delete';
}

type Resources = Pick<Store, 'get' | 'list' | 'all' | 'find' | 'routesUnder' | 'gatewaysAt'>;

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
  | 'waiting'
  | 'nextBehind'
  | 'programmed'
  | 'sync'
  | 'syncs'
  | 'pools'
  | 'baseline'
  | 'reading'
  | 'readings'
  | 'points'
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
  | 'inputs'
  | 'document'
  | 'documents'
  | 'pendingDocuments'
  // Only what works on all fleets asks for them.
  | 'fleets'
  | 'heartbeats'
  | 'decision'
  | 'decisions';

function refuse(): never {
  throw new Error('What would be is looked at only: nothing can be written there.');
}

/** Everything that is no read, so that a new method of the port does not compile before it stands on one of the two lists. */
const WRITES: Record<Exclude<keyof Store, keyof Resources | Reads>, () => never> = {
  beat: refuse,
  commit: refuse,
  settle: refuse,
  putSync: refuse,
  putPools: refuse,
  putBaseline: refuse,
  putReading: refuse,
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
  appendAudit: refuse,
  putDocument: refuse,
};

/** The store as it would be after the changes, of which the last one of a resource counts. It cannot be written to. */
export function withChanges(store: Store, changes: readonly WouldBe[]): Store {
  const kept = new Map<string, Resource | undefined>();
  for (const { resource, verb } of changes) kept.set(keyOf(resource), verb === 'delete' ? undefined : resource);

  /** What is stored, but for what has changed, and of the latter what belongs there now. */
  const merged = <K extends Kind>(kind: K, stored: readonly Resource<K>[], belongs: (item: Resource<K>) => boolean) => {
    const changed = [...kept.values()].filter((item) => isOf(item, kind)).filter(belongs);
    return [...stored.filter((item) => !kept.has(keyOf(item))), ...changed].sort(byFleetAndName);
  };
  const all: Store['all'] = async (kind, fleet) =>
    merged(kind, await store.all(kind, fleet), (item) => kind === 'fleet' || item.fleet === fleet);
  const resources: Resources = {
    get: async <K extends Kind>(kind: K, fleet: string, name: string) => {
      const key = keyOf({ kind, fleet, name });
      return kept.has(key) ? (kept.get(key) as Resource<K> | undefined) : await store.get(kind, fleet, name);
    },
    all,
    list: async (kind, fleet, page) => pageOf(await all(kind, fleet), page),
    find: async (kind, fleet, names) => {
      const wanted = new Set(names);
      const belongs = (item: Resource) => item.fleet === fleet && wanted.has(item.name);
      return merged(kind, await store.find(kind, fleet, wanted), belongs);
    },
    routesUnder: async (fleet, term, limit) => {
      const belongs = (item: Resource<'route'>) => item.fleet === fleet && isUnder(item.spec, term);
      return merged('route', await store.routesUnder(fleet, term), belongs).slice(0, limit);
    },
    gatewaysAt: async (target) => {
      const belongs = ({ spec }: Resource<'gateway'>) =>
        spec.target !== undefined && equal(instanceOf(spec.target), instanceOf(target));
      return merged('gateway', await store.gatewaysAt(target), belongs);
    },
  };
  return { ...store, ...WRITES, ...resources };
}

function keyOf({ kind, fleet, name }: Pick<Resource, 'kind' | 'fleet' | 'name'>): string {
  return `${kind}/${fleet}/${name}`;
}

function isOf<K extends Kind>(resource: Resource | undefined, kind: K): resource is Resource<K> {
  return resource?.kind === kind;
}

function byFleetAndName(a: Resource, b: Resource): number {
  return compareText(a.fleet, b.fleet) || compareText(a.name, b.name);
}

/** The token is the last name of the page. */
export function pageOf<T extends Resource>(sorted: readonly T[], { limit, token = '' }: PageRequest): Page<T> {
  const rest = sorted.filter((item) => item.name > token);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, nextToken: rest.length > limit ? last?.name : undefined };
}
