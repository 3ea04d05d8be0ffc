import type { AuditEvent } from '../../schemas/audit.ts';
import type { FleetPlan } from '../../schemas/manifest.ts';
import type { Operation } from '../../schemas/operation.ts';
import type { OperationRecord, Store } from '../deps.ts';
import { continueRollout } from '../engine/rollout.ts';
import { AppError } from './app-error.ts';
import { type Context, timestamp } from './context.ts';
import { type Desired, planFleet, type Way } from './fleet-plan.ts';
import { viewOperation } from './operations.ts';
import { planWrite } from './plan-write.ts';
import { FOLLOW_MS, followAll } from './transaction.ts';

export interface ApplyOptions {
  /** Of the plan that was approved. */
  digest?: string | undefined;
  /** Gateways may be left without routes. */
  allowEmpty: boolean;
}

/** An operation, or the plan where nothing is written. */
export type Applied = { operation: Operation; plan?: undefined } | { plan: FleetPlan; operation?: undefined };

/**
 * Makes the fleet as desired, as one operation: the steps are kept before the first is written, so that they are finished whatever becomes
 * of this process, and gateways follow once all are written. Throws what `planFleet` throws, `stale-plan`, and `write-conflict` while
 * another such operation is being written.
 */
export async function applyDesired(
  ctx: Context,
  action: 'manifest.apply' | 'fleet.rollback',
  desired: Desired,
  { digest, allowEmpty }: ApplyOptions,
): Promise<Applied> {
  const { store } = ctx.deps;
  const { fleet } = desired;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const holder = await store.hold(fleet);
    if (holder !== undefined) throw held(holder);
    const way = await planFleet(ctx, desired, { allowEmpty });
    if (digest !== undefined && digest !== way.shown.digest) throw stale(way);
    if (ctx.isDry)
      return { plan: { ...way.shown, plans: await planWrite(ctx.deps, way.wouldBe, fleet, way.gateways) } };
    if (way.steps.length === 0) return { plan: { ...way.shown, plans: [] } };
    const operation = operationOf(ctx, action, fleet, way.gateways);
    const audit = await auditOf(ctx, operation, way);
    if (!(await store.beginRollout(operation, audit, way.steps, way.checkedAgainst))) continue;
    ctx.waitUntil(finish(ctx, fleet, way.gateways));
    return { operation: await viewOperation(store, operation) };
  }
  throw held(await store.hold(fleet));
}

/** Traffic that moves meanwhile is given way this many times. */
const MAX_ATTEMPTS = 5;

/** As far as there is time; the sweep goes on. */
async function finish(ctx: Context, fleet: string, gateways: readonly string[]): Promise<void> {
  const { deps, requestId } = ctx;
  const untilMs = deps.clock.now() + FOLLOW_MS;
  try {
    await continueRollout(deps, fleet, untilMs);
    if ((await deps.store.hold(fleet)) === undefined) await followAll(ctx, fleet, gateways, untilMs);
  } catch (error) {
    deps.log.error('rollout.failed', { fleet, requestId }, error);
  }
}

function held(operation: string | undefined): AppError {
  const by = operation === undefined ? 'Another operation' : `The operation ${operation}`;
  return new AppError('write-conflict', `${by} is being written to this fleet: wait until it has ended.`);
}

function stale({ shown }: Way): AppError {
  return new AppError(
    'stale-plan',
    `That is not the plan of this fleet, or not any more: the plan of now is ${shown.digest}.`,
  );
}

function operationOf(ctx: Context, action: string, fleet: string, gateways: string[]): OperationRecord {
  return {
    id: `opn_${ctx.deps.ids.ulid()}`,
    fleet,
    action,
    target: { kind: 'fleet', name: fleet },
    actor: ctx.actor,
    requestId: ctx.requestId,
    ...(ctx.reason !== undefined && { reason: ctx.reason }),
    createdAt: timestamp(ctx.deps.clock.now()),
    gateways,
  };
}

/** Each step has its own event; this one says that they belong together. */
async function auditOf(ctx: Context, operation: OperationRecord, { steps }: Way): Promise<AuditEvent> {
  const { fleet, action, actor, requestId, reason, createdAt } = operation;
  const revision = await revisionOf(ctx.deps.store, fleet);
  return {
    id: `aud_${ctx.deps.ids.ulid()}`,
    at: createdAt,
    actor,
    action,
    target: { kind: 'fleet', fleet, name: fleet },
    requestId,
    ...(reason !== undefined && { reason }),
    before: revision,
    after: steps.some(({ resource }) => resource.kind === 'fleet') ? revision + 1 : revision,
    changes: [],
    changeCount: steps.length,
  };
}

async function revisionOf(store: Store, fleet: string): Promise<number> {
  return (await store.get('fleet', fleet, fleet))?.revision ?? 0;
}
