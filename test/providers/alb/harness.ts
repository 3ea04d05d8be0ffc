import type * as z from 'zod';
import { createCloud } from '../../../functions/cloud/alicloud.ts';
import { effectiveShares } from '../../../functions/core/allocation/points.ts';
import { NO_TRAFFIC } from '../../../functions/core/failover/traffic.ts';
import { plan } from '../../../functions/core/gateway/plan.ts';
import type { Json, Plan, Refusal } from '../../../functions/core/gateway/provider-object.ts';
import { digest } from '../../../functions/core/model/digest.ts';
import type { GatewayConfig, IrFilter, Member, Pool, Rule, Share } from '../../../functions/core/model/ir.ts';
import type { Cloud } from '../../../functions/deps.ts';
import { alb } from '../../../functions/providers/alb/index.ts';
import type { KnownObjects, Observed, Scope, Session } from '../../../functions/providers/provider.ts';
import type { CloudState, DataPlane } from '../../../infra/local/cloud/alb/model.ts';
import type { Quotas } from '../../../infra/local/cloud/alb/quotas.ts';
import type { LogEntry } from '../../../infra/local/cloud/log.ts';
import type { RamPolicy } from '../../../infra/local/cloud/ram.ts';
import { type LocalCloud, startLocalCloud } from '../../../infra/local/cloud/server.ts';
import { ramPolicies } from '../../../infra/policies.ts';
import { RouteFilter } from '../../../schemas/filter.ts';
import type { AlbTarget } from '../../../schemas/gateway.ts';
import type { PlannedCall } from '../../../schemas/plan.ts';
import { RouteMatch } from '../../../schemas/route.ts';
import { HealthCheck } from '../../../schemas/service.ts';
import { fakeClock } from '../../cloud/fake-clock.ts';
import { type AccessKey, accounts, closeAllowed, OWNER_OF_ACCOUNT, RESTRICTED } from '../accounts.ts';
import { createMemory } from '../memory.ts';
import { madeCalls, valuesOf } from '../planned.ts';

export const OWNER = 'fairlead/prod/edge';

export function member(cluster: string, octets: number[], more: Partial<Member> = {}): Member {
  const endpoints = octets.map((octet) => ({ address: `10.0.0.${octet}`, port: 80, remote: false }));
  return { cluster, weight: 50, tier: 0, endpoints, ...more };
}

export function pool(key: string, members: Member[], more: Partial<Pool> = {}): Pool {
  const healthCheck = HealthCheck.parse({ type: 'http', path: '/healthz' });
  return { key, service: 'shop', port: 80, protocol: 'HTTP', healthCheck, pinned: false, members, ...more };
}

/** The key of a pool as `resolve` makes it: it changes with the distribution. */
export function poolKey(service: string, port: number, members: readonly Member[]): string {
  const distribution = members.map(({ cluster, weight, tier }) => ({ cluster, weight, tier }));
  return `${service}-${port}-${digest(distribution).slice(0, 12)}`;
}

export function rule(path: string, pools: Record<string, number>, more: Partial<Rule> = {}): Rule {
  const match = RouteMatch.parse({ path: { type: 'Prefix', value: path } });
  const backends = Object.entries(pools).map(([key, weight]) => ({ pool: key, weight }));
  return { key: `route/0/0${path}`, hostname: 'shop.example.com', match, backends, filters: [], ...more };
}

/** Filters as routes declare them; a mirror is no filter of the IR. */
export function filters(...declared: z.input<typeof RouteFilter>[]): IrFilter[] {
  return declared.map((one) => RouteFilter.parse(one)).filter((one) => one.type !== 'RequestMirror');
}

export type SharesOf = (pool: Pool) => Share[];
export const declaredShares: SharesOf = (one) => effectiveShares(one, NO_TRAFFIC);

export interface Alb {
  cloud: LocalCloud;
  target: AlbTarget;
  /** A session of a new run; runs of the same intent share the tokens of creates. */
  session(options?: { intent?: string; cloud?: Cloud; owner?: string }): Session<AlbTarget>;
  /** May do what the RAM policy allows. */
  client: Cloud;
  /** As the owner of the account, who may do everything. */
  call(action: string, parameters: Record<string, Json | undefined>): Promise<Record<string, Json>>;
  /** One reconciliation. */
  reconcile(config: GatewayConfig, options?: ReconcileOptions): Promise<Reconciled>;
  /** Lets all jobs end. */
  runDue(): Promise<void>;
  /** Writes since the last time this was asked. */
  writes(): string[];
  close(): Promise<void>;
}

