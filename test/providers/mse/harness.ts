import { createCloud } from '../../../functions/cloud/alicloud.ts';
import { plan } from '../../../functions/core/gateway/plan.ts';
import type { Json, Refusal } from '../../../functions/core/gateway/provider-object.ts';
import { digest } from '../../../functions/core/model/digest.ts';
import type { GatewayConfig, PoolObject, Rule } from '../../../functions/core/model/ir.ts';
import type { Cloud } from '../../../functions/deps.ts';
import type { MseObject, RouteObject, ServiceObject } from '../../../functions/providers/mse/compile/canonical.ts';
import { compile } from '../../../functions/providers/mse/compile/compile.ts';
import { mse } from '../../../functions/providers/mse/index.ts';
import type { Facts } from '../../../functions/providers/mse/observe/facts.ts';
import type { KnownObjects, Observed, Scope, Session } from '../../../functions/providers/provider.ts';
import type { LogEntry } from '../../../infra/local/cloud/log.ts';
import type { Gateway, MseDataPlane } from '../../../infra/local/cloud/mse/model.ts';
import type { RamPolicy } from '../../../infra/local/cloud/ram.ts';
import { type LocalCloud, startLocalCloud } from '../../../infra/local/cloud/server.ts';
import { ramPolicies } from '../../../infra/policies.ts';
import type { RouteFilter } from '../../../schemas/filter.ts';
import { RouteFilter as Filter } from '../../../schemas/filter.ts';
import type { MseTarget } from '../../../schemas/gateway.ts';
import { RouteMatch } from '../../../schemas/route.ts';
import { fakeClock } from '../../cloud/fake-clock.ts';
import { type AccessKey, accounts, closeAllowed, OWNER_OF_ACCOUNT, RESTRICTED } from '../accounts.ts';
import { declaredShares, type Reconciled, type SharesOf } from '../alb/harness.ts';
import { createMemory } from '../memory.ts';
import { madeCalls, valuesOf } from '../planned.ts';

export { declaredShares, member, pool, type SharesOf } from '../alb/harness.ts';

export const OWNER = 'fairlead/prod/edge';

/** A rule for a prefix, or for the match that is given, with these pools by weight. */
export function rule(
  match: string | Parameters<typeof RouteMatch.parse>[0],
  pools: Record<string, number>,
  more: Partial<Rule> = {},
): Rule {
  const parsed = RouteMatch.parse(typeof match === 'string' ? { path: { type: 'Prefix', value: match } } : match);
  const backends = Object.entries(pools).map(([key, weight]) => ({ pool: key, weight }));
  const key = `route${digest(parsed).slice(0, 6)}/0/0/shop.example.com`;
  return { key, hostname: 'shop.example.com', match: parsed, backends, filters: [], ...more };
}

export function filter(value: object): Exclude<RouteFilter, { type: 'RequestMirror' }> {
  const parsed = Filter.parse(value);
  if (parsed.type === 'RequestMirror') throw new Error('a mirror is no filter of a rule');
  return parsed;
}

/** All of a pool for these clusters, shared equally. */
export const only =
  (...clusters: string[]): SharesOf =>
  (one) =>
    one.members.map(({ cluster }) => ({ cluster, percent: clusters.includes(cluster) ? 100 / clusters.length : 0 }));

export const NO_FACTS: Facts = {
  domains: {},
  impostors: [],
  ofIngressController: false,
  routeStatus: {},
  shadows: [],
};
export const NOTHING: Observed = { objects: [], foreign: [], facts: NO_FACTS };

/** Nothing is found by its id, since no object can lose its name. */
export const NO_IDS: KnownObjects = new Map();

const SESSION = {
  target: { provider: 'mse' as const, regionId: 'cn-hangzhou', gatewayUniqueId: 'gw-1' },
  owner: OWNER,
};

/** The configuration with the services that an empty gateway would get. */
export function matched(config: GatewayConfig): GatewayConfig {
  return mse.match(config, NOTHING, SESSION);
}

/** The objects for a gateway that is empty. */
export function compiled(config: GatewayConfig, shares: SharesOf = declaredShares): MseObject[] {
  const poolShares = new Map(config.pools.map((one) => [one.key, shares(one)]));
  return compile(matched(config), poolShares, NOTHING, SESSION);
}

export const isRoute = (object: MseObject): object is RouteObject => object.kind === 'Route';
export const isService = (object: MseObject): object is ServiceObject => object.kind === 'Service';

export interface Mse {
  cloud: LocalCloud;
  target: MseTarget;
  gateway: Gateway;
  /** May do what the RAM policy allows. */
  client: Cloud;
  session(options?: { cloud?: Cloud; owner?: string }): Session<MseTarget>;
  /** As the owner of the account, who may do everything. */
  call(action: string, parameters: Record<string, Json | undefined>): Promise<Record<string, Json>>;
  /** One reconciliation. */
  reconcile(config: GatewayConfig, options?: ReconcileOptions): Promise<MseReconciled>;
  /** Calls since the last time this was asked. */
  calls(kind: 'read' | 'write'): string[];
  /** Addresses of a service, by a part of its name. */
  addresses(part: string): string[];
  close(): Promise<void>;
}

/** What the cloud refused, and the configuration and the gateway as the second plan found them. */
export interface MseReconciled extends Omit<Reconciled, 'config'> {
  refused: Refusal[];
  matched: GatewayConfig;
  observed: Observed;
}

interface ReconcileOptions {
  shares?: SharesOf;
  scope?: Scope;
  session?: Session<MseTarget>;
}

const SILENT = { info: () => {}, error: () => {} };

/** A data plane that carries nothing: these tests look at the configuration. */
const NO_DATA_PLANE: MseDataPlane = {
  openGateway: async () => '127.0.0.1:1',
  closeGateway: async () => {},
  endpointHealth: () => 'healthy',
  close: async () => {},
};

