import type { Progress, ReconcileResult, SyncState } from '../../schemas/gateway.ts';
import type { Issue } from '../../schemas/problem.ts';
import { effectiveShares } from '../core/distribution.ts';
import { guard } from '../core/guard.ts';
import type { GatewayConfig } from '../core/ir.ts';
import type { Resource, Traffic } from '../core/model.ts';
import { plan } from '../core/plan.ts';
import type { Plan } from '../core/provider-object.ts';
import { resolve } from '../core/resolve.ts';
import type { Deps, SyncRecord } from '../deps.ts';
import type { GatewayProvider, Observed, Scope, Session } from '../providers/provider.ts';
import { providerFor } from '../providers/registry.ts';
import { type HeldLease, withLease } from './lease.ts';
import { placeOf } from './place.ts';
import { openSession } from './session.ts';
import { beginAttempt, failureOf, markPushed, type Outcome, recordOutcome, YIELDED, yielded } from './sync.ts';

/** A writer that dies blocks its gateway for this long. */
const LEASE_MS = 20_000;

/** Edits that arrive during a run are taken up by the same caller, this many times; then the sweep takes over. */
const MAX_RUNS = 10;

/**
 * Makes a gateway follow what is declared, and verifies it: the one way in which anything reaches a gateway. One writer at a time;
 * a second caller answers `Pending`, and the first takes up what the second came for. With scope `pools` only the pools that the
 * gateway already serves are written: the short way of a failover.
 */
export async function reconcileGateway(
  deps: Deps,
  fleet: string,
  gateway: string,
  scope: Scope = 'full',
): Promise<ReconcileResult> {
  let result: ReconcileResult | undefined;
  for (let run = 0; run < MAX_RUNS; run++) {
    const outcome = await withLease(deps, `gateway/${fleet}/${gateway}`, LEASE_MS, (lease) =>
      runInTurn(deps, { fleet, gateway, scope, lease }),
    );
    if (outcome === undefined) return result ?? busy(gateway);
    result = { gateway, ...outcome };
    if (outcome.reason === YIELDED) continue;
    if (outcome.state !== 'Verified' || !(await hasWork(deps, fleet, gateway, scope))) return result;
  }
  return result ?? busy(gateway);
}

async function hasWork(deps: Deps, fleet: string, gateway: string, scope: Scope): Promise<boolean> {
  const rows = await deps.store.outbox({ fleet, gateway });
  return rows.some((row) => scope === 'full' || row.kind === 'traffic');
}

function busy(gateway: string): ReconcileResult {
  return {
    gateway,
    state: 'Pending',
    reason: 'Busy',
    message: 'Another writer is at work on this gateway.',
    changes: [],
  };
}

interface Run {
  fleet: string;
  gateway: string;
  scope: Scope;
  lease: HeldLease;
}

/** A failover that waits goes first: it is short, and what is being published can wait. */
async function runInTurn(deps: Deps, run: Run): Promise<Outcome> {
  if (run.scope === 'full' && (await hasWork(deps, run.fleet, run.gateway, 'pools'))) {
    const moved = await runOnce(deps, { ...run, scope: 'pools' });
    if (moved.state !== 'Verified') return moved;
  }
  return await runOnce(deps, run);
}

async function runOnce(deps: Deps, run: Run): Promise<Outcome> {
  const { store, clock } = deps;
  const rows = (await store.outbox(run)).filter((row) => run.scope === 'full' || row.kind === 'traffic');
  const resource = await store.get('gateway', run.fleet, run.gateway);
  if (resource === undefined) {
    await store.settle(rows, new Date(clock.now()).toISOString());
    return { state: 'Verified', reason: 'Deleted', message: 'The gateway is no longer declared.', changes: [] };
  }
  const record = await beginAttempt(deps, run);
  const outcome = await attempt(deps, run, resource, record).catch((error: unknown) => failureOf(error, deps));
  const recorded = await recordOutcome(deps, run, record, outcome);
  if (recorded && outcome.state === 'Verified') await store.settle(rows, new Date(clock.now()).toISOString());
  return outcome;
}

async function attempt(deps: Deps, run: Run, resource: Resource<'gateway'>, record: SyncRecord): Promise<Outcome> {
  const place = await placeOf(deps, run, resource, record);
  if (!place.ready) return provisioning(place.progress);
  const outcome = await push(deps, run, resource, {
    ...(await openSession(deps, run, resource, record)),
    target: place.target,
  });
  return resource.spec.target === undefined ? { ...outcome, provisioned: place.target } : outcome;
}