/** What was planned, and what a second plan still finds; the calls that were planned, and those that were made. */
export interface Reconciled {
  plan: Plan;
  left: Plan;
  planned: PlannedCall[];
  made: PlannedCall[];
  refused: Refusal[];
  /** As it was matched last. */
  config: GatewayConfig;
  /** As it was observed last. */
  observed: Observed;
}

export interface ReconcileOptions {
  shares?: SharesOf;
  scope?: Scope;
  session?: Session<AlbTarget>;
  /** Default: what the runs before have found. */
  known?: KnownObjects;
}

/** What a store keeps from one run to the next: which objects serve the pools. */
interface Stored {
  known: KnownObjects;
  pools: Map<string, Pool>;
}

const SILENT = { info: () => {}, error: () => {} };

/** A data plane that carries nothing: these tests look at the configuration. */
const NO_DATA_PLANE: DataPlane = {
  openListener: async () => '127.0.0.1:1',
  closeListener: async () => {},
  serverHealth: () => ({ status: 'Healthy' }),
  close: async () => {},
};

/** An empty load balancer with listeners in a local cloud whose jobs take a while, in virtual time. */
export async function startAlb(
  options: {
    listeners?: number;
    https?: boolean;
    quotas?: Partial<Quotas>;
    jobLatencyMs?: number;
    dataPlane?: (state: CloudState) => DataPlane;
    /** Default: what carrying routes needs. */
    policies?: RamPolicy[];
  } = {},
): Promise<Alb> {
  const clock = fakeClock(Date.now());
  const cloud = await startLocalCloud({
    ...accounts(...(options.policies ?? [ramPolicies.routing])),
    jobLatencyMs: options.jobLatencyMs ?? 1500,
    throttle: false,
    dataPlane: options.dataPlane ?? (() => NO_DATA_PLANE),
    now: clock.now,
    ...(options.quotas && { quotas: options.quotas }),
  });
  const clientOf = (keys: AccessKey) =>
    createCloud({ credentials: { default: keys }, endpoint: () => cloud.url, clock, log: SILENT, random: () => 0.5 });
  const client = clientOf(RESTRICTED);
  const owner = clientOf(OWNER_OF_ACCOUNT);
  const runDue = async () => {
    await clock.sleep(5000);
    await cloud.runDue();
  };
  const call: Alb['call'] = async (action, parameters) => {
    const answer = await owner.call({
      product: 'alb',
      regionId: 'cn-hangzhou',
      credentials: 'default',
      action,
      parameters,
    });
    await runDue();
    return answer;
  };
  const target = await provision(call, options.listeners ?? 1, options.https ?? false);
  let runs = 0;
  const memory = createMemory();
  const session: Alb['session'] = ({ intent = `intent-${runs}`, cloud: other = client, owner: mark = OWNER } = {}) => {
    const run = runs++;
    return {
      target,
      cloud: other,
      clock,
      credentials: 'default',
      priority: 'normal',
      owner: mark,
      createToken: (key) => digest(['create', intent, key]),
      writeToken: (parts) => digest(['write', run, ...parts]),
      ensureLease: async () => {},
      memory,
      whileWaiting: async () => {},
    };
  };
  const stored: Stored = { known: new Map(), pools: new Map() };
  let seen = cloud.log.entries.length;
  return {
    cloud,
    target,
    session,
    client,
    call,
    runDue,
    reconcile: (config, more = {}) => reconcile(cloud, stored, config, { session: session(), ...more }),
    writes: () => {
      const entries = cloud.log.entries.slice(seen);
      seen = cloud.log.entries.length;
      return entries.filter((entry) => entry.kind === 'write').map((entry) => entry.action);
    },
    close: () => closeAllowed(cloud),
  };
}

