import type { Traffic } from '../../core/failover/traffic.ts';
import type { Baseline } from '../../core/gateway/drift.ts';
import { noReading, type Points, type Reading } from '../../core/gateway/reading.ts';
import type { GatewayConfig, Member, Pool } from '../../core/model/ir.ts';
import type { Resource } from '../../core/model/resource.ts';
import { exporters, resolveNamed } from '../../core/routing/resolve.ts';
import type { Store } from '../../deps.ts';
import type { GatewayProvider, KnownObjects, Scope, Session } from '../../providers/provider.ts';
import { providerFor } from '../../providers/registry.ts';
import { readNamed } from '../named.ts';

/** The desired state of a gateway and what is known of its actual state, as read from the store at one time. */
export interface GatewayContext {
  resource: Resource<'gateway'>;
  session: Session;
  scope: Scope;
  provider: GatewayProvider;
  /**
   * The configuration that is declared, before it is matched with the gateway. With scope `pools` it has the pools as
   * they were last matched, and no rules.
   */
  config: GatewayConfig;
  /** Every cluster that exports a service, by the name of the service. Empty with scope `pools`. */
  exporters: ReadonlyMap<string, readonly Member[]>;
  /** The pools that the gateway serves, as they were last matched. */
  pools: readonly Pool[];
  traffic: Traffic;
  baseline: Baseline;
  last: Reading;
  lastPoints: Points;
  known: KnownObjects;
  /** True when changes that somebody made at the gateway are to be undone. */
  revertsDrift: boolean;
  /** True when somebody asks for the run. Changes that the cloud refused lately are then tried again at once. */
  isAsked: boolean;
}

/** Reads the context of a gateway. Traffic is read last, so that a run yields to anybody who moves it after that. */
export async function readContext(
  store: Store,
  resource: Resource<'gateway'>,
  session: Session,
  { scope, isAsked }: { scope: Scope; isAsked: boolean },
): Promise<GatewayContext> {
  const { fleet, name } = resource;
  const [declared, pools, baseline, reading, lastPoints] = await Promise.all([
    scope === 'full' ? declaredAt(store, resource) : undefined,
    store.pools(fleet, name),
    store.baseline(fleet, name),
    store.reading(fleet, name),
    store.points(fleet, name),
  ]);
  return {
    resource,
    session,
    scope,
    provider: providerFor(session.target.provider),
    // A failover uses the pools as they were last resolved, so that its cost does not depend on the number of routes.
    config: declared?.config ?? { rules: [], pools },
    exporters: declared?.exporters ?? new Map(),
    pools,
    traffic: await store.traffic(fleet),
    baseline,
    last: reading ?? noReading(fleet, name),
    lastPoints,
    known: knownObjects(pools),
    revertsDrift: isAsked || resource.spec.drift === 'revert',
    isAsked,
  };
}

/**
 * Tells whether all pools are matched with their objects. Pools written by an old release are not; they can only be
 * found by their rules, for which the whole gateway is read.
 */
export function areMatched(pools: readonly Pool[]): boolean {
  return pools.every(({ objects }) => objects !== undefined);
}

function knownObjects(pools: readonly Pool[]): KnownObjects {
  return new Map(
    pools.flatMap(({ objects = [] }) =>
      objects.flatMap(({ key, remoteId }) => (remoteId === undefined ? [] : [[key, remoteId] as const])),
    ),
  );
}

interface Declared {
  config: GatewayConfig;
  exporters: GatewayContext['exporters'];
}

/** Reads the routes of the gateway and only what they name, because the rest of the fleet may be large. */
export async function declaredAt(store: Store, gateway: Resource<'gateway'>): Promise<Declared> {
  const { fleet, name } = gateway;
  const routes = await store.routesUnder(fleet, { kind: 'gateway', name });
  const named = await readNamed(store, fleet, routes);
  return {
    config: resolveNamed(routes, named),
    exporters: new Map([...named.services.values()].map((item) => [item.name, exporters(item, named.clusters)])),
  };
}

/**
 * Returns the pools of the configuration, and the earlier pools that still have objects of their own to serve them. A
 * failover must know both.
 */
export function withServing(
  { pools: before }: Pick<GatewayContext, 'pools'>,
  { pools }: GatewayConfig,
  isThere: (key: string) => boolean,
): Pool[] {
  const known = new Set(pools.map(({ key }) => key));
  const taken = new Set(pools.flatMap(({ objects = [] }) => objects.map(({ key }) => key)));
  const serves = ({ key, objects = [] }: Pool) =>
    !known.has(key) && objects.length > 0 && objects.every((object) => !taken.has(object.key) && isThere(object.key));
  return [...pools, ...before.filter(serves)];
}
