import type { PlannedChange } from '../../../schemas/plan.ts';
import type { Resource } from '../../core/model/resource.ts';
import { CloudError, type Deps, LeaseLost, type OutboxRow, type SyncRecord } from '../../deps.ts';
import type { Observed, Scope } from '../../providers/provider.ts';
import { withLease } from '../lease.ts';
import { applyAll, readBack } from './apply.ts';
import { conclude } from './conclude.ts';
import { areMatched, type GatewayContext, readContext } from './context.ts';
import { instanceOf } from './instance.ts';
import { failureOf, isEnded, type Outcome, type Summary, stopped, summaryOf } from './outcome.ts';
import { planReconcile } from './reconcile-plan.ts';
import { recordRead, recordReadFault } from './record.ts';
import type { Run, RunOptions } from './run.ts';
import { openSession } from './session.ts';
import { beginAttempt, doneBefore, recordOutcome } from './sync.ts';

/**
 * The time for which a writer that dies blocks its gateway. It is longer than any single attempt of a call, so that an
 * attempt begun just after the lease was ensured ends before the lease does.
 */
const LEASE_MS = 20_000;

/**
 * The most runs of one caller. Edits that arrive during a run are taken up by another run of the same caller, and after
 * this many by the sweep.
 */
const MAX_RUNS = 10;

/** The result of reconciling a gateway. `changes` are those that the last run pushed. */
export type ReconcileResult = Summary & { gateway: string; changes: PlannedChange[] };

/**
 * Makes a gateway follow what is declared, and verifies it. Every write to a gateway goes through this function. Only
 * one writer works at a time: a second caller gets `Pending`, and the first takes up the work of the second.
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
    if (outcome === undefined) return result ?? resultOf(gateway, stopped('Busy'));
    result = resultOf(gateway, outcome);
    if (result.reason === 'Yielded') continue;
    if (!isEnded(result) || !(await hasWork(deps, fleet, gateway, scope))) return result;
  }
  return result ?? resultOf(gateway, stopped('Busy'));
}

function resultOf(gateway: string, outcome: Outcome): ReconcileResult {
  const pushed = outcome.type === 'ended' ? outcome.pushed : [];
  const changes = pushed.map(({ verb, kind, key, reason }) => ({ verb, kind, key, reason }));
  return { gateway, ...summaryOf(outcome), changes };
}

async function hasWork(deps: Deps, fleet: string, gateway: string, scope: Scope): Promise<boolean> {
  const rows = await deps.store.outbox({ fleet, gateway });
  return rows.some((row) => scope === 'full' || row.kind === 'traffic');
}

/** Runs a waiting failover before a full run, because a failover is short, and publishing can wait. */
async function runInTurn(deps: Deps, run: Run): Promise<Outcome> {
  if (run.scope === 'full' && (await hasWork(deps, run.fleet, run.gateway, 'pools'))) {
    const moved = await runOnce(deps, { ...run, scope: 'pools', approve: undefined });
    if (moved.type !== 'ended') return moved;
  }
  return await runOnce(deps, run);
}

/** Makes one run. The outbox rows are read first, so that everything read afterwards contains what they ask for. */
async function runOnce(deps: Deps, run: Run): Promise<Outcome> {
  const rows = (await deps.store.outbox(run)).filter((row) => run.scope === 'full' || row.kind === 'traffic');
  const resource = await deps.store.get('gateway', run.fleet, run.gateway);
  if (resource === undefined) {
    await conclude(deps, run, rows, { type: 'deleted' }, 0);
    return { type: 'deleted' };
  }
  try {
    const record = await beginAttempt(deps, run);
    const resumed = { ...run, doneBefore: doneBefore(record) };
    const outcome = await attempt(deps, resumed, resource, record, rows).catch((error: unknown) =>
      failureOf(error, deps, { fleet: run.fleet, gateway: run.gateway }),
    );
    await recordOutcome(deps, run, record, outcome);
    await conclude(deps, run, rows, outcome, record.attempts);
    return outcome;
  } catch (error) {
    if (error instanceof LeaseLost) return stopped('LeaseLost');
    throw error;
  }
}

/**
 * Makes one attempt: finds the instance, reads what is declared, observes, matches, plans, applies in batches, reads
 * back and records what was verified. The rows of an approval are added to `rows`.
 */
async function attempt(
  deps: Deps,
  run: Run,
  resource: Resource<'gateway'>,
  record: SyncRecord,
  rows: OutboxRow[],
): Promise<Outcome> {
  const instance = await instanceOf(deps, run, resource, record);
  if (!instance.ready) return { type: 'provisioning', progress: instance.progress };
  const session = { ...(await openSession(deps, run, resource, record)), target: instance.target };
  const isAsked = run.approve !== undefined || rows.some((row) => row.kind === 'apply');
  // The hold is checked twice: before the declarations are read, since a hold may end during the read, and after it,
  // since one may begin. A hold that begins later has not written anything that was read.
  if (await isHeld(deps, run)) return stopped('Held');
  const context = await readContext(deps.store, resource, session, { scope: run.scope, isAsked });
  if (await isHeld(deps, run)) return stopped('Held');
  if (run.scope === 'pools' && !areMatched(context.pools)) {
    return await attempt(deps, { ...run, scope: 'full' }, resource, record, rows);
  }

  const readMs = deps.clock.now();
  const planned = planReconcile(context, await observe(deps, run, context), readMs);
  const approved = run.approve ? await run.approve(planned) : [];
  if (approved === undefined) return stopped('StalePlan');
  rows.push(...approved);
  const { changes } = planned.plan;
  const found = await recordRead(deps, run, context, { planned, readMs, isReadBack: changes.length === 0 });
  const end = { type: 'ended', target: instance.target } as const;
  if (changes.length === 0) return { ...end, deviations: found, pushed: [], written: run.doneBefore };

  const applied = await applyAll(deps, run, context, planned);
  if (applied.stop) return applied.stop;
  const after = await readBack(deps, context, planned, applied.refusals);
  const deviations = await recordRead(deps, run, context, { ...after, isReadBack: true });
  return { ...end, deviations, pushed: changes, written: run.doneBefore + changes.length - applied.refusals.length };
}

/**
 * Tells whether the run has to wait because the fleet is being written as a whole. A failover does not wait, because it
 * does not read declarations.
 */
async function isHeld({ store }: Deps, { fleet, scope }: Run): Promise<boolean> {
  return scope === 'full' && (await store.hold(fleet)) !== undefined;
}

/** Observes the gateway. When the gateway cannot be read, the fault is recorded with its time. */
async function observe(deps: Deps, run: Run, { provider, session, scope, known }: GatewayContext): Promise<Observed> {
  try {
    return await provider.observe(session, scope, known);
  } catch (error) {
    if (error instanceof CloudError) await recordReadFault(deps, run, { action: error.action, code: error.code });
    throw error;
  }
}
