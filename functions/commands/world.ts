import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Pool } from '../core/model/ir.ts';
import type { Kind, Resource } from '../core/model/resource.ts';
import type { Named } from '../core/routing/resolve.ts';
import type { Term } from '../core/routing/terms.ts';
import type { Store } from '../deps.ts';
import { readNamed } from '../engine/named.ts';
import { readOnce } from './read-once.ts';

/** The declarations of a fleet. A fleet can be large: only what is asked for is read of it. */
export interface World {
  readonly fleet: string;
  /** The store that this reads from, each resource once per request. */
  readonly store: Store;
  /** Every gateway, of which a fleet has few. */
  gateways(): Promise<Resource<'gateway'>[]>;
  /** Every cluster. */
  clusters(): Promise<Resource<'cluster'>[]>;
  /** The pools of every gateway, as last resolved. */
  pools(): Promise<Pool[]>;
  /** Every resource of a kind, page by page and by name. */
  pages<K extends Kind>(kind: K): AsyncGenerator<Resource<K>[]>;
  /** Those of the named resources that exist. */
  find<K extends Kind>(kind: K, names: Iterable<string>): Promise<Resource<K>[]>;
  /** What these routes name. */
  named(routes: readonly Pick<Resource<'route'>, 'spec'>[]): Promise<Named>;
  /** The routes under a term, or the first of them. */
  routesUnder(term: Term, limit?: number): Promise<Resource<'route'>[]>;
  /** Routes of other fleets that stand under one of the terms and go to the instance. */
  routesElsewhere(target: GatewayTarget, terms: readonly Term[]): Promise<Resource<'route'>[]>;
}

const PAGE = 200;

export function worldOf(unread: Store, fleet: string): World {
  const store = readOnce(unread);
  return {
    fleet,
    store,
    gateways: () => store.all('gateway', fleet),
    clusters: () => store.all('cluster', fleet),
    async pools() {
      const gateways = await store.all('gateway', fleet);
      return (await Promise.all(gateways.map(({ name }) => store.pools(fleet, name)))).flat();
    },
    async *pages(kind) {
      let token: string | undefined;
      do {
        const page = await store.list(kind, fleet, { limit: PAGE, token });
        yield page.items;
        token = page.nextToken;
      } while (token !== undefined);
    },
    find: (kind, names) => store.find(kind, fleet, names),
    named: (routes) => readNamed(store, fleet, routes),
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
