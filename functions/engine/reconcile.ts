import type { Resource } from '../core/model.ts';
import type { Deps, OutboxRow, SyncRecord } from '../deps.ts';
import type { Scope } from '../providers/provider.ts';
import { withLease } from './lease.ts';
import { BUSY, DELETED, failureOf, follows, HELD, isFinal, type Outcome, provisioning, REASON } from './outcome.ts';
import { placeOf } from './place.ts';
import { readWish } from './propose.ts';
import { push } from './push.ts';
import type { Run, RunOptions } from './run.ts';
import { openSession } from './session.ts';
import { beginAttempt, doneBefore, recordOutcome } from './sync.ts';

/** A writer that dies blocks its gateway for this long. An attempt of a call ends before a lease that was just ensured does. */
const LEASE_MS = 20_000;

/** Edits that arrive during a run are taken up by the same caller, this many times; then the sweep takes over. */
const MAX_RUNS = 10;

export type ReconcileResult = Pick<Outcome, 'state' | 'reason' | 'message' | 'changes'> & { gateway: string };

/**
 * Makes a gateway follow what is declared, and verifies it: the one way in which anything reaches a gateway. One writer at a time;
 * a second caller answers `Pending`, and the first takes up what the second came for.
 */
export async function reconcileGateway(
  deps: Deps,
  fleet: string,
  gateway: string,
  { scope = 'full', untilMs = Number.POSITIVE_INFINITY, ...options }: RunOptions = {},
): Promise<ReconcileResult> {
  let result: ReconcileResult | undefined;
  for (let run = 0; run < MAX_RUNS; run++) {
    const outcome = await withLease(deps, `gateway/${fleet}/${gateway}`, LEASE_MS, (lease) =>
      runInTurn(deps, { fleet, gateway, scope, untilMs, lease, doneBefore: 0, ...(result ? {} : options) }),
    );
    if (outcome === undefined) return result ?? { gateway, ...BUSY };
    result = { gateway, ...outcome };
    if (outcome.reason === REASON.yielded) continue;
    if (!follows(outcome) || !(await hasWork(deps, fleet, gateway, scope))) return result;
  }
  return result ?? { gateway, ...BUSY };
}

async function hasWork(deps: Deps, fleet: string, gateway: string, scope: Scope): Promise<boolean> {
  const rows = await deps.store.outbox({ fleet, gateway });
  return rows.some((row) => scope === 'full' || row.kind === 'traffic');
}

/** A failover that waits goes first: it is short, and what is being published can wait. */
async function runInTurn(deps: Deps, run: Run): Promise<Outcome> {
  if (run.scope === 'full' && (await hasWork(deps, run.fleet, run.gateway, 'pools'))) {
    const moved = await runOnce(deps, { ...run, scope: 'pools', approve: undefined });
    if (!follows(moved)) return moved;
  }
  return await runOnce(deps, run);
}

/** The rows are read first: what they ask for is in everything that is read after them. */
async function runOnce(deps: Deps, run: Run): Promise<Outcome> {
  const rows = (await deps.store.outbox(run)).filter((row) => run.scope === 'full' || row.kind === 'traffic');
  const resource = await deps.store.get('gateway', run.fleet, run.gateway);
  if (resource === undefined) {
    await finish(deps, run, rows, DELETED, 0);
    return DELETED;
  }
  const record = await beginAttempt(deps, run);
  const resumed = { ...run, doneBefore: doneBefore(record) };
  const outcome = await attempt(deps, resumed, resource, record, rows).catch((error: unknown) =>
    failureOf(error, deps, { fleet: run.fleet, gateway: run.gateway }),
  );
  if (await recordOutcome(deps, run, record, outcome)) await finish(deps, run, rows, outcome, record.attempts);
  return outcome;
}

async function attempt(
  deps: Deps,
  run: Run,
  resource: Resource<'gateway'>,
  record: SyncRecord,
  rows: OutboxRow[],
): Promise<Outcome> {
  const place = await placeOf(deps, run, resource, record);
  if (!place.ready) return provisioning(place.progress);
  const session = { ...(await openSession(deps, run, resource, record)), target: place.target };
  const revertsDrift = run.approve !== undefined || rows.some((row) => row.kind === 'apply');
  // Asked before what is declared is read, since a hold may end meanwhile, and after: one that comes then comes before its first write.
  if (await isHeld(deps, run)) return HELD;
  const wish = await readWish(deps.store, resource, session, { scope: run.scope, revertsDrift });
  if (await isHeld(deps, run)) return HELD;
  const outcome = await push(deps, run, wish, rows);
  return resource.spec.target === undefined ? { ...outcome, provisioned: place.target } : outcome;
}

/** A failover does not wait: what it writes is not read from what is declared. */
async function isHeld({ store }: Deps, { fleet, scope }: Run): Promise<boolean> {
  return scope === 'full' && (await store.hold(fleet)) !== undefined;
}

/** Ends the operations that have come to an end here, then forgets what is done. A writer that has lost its lease leaves both to the next. */
async function finish(deps: Deps, run: Run, rows: OutboxRow[], outcome: Outcome, attempts: number): Promise<void> {
  const lease = run.lease.current();
  const endedAt = new Date(deps.clock.now()).toISOString();
  if (isFinal(outcome)) {
    const state = follows(outcome) ? 'Verified' : outcome.state === 'Diverged' ? 'Diverged' : 'Failed';
    const { reason, message } = outcome;
    const operations = [...new Set(rows.flatMap((row) => row.operations))];
    const { fleet, gateway } = run;
    const ended = operations.map(
      (operation) =>
        ({ operation, fleet, gateway, state, reason, message, attempts, endedAt, steps: outcome.written }) as const,
    );
    if (!(await deps.store.conclude(ended, lease))) return;
  }
  if (follows(outcome)) await deps.store.settle(rows, endedAt, lease);
}
