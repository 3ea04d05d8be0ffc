import type { Progress } from '../../schemas/gateway.ts';
import type { QuotaUse } from '../../schemas/plan.ts';
import type { Deps, SyncRecord } from '../deps.ts';
import { LeaseLost } from './lease.ts';
import { follows, type Outcome, REASON } from './outcome.ts';
import type { Run } from './run.ts';

/** Wait before the n-th retry: 5 s doubling, at most 5 minutes. */
const RETRY_BASE_MS = 5_000;
const RETRY_CAP_MS = 300_000;

/** An instance takes minutes to be created; each run takes it one step further. */
const PROVISION_POLL_MS = 5_000;

/** A gateway that follows is compared with what is declared this often: somebody may have changed it. */
const DRIFT_CHECK_MS = 300_000;

/** A run that ended for one of these reasons is no failed attempt: the next one goes on where it stopped. */
const GOES_ON = new Set<string>([REASON.yielded, REASON.continues, REASON.stalePlan, REASON.held]);

type Place = Pick<Run, 'fleet' | 'gateway' | 'scope' | 'lease'>;

/** Notes that a run begins, so that a run that dies is seen. Creates of all full runs until the next success share one intent,
 * which is there for as long as a full run has yet to end well. */
export async function beginAttempt(deps: Deps, { fleet, gateway, scope, lease }: Place): Promise<SyncRecord> {
  const last = await deps.store.sync(fleet, gateway);
  const record: SyncRecord = {
    state: 'Pending',
    reason: 'Pending',
    message: 'Not pushed yet.',
    ...last,
    fleet,
    gateway,
    intent: last?.intent ?? (scope === 'full' ? deps.ids.ulid() : undefined),
    attempts: (last?.attempts ?? 0) + 1,
    lastAttemptAt: iso(deps.clock.now()),
  };
  if (!(await deps.store.putSync(record, lease.current()))) throw new LeaseLost(lease.current().name);
  return record;
}

/** Notes that the cloud has accepted everything, which is not yet to say that it is so. */
export async function markPushed(deps: Deps, run: Place): Promise<void> {
  const message = 'Accepted by the cloud, and not read back yet.';
  await amend(deps, run, { state: 'Pushed', reason: 'Pushed', message, pushedAt: iso(deps.clock.now()) });
}

/** Notes how far the changes have come, for those who wait. A failover has no time for it. */
export async function noteProgress(deps: Deps, run: Place, progress: Progress): Promise<void> {
  const message = `Changes are being made: ${progress.done} of ${progress.total}.`;
  if (run.scope === 'full') await amend(deps, run, { state: 'Pending', reason: 'Pushing', message, progress });
}

async function amend(deps: Deps, { fleet, gateway, lease }: Place, fields: Partial<SyncRecord>): Promise<void> {
  const record = await deps.store.sync(fleet, gateway);
  if (record === undefined) return;
  if (!(await deps.store.putSync({ ...record, ...fields }, lease.current()))) throw new LeaseLost(lease.current().name);
}

/** False when the lease has gone to another writer, whose record then counts. */
export async function recordOutcome(
  deps: Deps,
  { scope, lease }: Place,
  record: SyncRecord,
  outcome: Outcome,
): Promise<boolean> {
  const isPartial = scope === 'pools' && follows(outcome);
  if (outcome.reason === REASON.stalePlan || outcome.reason === REASON.held || (isPartial && saysMore(record))) {
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
  return await deps.store.putSync(nextRecord(deps, scope, record, outcome), lease.current());
}

/** That the pools are right says nothing of the rest: a full run that has yet to end well, or drift elsewhere. */
function saysMore(record: SyncRecord): boolean {
  return record.intent !== undefined || record.verifiedAt === undefined || record.drift !== undefined;
}

function nextRecord(deps: Deps, scope: Place['scope'], record: SyncRecord, outcome: Outcome): SyncRecord {
  const now = deps.clock.now();
  const { state, reason, message, drift } = outcome;
  const done = follows(outcome);
  const attempts = GOES_ON.has(reason) ? record.attempts - 1 : record.attempts;
  return {
    ...record,
    state,
    reason,
    message,
    intent: done ? undefined : outcome.renewIntent ? deps.ids.ulid() : record.intent,
    attempts: done ? 0 : attempts,
    nextAttemptAt: done ? undefined : iso(now + waitMs(attempts, outcome)),
    verifiedAt: state === 'Verified' ? iso(now) : record.verifiedAt,
    checkedAt: done && scope === 'full' ? iso(now) : record.checkedAt,
    address: outcome.address ?? record.address,
    provisioned: outcome.provisioned ?? record.provisioned,
    progress: progressAfter(record, outcome),
    drift: drift && { since: record.drift?.since ?? iso(now), ...drift },
    quotas: outcome.quotas?.length ? fullestFirst(outcome.quotas) : record.quotas,
  };
}

/** A run that stopped in the middle of a call does not know how far it has come beyond what was noted. */
function progressAfter(record: SyncRecord, { reason, progress }: Outcome): Progress | undefined {
  return progress ?? (GOES_ON.has(reason) ? record.progress : undefined);
}

function fullestFirst(quotas: readonly QuotaUse[]): QuotaUse[] {
  const fill = ({ used, allowed }: QuotaUse) => used / Math.max(1, allowed);
  return quotas
    .map(({ quota, used, allowed }) => ({ quota, used, allowed }))
    .sort((a, b) => fill(b) - fill(a) || a.quota.localeCompare(b.quota, 'en'));
}

function waitMs(attempts: number, outcome: Outcome): number {
  if (GOES_ON.has(outcome.reason)) return 0;
  if (outcome.progress) return PROVISION_POLL_MS;
  return Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (attempts - 1));
}

/** How many changes the runs have made that the next one goes on from. */
export function doneBefore({ reason, progress }: SyncRecord): number {
  return GOES_ON.has(reason) ? (progress?.done ?? 0) : 0;
}

/** Whether a gateway is to be run now: it has yet to follow and its next attempt is due, or nobody has looked at it for a while. */
export function isDue(record: SyncRecord | undefined, isBehind: boolean, nowMs: number): boolean {
  if (record === undefined) return isBehind;
  if (!follows(record)) return isPast(record.nextAttemptAt, nowMs);
  return isBehind || isPast(record.checkedAt, nowMs - DRIFT_CHECK_MS);
}

function isPast(at: string | undefined, nowMs: number): boolean {
  return at === undefined || Date.parse(at) <= nowMs;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