async function push(deps: Deps, run: Run, resource: Resource<'gateway'>, session: Session): Promise<Outcome> {
  const provider = providerFor(session.target.provider);
  const config = run.scope === 'full' ? await declared(deps, resource) : await served(deps, run);
  const traffic = await deps.store.traffic(run.fleet);
  const desire = (observed: Observed) =>
    planFor(provider, { config, traffic, observed, session, resource, scope: run.scope });

  const observed = await provider.observe(session, run.scope);
  const desired = desire(observed);
  const findings = run.scope === 'full' ? provider.checkQuotas(config, observed) : [];
  const refused = [...findings, ...guard(desired)];
  if (refused.length > 0) return refusal(refused, observed);
  if (desired.changes.length > 0 && resource.spec.policy === 'observe-only') return observedOnly(desired, observed);

  if (run.scope === 'full') await keepBoth(deps, run, config);
  for (const batch of provider.batch(desired.changes)) {
    await session.ensureLease();
    if (run.scope === 'full' && (await deps.store.traffic(run.fleet)).version !== traffic.version) return yielded();
    await provider.apply(batch, observed, session);
  }
  if (desired.changes.length > 0) {
    await markPushed(deps, run);
    const left = desire(await provider.observe(session, run.scope));
    if (left.changes.length > 0) return diverged(left, observed);
  }
  if (run.scope === 'full') await deps.store.putPools(run.fleet, run.gateway, config.pools);
  return verified(desired, observed);
}

interface Wish {
  config: GatewayConfig;
  traffic: Traffic;
  observed: Observed;
  session: Session;
  resource: Resource<'gateway'>;
  scope: Scope;
}

function planFor(provider: GatewayProvider, { config, traffic, observed, session, resource, scope }: Wish): Plan {
  const shares = new Map(config.pools.map((pool) => [pool.key, effectiveShares(pool, traffic.withdrawals)]));
  const desired = provider.compile(config, shares, observed, session);
  return plan(desired, observed.objects, resource.spec.policy, scope === 'full' ? 'full' : 'update');
}

async function declared(deps: Deps, gateway: Resource<'gateway'>): Promise<GatewayConfig> {
  const [clusters, services, routes] = await Promise.all([
    deps.store.all('cluster', gateway.fleet),
    deps.store.all('service', gateway.fleet),
    deps.store.all('route', gateway.fleet),
  ]);
  return resolve({
    gateway,
    clusters,
    services,
    routes: routes.filter((route) => route.spec.gateways.includes(gateway.name)),
  });
}

/** A failover reads the pools as last resolved, however many routes stand before them. */
async function served(deps: Deps, run: Run): Promise<GatewayConfig> {
  return { rules: [], pools: await deps.store.pools(run.fleet, run.gateway) };
}

/** While the gateway may serve by the old rules or the new ones, a failover must know the pools of both. */
async function keepBoth(deps: Deps, { fleet, gateway }: Run, config: GatewayConfig): Promise<void> {
  const known = new Set(config.pools.map((pool) => pool.key));
  const old = (await deps.store.pools(fleet, gateway)).filter((pool) => !known.has(pool.key));
  await deps.store.putPools(fleet, gateway, [...config.pools, ...old]);
}

function provisioning(progress: Progress): Outcome {
  const message = `The instance is being created: ${progress.step}.`;
  return { state: 'Pending', reason: 'Provisioning', message, changes: [], progress };
}

function changesOf(plan: Plan): Outcome['changes'] {
  return plan.changes.map(({ verb, kind, key, reason }) => ({ verb, kind, key, reason }));
}

function outcome(
  state: SyncState,
  reason: string,
  message: string,
  plan: Plan | undefined,
  observed: Observed,
): Outcome {
  return { state, reason, message, changes: plan ? changesOf(plan) : [], address: observed.address };
}

function verified(plan: Plan, observed: Observed): Outcome {
  const count = plan.changes.length;
  const message = count === 0 ? 'The gateway is as declared.' : `Changes applied and read back: ${count}.`;
  return outcome('Verified', 'Programmed', message, plan, observed);
}

function observedOnly(plan: Plan, observed: Observed): Outcome {
  const message = `The gateway differs from what is declared in ${plan.changes.length} objects, and its policy is observe-only.`;
  return outcome('Diverged', 'ObserveOnly', message, plan, observed);
}

function diverged(left: Plan, observed: Observed): Outcome {
  const first = left.changes[0];
  const message = `After applying, differences are left: ${left.changes.length}; the first: ${first?.verb} ${first?.kind} ${first?.key} (${first?.reason}).`;
  return outcome('Diverged', 'Diverged', message, left, observed);
}

function refusal(issues: Issue[], observed: Observed): Outcome {
  const reason = issues[0]?.code === 'quota-exceeded' ? 'QuotaExceeded' : 'Refused';
  return outcome('Failed', reason, issues.map((issue) => issue.detail).join(' '), undefined, observed);
}
