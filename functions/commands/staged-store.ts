import type { Write } from '../core/model/audit.ts';
import { equal } from '../core/model/digest.ts';
import { instanceOf, type Kind, type Resource } from '../core/model/resource.ts';
import { compareText } from '../core/model/text.ts';
import type { Store } from '../deps.ts';
import { byTerm, termKey } from './read-once.ts';

type Resources = Pick<Store, 'get' | 'list' | 'all' | 'find' | 'routesUnder' | 'gatewaysAt'>;

/** These change nothing that is declared, and are done by the store itself. */
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
  | 'waitingOperations'
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

/** These are all methods that do not read, so that a new method of the port does not compile before it stands on one of the two lists. */
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
  complete: refuse,
  appendAudit: refuse,
  putDocument: refuse,
  putDocuments: refuse,
};

/**
 * The store as it would be after these changes of a fleet, be it a few in a large fleet or as many as the fleet has: what changes is found
 * in memory, the rest in the store. It cannot be written to.
 */
export function stagedStore(store: Store, fleet: string, changes: readonly Write[]): Store {
  const changed = changedBy(changes);
  const isHome = (kind: Kind, home: string) => kind === 'fleet' || home === fleet;
  const comingTo = <K extends Kind>(kind: K, home: string): Resource<K>[] =>
    isHome(kind, home) ? [...changed[kind].values()].filter((item) => item !== undefined) : [];
  const stays = ({ kind, fleet: home, name }: Resource) => !isHome(kind, home) || !changed[kind].has(name);
  const under = byTerm(comingTo('route', fleet));
  const all: Store['all'] = async (kind, home) => merged(await store.all(kind, home), stays, comingTo(kind, home));
  return {
    ...store,
    ...WRITES,
    all,
    get: async <K extends Kind>(kind: K, home: string, name: string) =>
      isHome(kind, home) && changed[kind].has(name) ? changed[kind].get(name) : await store.get(kind, home, name),
    // What changes comes with the first page.
    list: async (kind, home, page) => {
      const { items, nextToken } = await store.list(kind, home, page);
      return { items: merged(items, stays, page.token === undefined ? comingTo(kind, home) : []), nextToken };
    },
    find: async (kind, home, names) => {
      const wanted = new Set(names);
      const coming = isHome(kind, home) ? [...wanted].flatMap((name) => changed[kind].get(name) ?? []) : [];
      return merged(await store.find(kind, home, wanted), stays, coming);
    },
    routesUnder: async (home, term, limit) => {
      const stored = await store.routesUnder(home, term, limit === undefined ? limit : limit + changed.route.size);
      return merged(stored, stays, home === fleet ? (under.get(termKey(term)) ?? []) : []).slice(0, limit);
    },
    gatewaysAt: async (target) => {
      const isThere = ({ spec }: Resource<'gateway'>) =>
        spec.target !== undefined && equal(instanceOf(spec.target), instanceOf(target));
      return merged(await store.gatewaysAt(target), stays, comingTo('gateway', fleet).filter(isThere));
    },
  };
}

type Changed = { [K in Kind]: Map<string, Resource<K> | undefined> };

/** Sorts by kind and name what each resource would be; undefined stands for those that go. */
function changedBy(changes: readonly Write[]): Changed {
  const changed: Changed = {
    fleet: new Map(),
    cluster: new Map(),
    gateway: new Map(),
    service: new Map(),
    distribution: new Map(),
    route: new Map(),
  };
  for (const { resource, verb } of changes) {
    const ofKind: Map<string, Resource | undefined> = changed[resource.kind];
    ofKind.set(resource.name, verb === 'delete' ? undefined : resource);
  }
  return changed;
}

function merged<T extends Resource>(stored: readonly T[], stays: (item: T) => boolean, coming: readonly T[]): T[] {
  return [...stored.filter(stays), ...coming].sort(byFleetAndName);
}

function byFleetAndName(a: Resource, b: Resource): number {
  return compareText(a.fleet, b.fleet) || compareText(a.name, b.name);
}
