import { createCloud } from '../../../functions/cloud/alicloud.ts';
import { digest } from '../../../functions/core/digest.ts';
import type { GatewayConfig, Pool, Rule } from '../../../functions/core/ir.ts';
import { plan } from '../../../functions/core/plan.ts';
import type { Json } from '../../../functions/core/provider-object.ts';
import type { Cloud } from '../../../functions/deps.ts';
import { mse } from '../../../functions/providers/mse/index.ts';
import type { Observed, Scope, Session } from '../../../functions/providers/provider.ts';
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

export const NOTHING: Observed = {
  objects: [],
  foreign: [],
  facts: { domains: {}, impostors: [], ofIngressController: false, routeStatus: {} },
};

/** The objects for a gateway that is empty. */
export function compiled(config: GatewayConfig, shares: SharesOf = declaredShares) {
  const poolShares = new Map(config.pools.map((one) => [one.key, shares(one)]));
  const target = { provider: 'mse' as const, regionId: 'cn-hangzhou', gatewayUniqueId: 'gw-1' };
  return mse.compile(config, poolShares, NOTHING, { target, owner: OWNER });
}

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
  reconcile(config: GatewayConfig, options?: ReconcileOptions): Promise<Reconciled>;
  /** Calls since the last time this was asked. */
  calls(kind: 'read' | 'write'): string[];
  /** Addresses of a service, by a part of its name. */
  addresses(part: string): string[];
  close(): Promise<void>;
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
  await cloud.settle();
  const gatewayUniqueId = Object(Data)['GatewayUniqueId'];
  const gateway = cloud.mse.gateways.get(gatewayUniqueId);
  if (gateway === undefined) throw new Error('there is no gateway');
  const target: MseTarget = { provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId };
  const memory = createMemory();
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
    reconcile: (config, more = {}) => reconcile({ cloud, gateway }, config, { session: session(), ...more }),
    calls: (kind) => {
      const entries = cloud.log.entries.slice(seen);
      seen = cloud.log.entries.length;
      return entries.filter((entry) => entry.kind === kind).map((entry) => entry.action);
    },
    addresses: (part) => [...gateway.services.values()].find((service) => service.Name.includes(part))?.Ips ?? [],
    close: () => closeAllowed(cloud),
  };
}

async function reconcile(
  { cloud, gateway }: Pick<Mse, 'cloud' | 'gateway'>,
  config: GatewayConfig,
  { session, shares = declaredShares, scope = 'full' }: ReconcileOptions & { session: Session<MseTarget> },
): Promise<Reconciled> {
  const poolShares = new Map(config.pools.map((one: Pool) => [one.key, shares(one)]));
  const look = async () => {
    const observed = await mse.observe(session, scope);
    const desired = mse.compile(config, poolShares, observed, session);
    return { observed, plan: plan(desired, observed.objects, 'sync', scope === 'full' ? 'full' : 'update') };
  };
  const first = await look();
  const planned = mse.calls(first.plan.changes, first.observed, session);
  const keys = new Map(first.observed.objects.map(({ remoteId, key }) => [remoteId, key]));
  const from = cloud.log.entries.length;
  for (const batch of mse.batch(first.plan.changes)) await mse.apply(batch, first.observed, session);
  for (const { Id, Name } of [...gateway.services.values(), ...gateway.routes.values()]) keys.set(String(Id), Name);
  const made = madeCalls(cloud.log.entries.slice(from), (entry) => keysOf(entry, keys));
  return { plan: first.plan, left: (await look()).plan, planned, made };
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
