import type { Write } from '../core/model/audit.ts';
import { equal } from '../core/model/digest.ts';
import { instanceOf, type Kind, type Resource } from '../core/model/resource.ts';
import { compareText } from '../core/model/text.ts';
import type { Store } from '../deps.ts';
import { byTerm, termKey } from './read-once.ts';

type Resources = Pick<Store, 'get' | 'list' | 'all' | 'find' | 'routesUnder' | 'gatewaysAt'>;

/** The methods that leave declarations unchanged and are passed on to the store. */
type Reads =
  | 'referenceCount'
  | 'referenceCounts'
  | 'revision'
  | 'revisions'
  | 'revisionAt'
  | 'audit'
  | 'audits'
  | 'auditMarks'
  | 'sealHead'
  | 'sealHeads'
  | 'seals'
  | 'sealsAfter'
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
  | 'manifestWrite'
  | 'manifestWrites'
  | 'nextSteps'
  | 'recall'
  // Facts about a gateway are true whatever is declared, so they may be remembered.
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
  // Methods that only jobs across all fleets use.
  | 'fleets'
  | 'heartbeats'
  | 'decision'
  | 'decisions';

function rejectWrite(): never {
  throw new Error('What would be is looked at only: nothing can be written there.');
}

/**
 * All methods that write. Because the type covers every method that is not on the list of reads, a new method of the
 * port does not compile until it is on one of the two lists.
 */
const WRITES: Record<Exclude<keyof Store, keyof Resources | Reads>, () => never> = {
  beat: rejectWrite,
  claimRequest: rejectWrite,
  keepAnswer: rejectWrite,
  freeRequest: rejectWrite,
  commit: rejectWrite,
  acknowledge: rejectWrite,
  putSync: rejectWrite,
  putPools: rejectWrite,
  putBaseline: rejectWrite,
  putReading: rejectWrite,
  begin: rejectWrite,
  conclude: rejectWrite,
  beginManifestWrite: rejectWrite,
  advance: rejectWrite,
  endManifestWrite: rejectWrite,
  acquire: rejectWrite,
  renew: rejectWrite,
  release: rejectWrite,
  putHealth: rejectWrite,
  decide: rejectWrite,
  complete: rejectWrite,
  appendAudit: rejectWrite,
  closeAudit: rejectWrite,
  putSeal: rejectWrite,
  countRefusal: rejectWrite,
  putDocument: rejectWrite,
  putDocuments: rejectWrite,
};

/**
 * Returns the store as it would be after the changes of a fleet. Changed resources are found in memory, the others in
 * the store. It cannot be written to.
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
    // Changed resources are part of the first page.
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

/** Groups the resulting resources by kind and name; undefined stands for a deleted one. */
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
