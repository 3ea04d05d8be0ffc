import type { GatewayTarget, Progress, ReconcileResult } from '../../schemas/gateway.ts';
import { CloudError, type CloudErrorClass, type Deps, type SyncRecord } from '../deps.ts';
import type { Scope } from '../providers/provider.ts';
import { type HeldLease, LeaseLost } from './lease.ts';
import { MakeWay } from './session.ts';

/** How one run ended. */
export type Outcome = Omit<ReconcileResult, 'gateway'> & {
  address?: string | undefined;
  renewIntent?: boolean;
  progress?: Progress | undefined;
  provisioned?: GatewayTarget | undefined;
};

/** Reason of a run that stopped because traffic has to move first. */
export const YIELDED = 'Yielded';

/** Wait before the n-th retry: 5 s doubling, at most 5 minutes. */
const RETRY_BASE_MS = 5_000;
const RETRY_CAP_MS = 300_000;

/** An instance takes minutes to be created; each run takes it one step further. */
const PROVISION_POLL_MS = 5_000;

/** Notes that a run begins, so that a run that dies is seen. Creates of all full runs until the next success share one intent,
 * which is there for as long as a full run has yet to end well. */
export async function beginAttempt(
  deps: Deps,
  run: { fleet: string; gateway: string; scope: Scope; lease: HeldLease },
): Promise<SyncRecord> {
  const { fleet, gateway, lease } = run;
  const last = await deps.store.sync(fleet, gateway);
  const record: SyncRecord = {
    fleet,
    gateway,
    state: last?.state ?? 'Pending',
    reason: last?.reason ?? 'Pending',
    message: last?.message ?? 'Not pushed yet.',
    intent: last?.intent ?? (run.scope === 'full' ? deps.ids.ulid() : undefined),
    attempts: (last?.attempts ?? 0) + 1,
    lastAttemptAt: iso(deps.clock.now()),
    nextAttemptAt: last?.nextAttemptAt,
    verifiedAt: last?.verifiedAt,
    address: last?.address,
    provisioned: last?.provisioned,
    progress: last?.progress,
  };
  if (!(await deps.store.putSync(record, lease.current()))) throw new LeaseLost(lease.current().name);
  return record;
}

/** Notes that the cloud has accepted everything, which is not yet to say that it is so. */
export async function markPushed(deps: Deps, run: { fleet: string; gateway: string; lease: HeldLease }): Promise<void> {
  const record = await deps.store.sync(run.fleet, run.gateway);
  if (record === undefined) return;
  const message = 'Accepted by the cloud, and not read back yet.';
  const pushed = { ...record, state: 'Pushed' as const, reason: 'Pushed', message };
  if (!(await deps.store.putSync(pushed, run.lease.current()))) throw new LeaseLost(run.lease.current().name);
}

/** False when the lease has gone to another writer, whose record then counts. */
export async function recordOutcome(
  deps: Deps,
  { scope, lease }: { scope: Scope; lease: HeldLease },
  record: SyncRecord,
  outcome: Outcome,
): Promise<boolean> {
  const now = deps.clock.now();
  const done = outcome.state === 'Verified';
  if (done && scope === 'pools' && isUnfinished(record)) {
    return await deps.store.putSync({ ...record, attempts: record.attempts - 1 }, lease.current());
  }
  const { state, reason, message } = outcome;
  deps.log.info('gateway.reconciled', {
    fleet: record.fleet,
    gateway: record.gateway,
    state,
    reason,
    message,
    changes: outcome.changes.length,
  });
  return await deps.store.putSync(
    {
      ...record,
      state,
      reason,
      message,
      intent: done ? undefined : outcome.renewIntent ? deps.ids.ulid() : record.intent,
      attempts: done ? 0 : record.attempts,
      nextAttemptAt: done ? undefined : iso(now + waitMs(record, outcome)),
      verifiedAt: done ? iso(now) : record.verifiedAt,
      address: outcome.address ?? record.address,
      provisioned: outcome.provisioned ?? record.provisioned,
      progress: outcome.progress,
    },
    lease.current(),
  );
}

/** A full run has yet to end well: that the pools are right says nothing of the rest. */
function isUnfinished(record: SyncRecord): boolean {
  return record.intent !== undefined || record.verifiedAt === undefined;
}

function waitMs(record: SyncRecord, outcome: Outcome): number {
  if (outcome.progress) return PROVISION_POLL_MS;
  return Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (record.attempts - 1));
}

const REASONS: Record<CloudErrorClass, string> = {
  throttled: 'CloudThrottled',
  unavailable: 'CloudUnavailable',
  busy: 'GatewayBusy',
  'in-use': 'ObjectInUse',
  gone: 'ObjectGone',
  quota: 'QuotaExceeded',
  denied: 'CloudDenied',
  invalid: 'CloudRefused',
};

/** What an error of a run means for the gateway. Nothing of an unexpected error but its name goes into the outcome. */
export function failureOf(error: unknown, deps: Pick<Deps, 'log'>): Outcome {
  if (error instanceof CloudError) {
    const message = `${error.action} answered ${error.code}: ${error.message} The configuration before it keeps serving.`;
    // What a create made may be gone again: its token would bring back the old answer.
    return {
      state: 'Failed',
      reason: REASONS[error.errorClass],
      message,
      changes: [],
      renewIntent: error.errorClass === 'gone',
    };
  }
  if (error instanceof LeaseLost) {
    return { state: 'Pending', reason: 'LeaseLost', message: 'Another writer took over.', changes: [] };
  }
  if (error instanceof MakeWay) return yielded();
  const name = error instanceof Error ? error.name : typeof error;
  deps.log.error('gateway.failed', { name });
  return {
    state: 'Failed',
    reason: 'InternalError',
    message: `The run ended with an unexpected error (${name}).`,
    changes: [],
  };
}

export function yielded(): Outcome {
  return {
    state: 'Pending',
    reason: YIELDED,
    message: 'A failover goes first; the rest follows at once.',
    changes: [],
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
