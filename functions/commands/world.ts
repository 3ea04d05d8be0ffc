import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Kind, Resource } from '../core/model.ts';
import type { Store } from '../deps.ts';

/** What else is declared in a fleet; read when first needed, and once per request. */
export interface World {
  readonly fleet: string;
  all<K extends Kind>(kind: K): Promise<Resource<K>[]>;
  /** The services with these names, as far as they exist. */
  services(names: Iterable<string>): Promise<Resource<'service'>[]>;
  /** Routes of other fleets that go to an instance which is theirs as well. */
  routesOfOtherFleets(isSame: (target: GatewayTarget) => boolean): Promise<Resource<'route'>[]>;
}

/** Services can be large: up to this many are read one by one, more by reading them all. */
const SINGLE_READS = 8;

export function worldOf(store: Store, fleet: string): World {
  const all: Loaders = {
    fleet: once(() => store.all('fleet', fleet)),
    cluster: once(() => store.all('cluster', fleet)),
    gateway: once(() => store.all('gateway', fleet)),
    service: once(() => store.all('service', fleet)),
    route: once(() => store.all('route', fleet)),
  };
  const single = new Map<string, Promise<Resource<'service'> | undefined>>();
  const service = (name: string) => {
    const reading = single.get(name) ?? store.get('service', fleet, name);
    single.set(name, reading);
    return reading;
  };
  return {
    fleet,
    all: (kind) => all[kind](),
    async services(names) {
      const wanted = new Set(names);
      if (wanted.size > SINGLE_READS) return (await all.service()).filter((item) => wanted.has(item.name));
      const found = await Promise.all([...wanted].map(service));
      return found.filter((item) => item !== undefined);
    },
    async routesOfOtherFleets(isSame) {
      const others = (await store.all('fleet', '')).filter((other) => other.name !== fleet);
      const routes = await Promise.all(others.map((other) => routesTo(store, other.name, isSame)));
      return routes.flat();
    },
  };
}

async function routesTo(
  store: Store,
  fleet: string,
  isSame: (target: GatewayTarget) => boolean,
): Promise<Resource<'route'>[]> {
  const gateways = (await store.all('gateway', fleet)).filter(({ spec }) => spec.target && isSame(spec.target));
  if (gateways.length === 0) return [];
  const routes = await store.all('route', fleet);
  return routes.filter((route) => gateways.some((gateway) => route.spec.gateways.includes(gateway.name)));
}

type Loaders = { [K in Kind]: () => Promise<Resource<K>[]> };

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load();
    return loading;
  };
}
