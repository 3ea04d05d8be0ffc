import { type Message, say } from '../../../schemas/messages/index.ts';
import type { GatewayPlan, Notice, QuotaUse } from '../../../schemas/plan.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { effectiveShares } from '../../core/allocation/points.ts';
import type { Change } from '../../core/gateway/provider-object.ts';
import { type ServedPool, shareChanges } from '../../core/gateway/share-changes.ts';
import { digest } from '../../core/model/digest.ts';
import { providerOf, type Resource } from '../../core/model/resource.ts';
import { isoOf } from '../../core/model/time.ts';
import { CloudError, type Deps, type Store } from '../../deps.ts';
import type { Observed } from '../../providers/provider.ts';
import { declaredAt, type GatewayContext, readContext } from './context.ts';
import { desiredObjects, planReconcile, type ReconcilePlan } from './reconcile-plan.ts';
import { previewSession, ReadTimedOut } from './session.ts';

/** The part of a quota from which on people are notified. */
const NEAR_QUOTA = 0.8;

export function isNearQuota({ used, allowed }: QuotaUse): boolean {
  return used >= allowed * NEAR_QUOTA;
}

/** The options of a preview. */
export interface PreviewOptions {
  revertsDrift: boolean;
  /** True when the cloud is also asked to rehearse the changes, where it offers a dry run. */
  rehearses: boolean;
  /** The store that shows the fleet as it is, when `deps.store` shows the fleet as it would be. */
  current?: Store | undefined;
}

/** The state of the gateway that the desired state is compared with. */
interface Basis {
  basis: 'live' | 'last-read';
  readAt?: string | undefined;
  observed: Observed;
}

/**
 * Returns the plan that makes a gateway follow what `deps.store` declares. Nothing is written. When the gateway cannot
 * be read in time, the plan starts from what was verified there last.
 */
export async function previewGateway(
  deps: Deps,
  resource: Resource<'gateway'>,
  { revertsDrift, rehearses, current = deps.store }: PreviewOptions,
): Promise<GatewayPlan> {
  const record = await deps.store.sync(resource.fleet, resource.name);
  const target = resource.spec.target ?? record?.provisioned;
  if (target === undefined) return unprovisioned(resource);
  const session = { ...previewSession(deps, resource), target };
  const context = await readContext(deps.store, resource, session, { scope: 'full', isAsked: revertsDrift });
  const basis = await basisOf(deps, context, current);
  if (basis === undefined) return neverRead(context);
  const planned = planReconcile(context, basis.observed, deps.clock.now());
  const isLive = basis.basis === 'live';
  const refusals = rehearses && isLive ? await rehearse(context, planned) : [];
  return planShown(context, planned, basis, refusals);
}

/** Resolves with undefined when the gateway cannot be read and never has been. */
async function basisOf(deps: Deps, context: GatewayContext, current: Store): Promise<Basis | undefined> {
  const { provider, session, known, last } = context;
  const readAt = isoOf(deps.clock.now());
  try {
    return { basis: 'live', readAt, observed: await provider.observe(session, 'full', known) };
  } catch (error) {
    if (!(error instanceof CloudError || error instanceof ReadTimedOut)) throw error;
    const { fleet, name: gateway } = context.resource;
    deps.log.info('preview.not-readable', { fleet, gateway, reason: error.message });
  }
  if (last.readAt === undefined || last.facts === undefined) return undefined;
  return { basis: 'last-read', readAt: last.readAt, observed: await lastObserved(context, current) };
}

/**
 * Returns what the gateway had when it was read last. It is derived from the declarations; deviations are not taken
 * into account.
 */
async function lastObserved(context: GatewayContext, current: Store): Promise<Observed> {
  const { resource, provider, session, last } = context;
  const nothing: Observed = { objects: [], foreign: last.foreign, address: last.address, facts: last.facts };
  const { config: declared } = await declaredAt(current, resource);
  const config = provider.match(declared, nothing, session);
  const objects = desiredObjects(context, config, nothing).map((object) => ({ ...object, remoteId: '' }));
  return { ...nothing, objects };
}

/** Returns what the cloud would refuse, or nothing when the cloud cannot tell, because a plan is useful without it. */
async function rehearse({ provider, session }: GatewayContext, { plan, observed }: ReconcilePlan): Promise<Issue[]> {
  try {
    return await provider.rehearse(plan.changes, observed, session);
  } catch (error) {
    if (!(error instanceof CloudError || error instanceof ReadTimedOut)) throw error;
    return [];
  }
}

/** Returns the digest that identifies a plan: that of the fleet, the gateway and the changes. */
export function planDigest({ fleet, name }: Resource<'gateway'>, { plan }: Pick<ReconcilePlan, 'plan'>): string {
  return digest([fleet, name, plan.digest]);
}

