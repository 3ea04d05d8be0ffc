import { canonicalJson, equal } from '../core/digest.ts';
import { termsOf } from '../core/lookup.ts';
import { instanceOf, type Kind, type Resource } from '../core/model.ts';
import { compareText } from '../core/precedence.ts';
import { byName } from '../core/resolve.ts';
import type { Store } from '../deps.ts';
import { pageOf, withChanges } from './overlay.ts';

/**
 * The store, but that the fleet is what is given: its resources are found in memory, by name and by term, however many are looked for. It
 * cannot be written to.
 */
export function withFleet(store: Store, fleet: string, resources: readonly Resource[]): Store {
  const of = <K extends Kind>(kind: K): Map<string, Resource<K>> =>
    byName(
      resources.filter((item): item is Resource<K> => item.kind === kind).sort((a, b) => compareText(a.name, b.name)),
    );
  const kinds: { [K in Kind]: Map<string, Resource<K>> } = {
    fleet: of('fleet'),
    cluster: of('cluster'),
    gateway: of('gateway'),
    service: of('service'),
    route: of('route'),
  };
  const under = Map.groupBy(
    [...kinds.route.values()].flatMap((route) =>
      termsOf(route.spec).map((term) => ({ key: canonicalJson(term), route })),
    ),
    ({ key }) => key,
  );
  const elsewhere = new Map<string, Promise<Resource<'gateway'>[]>>();
  const gatewaysElsewhere: Store['gatewaysAt'] = (target) => {
    const key = canonicalJson(instanceOf(target));
    const found = elsewhere.get(key) ?? store.gatewaysAt(target);
    elsewhere.set(key, found);
    return found;
  };
  return {
    ...withChanges(store, []),
    get: async (kind, home, name) => (home === fleet ? kinds[kind].get(name) : await store.get(kind, home, name)),
    all: async (kind, home) => (home === fleet ? [...kinds[kind].values()] : await store.all(kind, home)),
    list: async (kind, home, page) =>
      home === fleet ? pageOf([...kinds[kind].values()], page) : await store.list(kind, home, page),
    find: async (kind, home, names) => {
      if (home !== fleet) return await store.find(kind, home, names);
      return [...new Set(names)].flatMap((name) => kinds[kind].get(name) ?? []);
    },
    routesUnder: async (home, term, limit) => {
      if (home !== fleet) return await store.routesUnder(home, term, limit);
      return (under.get(canonicalJson(term)) ?? []).slice(0, limit).map(({ route }) => route);
    },
    gatewaysAt: async (target) => {
      const isThere = ({ spec }: Resource<'gateway'>) =>
        spec.target !== undefined && equal(instanceOf(spec.target), instanceOf(target));
      const others = (await gatewaysElsewhere(target)).filter((gateway) => gateway.fleet !== fleet);
      return [...others, ...[...kinds.gateway.values()].filter(isThere)];
    },
  };
}
