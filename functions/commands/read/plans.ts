import { say } from '../../../schemas/messages/index.ts';
import type { Operation } from '../../../schemas/operation.ts';
import type { GatewayPlan } from '../../../schemas/plan.ts';
import { auditEvent } from '../../core/model/audit.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { OperationRecord, OutboxRow } from '../../deps.ts';
import { planDigest, previewGateway } from '../../engine/reconcile/preview.ts';
import { type ReconcileResult, reconcileGateway } from '../../engine/reconcile/reconcile.ts';
import { authorizeGateways } from '../access/gateways.ts';
import { AppError } from '../app-error.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
import { FOLLOW_MS } from '../follow.ts';
import { load } from '../load.ts';
import { viewOperation } from './operations.ts';

/**
 * Returns what an apply would do now. It is based on the last reading when the gateway cannot be read. Throws
 * `not-found`.
 */
export async function planGateway(ctx: Context, fleet: string, gateway: string): Promise<GatewayPlan> {
  const resource = await load(ctx, { kind: 'gateway', fleet, name: gateway });
  return await previewGateway(ctx.deps, resource, { revertsDrift: true, rehearses: true });
}

/**
 * Makes the gateway as declared, and undoes changes that somebody made there. If a digest is given, this happens only
 * if the plan still has that digest. It waits for the end as long as a request may take; after that the sweep
 * continues. Throws `not-found`, `stale-plan`, `write-conflict` while another writer is at work, `unavailable`.
 */
export async function applyGateway(
  ctx: Context,
  fleet: string,
  gateway: string,
  digest: string | undefined,
): Promise<Operation> {
  const { deps } = ctx;
  const resource = await load(ctx, { kind: 'gateway', fleet, name: gateway });
  authorizeGateways(ctx, fleet, [resource]);
  const operation = applyOperation(ctx, resource);
  if (ctx.isDry) {
    const plan = await previewGateway(deps, resource, { revertsDrift: true, rehearses: true });
    if (digest !== undefined && digest !== plan.digest) throw stalePlan(plan.digest);
    return { ...(await viewOperation(deps.store, operation)), dryRun: { plans: [plan] } };
  }
  const begin = async () => {
    const row = applyRow(operation, resource);
    await deps.store.begin(operation, auditOf(ctx, operation, resource), [row]);
    return [row];
  };
  const untilMs = deps.clock.now() + FOLLOW_MS;
  if (digest === undefined) {
    await begin();
    await reconcileGateway(deps, fleet, gateway, { untilMs });
  } else {
    await applyPlan(ctx, resource, { digest, begin, untilMs });
  }
  return await viewOperation(deps.store, operation);
}

interface Approval {
  digest: string;
  begin: () => Promise<OutboxRow[]>;
  untilMs: number;
}

/** Applies a plan. The operation begins once the plan is confirmed under the lease that it is applied with. */
async function applyPlan(
  { deps }: Context,
  resource: Resource<'gateway'>,
  { digest, begin, untilMs }: Approval,
): Promise<void> {
  let found: string | undefined;
  const result = await reconcileGateway(deps, resource.fleet, resource.name, {
    untilMs,
    approve: async (planned) => {
      found = planDigest(resource, planned);
      return found === digest ? await begin() : undefined;
    },
  });
  if (found === digest) return;
  throw refusalOf(result, found);
}

function refusalOf(result: ReconcileResult, found: string | undefined): AppError {
  if (found !== undefined) return stalePlan(found);
  if (result.state === 'Pending') return new AppError('write-conflict', say('GatewayBusy', { told: result.message }));
  return new AppError('unavailable', say('GatewayBusy', { told: result.message }));
}

function stalePlan(found: string): AppError {
  return new AppError('stale-plan', say('StalePlan', { of: 'gateway', digest: found }));
}

function applyOperation(ctx: Context, { fleet, name }: Resource<'gateway'>): OperationRecord {
  return {
    id: `opn_${ctx.deps.ids.ulid()}`,
    fleet,
    action: 'gateway.apply',
    target: { kind: 'gateway', name },
    actor: ctx.principal.actor,
    requestId: ctx.requestId,
    ...(ctx.reason !== undefined && { reason: ctx.reason }),
    createdAt: timestamp(ctx.deps.clock.now()),
    gateways: [name],
  };
}

function applyRow({ id, createdAt }: OperationRecord, { fleet, name, revision }: Resource<'gateway'>): OutboxRow {
  return {
    fleet,
    gateway: name,
    kind: 'apply',
    name,
    revision,
    requestedAt: createdAt,
    since: createdAt,
    operation: id,
    operations: [],
  };
}

function auditOf(ctx: Context, { createdAt, action }: OperationRecord, { fleet, name, revision }: Resource<'gateway'>) {
  const target = { kind: 'gateway' as const, fleet, name };
  const stamp = { at: createdAt, ulid: ctx.deps.ids.ulid() };
  return auditEvent(authorOf(ctx), stamp, { action, target, before: revision, after: revision });
}
