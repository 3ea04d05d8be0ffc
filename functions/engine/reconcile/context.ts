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

/** What a gateway shall have, and what is known of it, as it was read from the store at one time. */
export interface GatewayContext {
  resource: Resource<'gateway'>;
  session: Session;
  scope: Scope;
  provider: GatewayProvider;
  /** Of what is declared; not matched yet. With scope `pools` the pools as they were last matched, and no rules. */
  config: GatewayConfig;
  /** By service, every cluster that exports it; none with scope `pools`. */
  exporters: ReadonlyMap<string, readonly Member[]>;
  /** The pools that the gateway serves, as they were last matched. */
  pools: readonly Pool[];
  traffic: Traffic;
  baseline: Baseline;
  last: Reading;
  lastPoints: Points;
  known: KnownObjects;
  /** Whether what somebody changed at the gateway is to be undone. */
  revertsDrift: boolean;
  /** Somebody asks for it: what the cloud has refused lately is tried again at once. */
  isAsked: boolean;
}

/** Traffic is read last: whoever moves it after that finds the run yielding. */
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
    // A failover reads the pools as last resolved, however many routes stand before them.
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

/** Pools of a release that did not match them can be found by their rules only, for which the gateway is read as a whole. */
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

/** The routes of the gateway and what they name, however large the rest of the fleet is. */
export async function declaredAt(store: Store, gateway: Resource<'gateway'>): Promise<Declared> {
  const { fleet, name } = gateway;
  const routes = await store.routesUnder(fleet, { kind: 'gateway', name });
  const named = await readNamed(store, fleet, routes);
  return {
    config: resolveNamed(routes, named),
    exporters: new Map([...named.services.values()].map((item) => [item.name, exporters(item, named.clusters)])),
  };
}

/** The pools of the configuration, and those before it that are served by objects of their own: a failover must know both. */
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