async function provision(call: Alb['call'], listeners: number, https: boolean): Promise<AlbTarget> {
  const { LoadBalancerId } = await call('CreateLoadBalancer', {
    LoadBalancerName: 'edge',
    AddressType: 'Internet',
    VpcId: 'vpc-1',
    LoadBalancerEdition: 'Standard',
    LoadBalancerBillingConfig: { PayType: 'PostPay' },
    ZoneMappings: ['a', 'b'].map((zone) => ({ ZoneId: `cn-hangzhou-${zone}`, VSwitchId: `vsw-${zone}` })),
  });
  const { ServerGroupId } = await call('CreateServerGroup', {
    ServerGroupName: 'default-group',
    ServerGroupType: 'Ip',
    VpcId: 'vpc-1',
    HealthCheckConfig: { HealthCheckEnabled: false },
  });
  const listenerIds: string[] = [];
  for (let index = 0; index < listeners; index++) {
    const { ListenerId } = await call('CreateListener', {
      LoadBalancerId,
      ListenerPort: 80 + index,
      ListenerProtocol: https ? 'HTTPS' : 'HTTP',
      Certificates: https ? [{ CertificateId: 'cert-1' }] : undefined,
      DefaultActions: [{ Type: 'ForwardGroup', ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId }] } }],
    });
    listenerIds.push(String(ListenerId));
  }
  return { provider: 'alb', regionId: 'cn-hangzhou', loadBalancerId: String(LoadBalancerId), listenerIds };
}

/** Observes, plans, applies and observes again; in the scope `pools` the pools come as the last full run has matched them. */
async function reconcile(
  cloud: LocalCloud,
  stored: Stored,
  config: GatewayConfig,
  options: ReconcileOptions & { session: Session<AlbTarget> },
): Promise<Reconciled> {
  const { session, shares = declaredShares, scope = 'full', known = stored.known } = options;
  const poolShares = new Map(config.pools.map((one) => [one.key, shares(one)]));
  const isFull = scope === 'full';
  const look = async () => {
    const observed = await alb.observe(session, scope, known);
    const pools = config.pools.map((one) => ({ ...one, objects: stored.pools.get(one.key)?.objects }));
    const matched = isFull ? alb.match(config, observed, session) : { ...config, pools };
    const desired = alb.compile(matched, poolShares, observed, session);
    return { observed, matched, plan: plan(desired, observed.objects, 'sync', isFull ? 'full' : 'update') };
  };
  const first = await look();
  const planned = alb.calls(first.plan.changes, first.observed, session);
  const keys = new Map(first.observed.objects.map(({ remoteId, key }) => [remoteId, key]));
  const from = cloud.log.entries.length;
  const refused: Refusal[] = [];
  for (const batch of alb.batch(first.plan.changes)) refused.push(...(await alb.apply(batch, first.observed, session)));
  const entries = cloud.log.entries.slice(from);
  const last = await look();
  for (const { remoteId, key } of last.observed.objects) keys.set(remoteId, key);
  const made = madeCalls(entries, (entry) => keysOf(entry, keys));
  if (isFull) remember(stored, last.matched);
  return { plan: first.plan, left: last.plan, planned, made, refused, config: last.matched, observed: last.observed };
}

function remember(stored: Stored, { pools }: GatewayConfig): void {
  stored.pools = new Map(pools.map((one) => [one.key, one]));
  const objects = pools.flatMap((one) => one.objects ?? []);
  stored.known = new Map(
    objects.flatMap(({ key, remoteId }) => (remoteId === undefined ? [] : [[key, remoteId] as const])),
  );
}

/** The objects of a write: those that it creates carry their keys, the others have ids. */
function keysOf(entry: LogEntry, keys: ReadonlyMap<string | undefined, string>): (string | undefined)[] {
  if (entry.action.startsWith('Create')) return valuesOf(entry, /Tag\.2\.Value$/);
  return valuesOf(entry, /^ServerGroupId$|^ResourceId\.1$|^Rules\.\d+\.RuleId$|^RuleIds\.\d+$/).map((id) =>
    keys.get(id),
  );
}

/** Passes calls on, and fails the n-th write (from 1), before or after the cloud has done it. */
export function crashing(cloud: Cloud, writeNumber: number, when: 'before' | 'after'): Cloud {
  let writes = 0;
  return {
    async call(request) {
      const isWrite = request.parameters['ClientToken'] !== undefined || request.action === 'TagResources';
      if (isWrite) writes++;
      if (isWrite && writes === writeNumber) {
        if (when === 'after') await cloud.call(request);
        throw new Error('crash');
      }
      if (writes >= writeNumber) throw new Error('crash');
      return cloud.call(request);
    },
  };
}
