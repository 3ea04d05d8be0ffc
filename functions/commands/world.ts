import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Pool } from '../core/ir.ts';
import { ingressClustersOf, type Term } from '../core/lookup.ts';
import type { Kind, Resource } from '../core/model.ts';
import { byName, type Named } from '../core/resolve.ts';
import type { Store } from '../deps.ts';

/** What else is declared in a fleet. A fleet can be large: what is read of it is what is asked for. */
export interface World {
  readonly fleet: string;
  /** Every gateway, of which a fleet has few; read once per request. */
  gateways(): Promise<Resource<'gateway'>[]>;
  /** Every cluster; read once per request. */
  clusters(): Promise<Resource<'cluster'>[]>;
  /** The pools of every gateway, as last resolved. */
  pools(): Promise<Pool[]>;
  /** Every resource of a kind, page by page and by name. */
  pages<K extends Kind>(kind: K): AsyncGenerator<Resource<K>[]>;
  /** Those of the named resources that exist; each is read once per request. */
  find<K extends Kind>(kind: K, names: Iterable<string>): Promise<Resource<K>[]>;
  /** These services, and the clusters whose ingress serves them. */
  named(services: Iterable<string>): Promise<Named>;
  /** The routes under a term, or the first of them. */
  routesUnder(term: Term, limit?: number): Promise<Resource<'route'>[]>;
  /** Routes of other fleets that stand under one of the terms and go to the instance. */
  routesElsewhere(target: GatewayTarget, terms: readonly Term[]): Promise<Resource<'route'>[]>;
}

const PAGE = 200;

export function worldOf(store: Store, fleet: string): World {
  const finders: { [K in Kind]: Finder<K> } = {
    fleet: finder((names) => store.find('fleet', fleet, names)),
    cluster: finder((names) => store.find('cluster', fleet, names)),
    gateway: finder((names) => store.find('gateway', fleet, names)),
    service: finder((names) => store.find('service', fleet, names)),
    route: finder((names) => store.find('route', fleet, names)),
  };
  const gateways = once(() => store.all('gateway', fleet));
  return {
    fleet,
    gateways,
    clusters: once(() => store.all('cluster', fleet)),
    pools: async () => (await Promise.all((await gateways()).map(({ name }) => store.pools(fleet, name)))).flat(),
    async *pages(kind) {
      let token: string | undefined;
      do {
        const page = await store.list(kind, fleet, { limit: PAGE, token });
        yield page.items;
        token = page.nextToken;
      } while (token !== undefined);
    },
    find: (kind, names) => finders[kind](names),
    async named(names) {
      const services = await finders.service(names);
      const clusters = await finders.cluster(services.flatMap(({ spec }) => ingressClustersOf(spec)));
      return { services: byName(services), clusters: byName(clusters) };
    },
    routesUnder: (term, limit) => store.routesUnder(fleet, term, limit),
    async routesElsewhere(target, terms) {
      const gateways = (await store.gatewaysAt(target)).filter((gateway) => gateway.fleet !== fleet);
      const fleets = Map.groupBy(gateways, (gateway) => gateway.fleet);
      const routes = await Promise.all(
        [...fleets.keys()].flatMap((other) => terms.map((term) => store.routesUnder(other, term))),
      );
      const isThere = ({ fleet: other, spec }: Resource<'route'>) =>
        fleets.get(other)?.some(({ name }) => spec.gateways.includes(name)) ?? false;
      return routes.flat().filter(isThere);
    },
  };
}

type Finder<K extends Kind> = (names: Iterable<string>) => Promise<Resource<K>[]>;

/** Reads what it has not read yet. */
function finder<K extends Kind>(load: Finder<K>): Finder<K> {
  const known = new Map<string, Promise<Resource<K> | undefined>>();
  return async (names) => {
    const wanted = new Set(names);
    const unknown = [...wanted].filter((name) => !known.has(name));
    const loading = unknown.length > 0 ? load(unknown).then(byName) : undefined;
    for (const name of unknown)
      known.set(
        name,
        Promise.resolve(loading).then((found) => found?.get(name)),
      );
    const found = await Promise.all([...wanted].map((name) => known.get(name)));
    return found.filter((item) => item !== undefined);
  };
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load();
    return loading;
  };
}