/** An empty gateway in a local cloud that publishes after a while, in virtual time. */
export async function startMse(
  options: { tags?: { Key: string; Value: string }[]; policies?: RamPolicy[] } = {},
): Promise<Mse> {
  const clock = fakeClock(Date.now());
  const cloud = await startLocalCloud({
    ...accounts(...(options.policies ?? [ramPolicies.routing])),
    publishLatencyMs: 1500,
    throttle: false,
    mseDataPlane: () => NO_DATA_PLANE,
    now: clock.now,
  });
  const clientOf = (keys: AccessKey) =>
    createCloud({ credentials: { default: keys }, endpoint: () => cloud.url, clock, log: SILENT, random: () => 0.5 });
  const client = clientOf(RESTRICTED);
  const owner = clientOf(OWNER_OF_ACCOUNT);
  const call: Mse['call'] = (action, parameters) =>
    owner.call({ product: 'mse', regionId: 'cn-hangzhou', credentials: 'default', action, parameters });
  const { Data } = await call('AddGateway', {
    Name: 'edge',
    Region: 'cn-hangzhou',
    Vpc: 'vpc-1',
    ZoneInfo: [{ VSwitchId: 'vsw-1', ZoneId: 'cn-hangzhou-a' }],
    Tag: options.tags,
  });
  await clock.sleep(5000);
  await cloud.runDue();
  const gatewayUniqueId = Object(Data)['GatewayUniqueId'];
  const gateway = cloud.mse.gateways.get(gatewayUniqueId);
  if (gateway === undefined) throw new Error('there is no gateway');
  const target: MseTarget = { provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId };
  const memory = createMemory();
  const stored = new Map<string, PoolObject[]>();
  const session: Mse['session'] = ({ cloud: other = client, owner: mark = OWNER } = {}) => ({
    target,
    cloud: other,
    clock,
    credentials: 'default',
    priority: 'normal',
    owner: mark,
    createToken: (key) => key,
    writeToken: (parts) => parts.join(),
    ensureLease: async () => {},
    memory,
    whileWaiting: async () => {},
  });
  let seen = cloud.log.entries.length;
  return {
    cloud,
    target,
    gateway,
    client,
    session,
    call,
    reconcile: (config, more = {}) => reconcile({ cloud, gateway, stored }, config, { session: session(), ...more }),
    calls: (kind) => {
      const entries = cloud.log.entries.slice(seen);
      seen = cloud.log.entries.length;
      return entries.filter((entry) => entry.kind === kind).map((entry) => entry.action);
    },
    addresses: (part) => [...gateway.services.values()].find((service) => service.Name.includes(part))?.Ips ?? [],
    close: () => closeAllowed(cloud),
  };
}

interface Place extends Pick<Mse, 'cloud' | 'gateway'> {
  /** What served the pools when everything was reconciled last, by pool. */
  stored: Map<string, PoolObject[]>;
}

async function reconcile(
  { cloud, gateway, stored }: Place,
  config: GatewayConfig,
  { session, shares = declaredShares, scope = 'full' }: ReconcileOptions & { session: Session<MseTarget> },
): Promise<MseReconciled> {
  const poolShares = new Map(config.pools.map((one) => [one.key, shares(one)]));
  const isFull = scope === 'full';
  const look = async () => {
    const observed = await mse.observe(session, scope, NO_IDS);
    const pools = config.pools.map((one) => ({ ...one, objects: stored.get(one.key) }));
    const known = isFull ? mse.match(config, observed, session) : { ...config, pools };
    const desired = mse.compile(known, poolShares, observed, session);
    return { observed, matched: known, plan: plan(desired, observed.objects, 'sync', isFull ? 'full' : 'update') };
  };
  const first = await look();
  const planned = mse.calls(first.plan.changes, first.observed, session);
  const keys = new Map(first.observed.objects.map(({ remoteId, key }) => [remoteId, key]));
  const from = cloud.log.entries.length;
  const refused: Refusal[] = [];
  for (const batch of mse.batch(first.plan.changes)) {
    refused.push(...(await mse.apply(batch, first.observed, session)));
  }
  for (const { Id, Name } of [...gateway.services.values(), ...gateway.routes.values()]) keys.set(String(Id), Name);
  const made = madeCalls(cloud.log.entries.slice(from), (entry) => keysOf(entry, keys));
  const last = await look();
  if (isFull) for (const { key, objects } of last.matched.pools) stored.set(key, objects ?? []);
  return { ...last, plan: first.plan, left: last.plan, planned, made, refused };
}

/** The object of a write: one that it creates has a name, the others have ids. */
function keysOf(entry: LogEntry, keys: ReadonlyMap<string | undefined, string>): (string | undefined)[] {
  const [list] = valuesOf(entry, /^ServiceList$/);
  if (list !== undefined) return JSON.parse(list).map((service: { Name: string }) => service.Name);
  if (entry.action.startsWith('Add')) return valuesOf(entry, /^Name$/);
  return valuesOf(entry, /^(Id|RouteId|ServiceId)$/).map((id) => keys.get(id));
}

/** Passes calls on, and fails the n-th write (from 1), before or after the cloud has done it, and all that follows. */
export function crashing(cloud: Cloud, writeNumber: number, when: 'before' | 'after'): Cloud {
  let writes = 0;
  return {
    async call(request) {
      if (request.beforeAttempt !== undefined) writes++;
      const isLast = request.beforeAttempt !== undefined && writes === writeNumber;
      if (writes < writeNumber) return cloud.call(request);
      if (isLast && when === 'after') await cloud.call(request);
      throw new Error('crash');
    },
  };
}