function planShown(
  context: GatewayContext,
  planned: ReconcilePlan,
  { basis, readAt, observed }: Basis,
  refusals: readonly Issue[],
): GatewayPlan {
  const { resource, provider, session } = context;
  const { fleet, name: gateway } = resource;
  const { plan, drifted, findings } = planned;
  const causeOf = (change: Change) =>
    drifted.some(({ kind, key }) => kind === change.kind && key === change.key) ? 'drift' : 'declared';
  return {
    fleet,
    gateway,
    basis,
    ...(readAt !== undefined && { readAt }),
    digest: planDigest(resource, planned),
    changes: plan.changes.map((change) => ({ ...inFull(change), cause: causeOf(change) })),
    drift: drifted.map((change) => ({ ...inFull(change), cause: 'drift' })),
    calls: provider.calls(plan.changes, observed, session),
    shares: shareChanges(servedBefore(context), servedAfter(context, planned)),
    quotas: planned.quotas.map(({ quota, used, allowed }) => ({ quota, used, allowed })),
    findings: [...findings.map(({ pointer, code, detail }) => ({ pointer, code, detail })), ...refusals],
    refused: [...planned.refused.values()].map(({ kind, key, code, detail }) => ({ kind, key, code, detail })),
    notices: noticesOf(context, planned, basis),
    foreign: observed.foreign,
  };
}

/**
 * Returns the shares of each pool as they were read last, or, where they could not be read, as the gateway would serve
 * them.
 */
function servedBefore({ pools, lastPoints, provider, traffic }: GatewayContext): ServedPool[] {
  return pools.map((pool) => ({
    pool,
    shares: lastPoints.pools[pool.key] ?? provider.served(pool, effectiveShares(pool, traffic)),
  }));
}

function servedAfter({ provider, traffic }: GatewayContext, { config }: ReconcilePlan): ServedPool[] {
  return config.pools.map((pool) => ({ pool, shares: provider.served(pool, effectiveShares(pool, traffic)) }));
}

export function inFull({ verb, kind, key, reason, before, after }: Change) {
  return { verb, kind, key, reason, ...(before && { before: before.spec }), ...(after && { after: after.spec }) };
}

function noticesOf({ resource, last }: GatewayContext, planned: ReconcilePlan, basis: GatewayPlan['basis']): Notice[] {
  const { plan, overwriting, drifted, left, orphaned, quotas } = planned;
  const { policy, drift } = resource.spec;
  const near = quotas.filter(isNearQuota);
  const undone = drifted.length - left.length;
  return [
    ...notice(basis !== 'live', 'not-readable', say('PlanNotRead', { readAt: last.readAt })),
    ...notice(policy === 'observe-only', 'observe-only', say('PlanObserveOnly')),
    ...notice(policy === 'upsert-only', 'upsert-only', say('PlanUpsertOnly')),
    ...notice(overwriting.length > 0, 'overwrites-edits', say('PlanOverwrites', { count: overwriting.length })),
    ...notice(undone > 0 && plan.changes.length > 0, 'reverts-drift', say('PlanReverts', { count: undone })),
    ...notice(left.length > 0, 'leaves-drift', say('PlanLeaves', { drift, count: left.length })),
    ...notice(orphaned.length > 0, 'orphans', say('PlanOrphans', { count: orphaned.length })),
    ...near.flatMap(({ quota, used, allowed }) =>
      notice(true, 'near-quota', say('PlanNearQuota', { quota, used, allowed })),
    ),
  ];
}

function notice(holds: boolean, code: string, { text: message }: Message): Notice[] {
  return holds ? [{ code, message }] : [];
}

/** Returns the plan of a gateway about which nothing is known. It only tells where requests would go. */
function neverRead(context: GatewayContext): GatewayPlan {
  const { resource, config, provider, traffic } = context;
  const message = say('PlanNeverRead').text;
  const served = config.pools.map((pool) => ({ pool, shares: provider.served(pool, effectiveShares(pool, traffic)) }));
  return { ...unknown(resource, { code: 'not-readable', message }), shares: shareChanges([], served) };
}

function unprovisioned(resource: Resource<'gateway'>): GatewayPlan {
  const message = say('PlanProvisions', { provider: providerOf(resource.spec) }).text;
  return unknown(resource, { code: 'provisioning', message });
}

function unknown(resource: Resource<'gateway'>, notice: Notice): GatewayPlan {
  const { fleet, name: gateway } = resource;
  const digested = planDigest(resource, { plan: { digest: '', changes: [] } });
  const nothing = { changes: [], drift: [], calls: [], shares: [], quotas: [], findings: [], refused: [], foreign: [] };
  return { fleet, gateway, basis: 'never-read', digest: digested, ...nothing, notices: [notice] };
}
