import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Pool } from '../core/model/ir.ts';
import type { Kind, Resource } from '../core/model/resource.ts';
import type { Named } from '../core/routing/resolve.ts';
import type { Term } from '../core/routing/terms.ts';
import { pagesOf, type Store } from '../deps.ts';
import { readNamed } from '../engine/named.ts';
import { readOnce } from './read-once.ts';

/** The declarations of a fleet. Only what is asked for is read, because a fleet can be large. */
export interface FleetReader {
  readonly fleet: string;
  /** The underlying store, which reads each resource once per request. */
  readonly store: Store;
  /** Returns all gateways. A fleet has few of them. */
  gateways(): Promise<Resource<'gateway'>[]>;
  /** Returns all clusters. */
  clusters(): Promise<Resource<'cluster'>[]>;
  /** Returns the pools of all gateways, as last resolved. */
  pools(): Promise<Pool[]>;
  /** Yields all resources of a kind, page by page, in the order of their names. */
  pages<K extends Kind>(kind: K): AsyncGenerator<Resource<K>[]>;
  /** Returns the named resources that exist. */
  find<K extends Kind>(kind: K, names: Iterable<string>): Promise<Resource<K>[]>;
  /** Returns the resources that the routes name. */
  named(routes: readonly Pick<Resource<'route'>, 'spec'>[]): Promise<Named>;
  /** Returns the routes that are found under a term, at most `limit`. */
  routesUnder(term: Term, limit?: number): Promise<Resource<'route'>[]>;
  /** Returns the routes of other fleets that are found under one of the terms and go to the instance. */
  routesElsewhere(target: GatewayTarget, terms: readonly Term[]): Promise<Resource<'route'>[]>;
}

const PAGE = 200;

export function fleetReader(unread: Store, fleet: string): FleetReader {
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
    pages: (kind) => pagesOf(PAGE, (request) => store.list(kind, fleet, request)),
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
