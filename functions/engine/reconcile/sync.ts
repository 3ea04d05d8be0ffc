import type { Progress } from '../../../schemas/gateway.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { RefusalRecord } from '../../core/gateway/reading.ts';
import { isoOf, msOf } from '../../core/model/time.ts';
import type { Deps, SyncRecord } from '../../deps.ts';
import { goesOn, isEnded, type Outcome, summaryOf } from './outcome.ts';
import type { Run } from './run.ts';

/**
 * The wait before the n-th retry: 2 s, doubled each time, at most 15 s, so that waiting changes are made soon after the
 * cloud has recovered.
 */
const RETRY_BASE_MS = 2_000;
const RETRY_CAP_MS = 15_000;

/** The wait between runs while an instance is created. It takes minutes; each run takes it one step further. */
const PROVISION_POLL_MS = 5_000;

/**
 * The interval at which a gateway without open changes is read. Somebody may have changed it, and whatever is shown of
 * it is as old as the last read.
 */
const READ_EVERY_MS = 30_000;

type Place = Pick<Run, 'fleet' | 'gateway' | 'scope' | 'lease'>;

/**
 * Records that a run begins, so that a run that dies is noticed. The creates of all full runs until the next success
 * share one intent, which exists until a full run ends well.
 */
export async function beginAttempt(deps: Deps, { fleet, gateway, scope, lease }: Place): Promise<SyncRecord> {
  const last = await deps.store.sync(fleet, gateway);
  const record: SyncRecord = {
    state: 'Pending',
    reason: 'Pending',
    message: say('NotPushedYet').text,
    ...last,
    fleet,
    gateway,
    intent: last?.intent ?? (scope === 'full' ? deps.ids.ulid() : undefined),
    attempts: (last?.attempts ?? 0) + 1,
    lastAttemptAt: isoOf(deps.clock.now()),
  };
  await deps.store.putSync(record, lease.current());
  return record;
}

/** Records that the cloud has accepted everything, which does not yet mean that it is in effect. */
export async function markPushed(deps: Deps, run: Place): Promise<void> {
  const message = say('PushAccepted').text;
  await amend(deps, run, { state: 'Pushed', reason: 'Pushed', message, pushedAt: isoOf(deps.clock.now()) });
}

/** Records the progress of the changes for people who wait. A failover skips this to save time. */
export async function noteProgress(deps: Deps, run: Place, progress: Progress): Promise<void> {
  const message = say('PushUnderWay', progress).text;
  if (run.scope === 'full') await amend(deps, run, { state: 'Pending', reason: 'Pushing', message, progress });
}

async function amend(deps: Deps, { fleet, gateway, lease }: Place, fields: Partial<SyncRecord>): Promise<void> {
  const record = await deps.store.sync(fleet, gateway);
  if (record === undefined) return;
  await deps.store.putSync({ ...record, ...fields }, lease.current());
}

/**
 * Records how the run ended. A successful run with scope `pools` does not replace the record of a full run that has yet
 * to succeed.
 */
export async function recordOutcome(
  deps: Deps,
  { scope, lease }: Place,
  record: SyncRecord,
  outcome: Outcome,
): Promise<void> {
  const { reason } = summaryOf(outcome);
  const isPartial = scope === 'pools' && outcome.type === 'ended';
  if (reason === 'StalePlan' || reason === 'Held' || (isPartial && saysMore(record))) {
    await deps.store.putSync({ ...record, attempts: record.attempts - 1 }, lease.current());
    return;
  }
  const next = nextRecord(deps, scope, record, outcome);
  const { fleet, gateway, state, message } = next;
  const changes = outcome.type === 'ended' ? outcome.pushed.length : 0;
  deps.log.info('gateway.reconciled', { fleet, gateway, state, reason, message, changes });
  await deps.store.putSync(next, lease.current());
}

/**
 * Tells whether the record says more than a successful run with scope `pools` could: a full run has yet to succeed, or
 * has left deviations.
 */
function saysMore(record: SyncRecord): boolean {
  return record.intent !== undefined || record.verifiedAt === undefined || record.state === 'Diverged';
}

function nextRecord(deps: Deps, scope: Place['scope'], record: SyncRecord, outcome: Outcome): SyncRecord {
  const now = deps.clock.now();
  const summary = summaryOf(outcome);
  const done = isEnded(summary);
  const attempts = goesOn(summary.reason) ? record.attempts - 1 : record.attempts;
  const renews = outcome.type === 'failed' ? outcome.renewsIntent : refusalsOf(outcome).length > 0;
  return {
    ...record,
    ...summary,
    intent: done ? undefined : renews ? deps.ids.ulid() : record.intent,
    attempts: done ? 0 : attempts,
    nextAttemptAt: done ? soonestRetry(outcome) : isoOf(now + waitMs(attempts, outcome)),
    verifiedAt: summary.state === 'Verified' ? isoOf(now) : record.verifiedAt,
    checkedAt: outcome.type === 'ended' && scope === 'full' ? isoOf(now) : record.checkedAt,
    provisioned: outcome.type === 'ended' ? outcome.target : record.provisioned,
    progress: progressAfter(record, outcome),
  };
}

/**
 * Returns the refusals of a run. After a refusal the intent is renewed: what a create made for the change may be gone,
 * and its token would return the old answer.
 */
function refusalsOf(outcome: Outcome): RefusalRecord[] {
  return outcome.type === 'ended' ? outcome.deviations.flatMap(({ refusal }) => refusal ?? []) : [];
}

function soonestRetry(outcome: Outcome): string | undefined {
  return refusalsOf(outcome)
    .map(({ retryAt }) => retryAt)
    .sort()[0];
}

/**
 * Returns the progress after a run. A run that stopped in the middle of a call keeps the progress that was recorded
 * before.
 */
function progressAfter(record: SyncRecord, outcome: Outcome): Progress | undefined {
  if (outcome.type === 'provisioning') return outcome.progress;
  if (outcome.type !== 'stopped') return undefined;
  return outcome.progress ?? (goesOn(outcome.reason) ? record.progress : undefined);
}

function waitMs(attempts: number, outcome: Outcome): number {
  if (outcome.type === 'stopped' && goesOn(outcome.reason)) return 0;
  if (outcome.type === 'provisioning') return PROVISION_POLL_MS;
  return Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (attempts - 1));
}

/** Returns the number of changes made by the earlier runs that the next run continues. */
export function doneBefore({ reason, progress }: SyncRecord): number {
  return goesOn(reason) ? (progress?.done ?? 0) : 0;
}

/**
 * Tells whether a gateway is to be run now. After a run that failed or stopped it is due when its next attempt is;
 * otherwise it is due when changes wait, when a retry is due, or when it has not been read for a while.
 */
export function isDue(record: SyncRecord | undefined, isBehind: boolean, nowMs: number): boolean {
  if (record === undefined) return isBehind;
  if (!isEnded(record)) return isPast(record.nextAttemptAt, nowMs);
  const isRetried = record.nextAttemptAt !== undefined && isPast(record.nextAttemptAt, nowMs);
  return isBehind || isRetried || isPast(record.checkedAt, nowMs - READ_EVERY_MS);
}

function isPast(at: string | undefined, nowMs: number): boolean {
  return at === undefined || msOf(at) <= nowMs;
}
