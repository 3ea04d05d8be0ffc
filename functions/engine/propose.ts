import type { QuotaUse } from '../../schemas/plan.ts';
import type { Issue } from '../../schemas/problem.ts';
import { effectiveShares, isRejected } from '../core/distribution.ts';
import { type Baseline, causesOf, unaccepted } from '../core/drift.ts';
import { guard } from '../core/guard.ts';
import type { GatewayConfig, Pool } from '../core/ir.ts';
import { backendsOf, ingressClustersOf } from '../core/lookup.ts';
import type { Resource } from '../core/model.ts';
import { plan, planOf } from '../core/plan.ts';
import type { Change, Plan, ProviderObject } from '../core/provider-object.ts';
import { resolve } from '../core/resolve.ts';
import type { Traffic } from '../core/traffic.ts';
import type { Store } from '../deps.ts';
import type { GatewayProvider, Observed, Scope, Session } from '../providers/provider.ts';
import { providerFor } from '../providers/registry.ts';

/** What a gateway shall have, as it was read at one time. */
export interface Wish {
  resource: Resource<'gateway'>;
  session: Session;
  scope: Scope;
  provider: GatewayProvider;
  config: GatewayConfig;
  traffic: Traffic;
  baseline: Baseline;
  /** Whether what somebody changed at the gateway is to be undone. */
  revertsDrift: boolean;
}

/** What it takes to make a gateway as wished, and what speaks against it. */
export interface Proposal {
  observed: Observed;
  desired: ProviderObject[];
  plan: Plan;
  /** Of the plan, what overwrites an edit at the gateway. */
  overwriting: Change[];
  /** What would undo somebody's edits, and is left out of the plan. */
  drifted: Change[];
  /** Of these, what nobody has accepted. */
  alarming: Change[];
  findings: Issue[];
  quotas: QuotaUse[];
}

/** Traffic is read last: whoever moves it after that finds the run yielding. */
export async function readWish(
  store: Store,
  resource: Resource<'gateway'>,
  session: Session,
  { scope, revertsDrift }: { scope: Scope; revertsDrift: boolean },
): Promise<Wish> {
  const { fleet, name } = resource;
  const [config, baseline] = await Promise.all([
    scope === 'full' ? declared(store, resource) : served(store, fleet, name),
    store.baseline(fleet, name),
  ]);
  return {
    resource,
    session,
    scope,
    provider: providerFor(session.target.provider),
    config,
    traffic: await store.traffic(fleet),
    baseline,
    revertsDrift: revertsDrift || resource.spec.drift === 'revert',
  };
}

/** The routes of the gateway and what they name, however large the rest of the fleet is. */
async function declared(store: Store, gateway: Resource<'gateway'>): Promise<GatewayConfig> {
  const { fleet, name } = gateway;
  const routes = await store.routesUnder(fleet, { kind: 'gateway', name });
  const backends = routes.flatMap(({ spec }) => backendsOf(spec));
  const services = await store.find(
    'service',
    fleet,
    backends.map(({ ref }) => ref.service),
  );
  const clusters = await store.find(
    'cluster',
    fleet,
    services.flatMap(({ spec }) => ingressClustersOf(spec)),
  );
  return resolve({ clusters, services, routes });
}

/** A failover reads the pools as last resolved, however many routes stand before them. */
async function served(store: Store, fleet: string, gateway: string): Promise<GatewayConfig> {
  return { rules: [], pools: await store.pools(fleet, gateway) };
}

export function propose(wish: Wish, observed: Observed): Proposal {
  const { resource, scope, provider, config, baseline } = wish;
  const desired = desiredObjects(wish, config, observed);
  const all = plan(desired, observed.objects, resource.spec.policy, scope === 'full' ? 'full' : 'update');
  const causes = causesOf(all, baseline);
  const isPushed = wish.revertsDrift ? () => true : pushable(causes.declared, causes.drifted);
  const pushed = planOf(all.changes.filter(isPushed));
  const drifted = all.changes.filter((change) => !isPushed(change));
  return {
    observed,
    desired,
    plan: pushed,
    overwriting: causes.overwriting,
    drifted,
    alarming: unaccepted(drifted, baseline, resource.spec.drift),
    findings: [
      ...(scope === 'full' ? provider.checkQuotas(config, observed) : []),
      ...guard(pushed, rejectedPools(wish)),
    ],
    quotas: scope === 'full' ? provider.quotas(config, observed) : [],
  };
}

/** The objects that make the gateway behave as `config` while the traffic is as wished. */
export function desiredObjects(
  { provider, traffic, session }: Wish,
  config: GatewayConfig,
  observed: Observed,
): ProviderObject[] {
  const sharesOf = (pool: Pool) => (isRejected(pool, traffic) ? [] : effectiveShares(pool, traffic));
  const shares = new Map(config.pools.map((pool) => [pool.key, sharesOf(pool)]));
  return provider.compile(config, shares, observed, session);
}

/** Keys of pools whose requests a panic rejects. */
function rejectedPools({ config, traffic }: Wish): Set<string> {
  return new Set(config.pools.filter((pool) => isRejected(pool, traffic)).map(({ key }) => key));
}

/** Drift stays, but for what somebody deleted and something that is pushed may refer to. */
function pushable(declared: readonly Change[], drifted: readonly Change[]): (change: Change) => boolean {
  const left = new Set(drifted);
  const highest = Math.max(-1, ...declared.filter(({ verb }) => verb !== 'delete').map(({ rank }) => rank));
  return (change) => !left.has(change) || (change.verb === 'create' && change.rank < highest);
}
