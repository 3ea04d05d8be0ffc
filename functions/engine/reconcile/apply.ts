import { say } from '../../../schemas/messages/index.ts';
import { beforeWriting } from '../../core/gateway/drift.ts';
import type { Change, Refusal } from '../../core/gateway/provider-object.ts';
import type { Deps } from '../../deps.ts';
import { type GatewayContext, withServing } from './context.ts';
import { type Outcome, stopped } from './outcome.ts';
import { planReconcile, type ReconcilePlan } from './reconcile-plan.ts';
import type { Run } from './run.ts';
import { markPushed, noteProgress } from './sync.ts';

/** The waits between reads of a gateway that does not yet show what was written: reads may lag behind writes. */
const LOOK_AGAIN_MS = [1_000, 2_000, 4_000];

/** The changes that the cloud has refused, or the reason why the run stopped before it had applied everything. */
export type Applied = { refusals: Refusal[]; stop?: undefined } | { stop: Outcome };

/** Applies the changes batch by batch. Before each batch the run stops if a failover waits or its time is over. */
export async function applyAll(
  deps: Deps,
  run: Run,
  context: GatewayContext,
  planned: ReconcilePlan,
): Promise<Applied> {
  const { provider, session, scope, traffic } = context;
  const { plan, observed } = planned;
  await prepare(deps, run, context, planned);
  const refusals: Refusal[] = [];
  let done = run.doneBefore;
  const total = done + plan.changes.length;
  for (const batch of provider.batch(plan.changes)) {
    await session.ensureLease();
    if (scope === 'full' && (await deps.store.traffic(run.fleet)).version !== traffic.version) {
      return { stop: stopped('Yielded', { done, total, step: say('WaitsForFailover').text }) };
    }
    if (deps.clock.now() >= run.untilMs) {
      return { stop: stopped('Continues', { done, total, step: say('WaitsForNextRun').text }) };
    }
    await noteProgress(deps, run, { done, total, step: describe(batch) });
    refusals.push(...(await provider.apply(withoutReplaced(batch, refusals), observed, session)));
    done += batch.length;
  }
  await markPushed(deps, run);
  return { refusals };
}

/**
 * Prepares the first write. Changes are entered in the baseline, so that they do not count as drift, and the stored
 * pools are those of the old and the new rules, because a failover must know both.
 */
async function prepare(
  { store }: Deps,
  { fleet, gateway, lease }: Run,
  context: GatewayContext,
  { plan, config }: ReconcilePlan,
): Promise<void> {
  const { scope, baseline } = context;
  await store.putBaseline(fleet, gateway, beforeWriting(baseline, plan.changes), lease.current());
  if (scope !== 'full') return;
  const pools = withServing(context, config, () => true);
  await store.putPools(fleet, gateway, pools, lease.current());
}

/** Leaves out the changes whose replacement was refused, so that the objects in use keep serving. */
function withoutReplaced(batch: readonly Change[], refusals: readonly Refusal[]): Change[] {
  const refused = new Set(refusals.map(({ key }) => key));
  return batch.filter(({ unless = [] }) => !unless.some((key) => refused.has(key)));
}

function describe(batch: readonly Change[]): string {
  const [first] = batch;
  const rest = batch.length > 1 ? ` and ${batch.length - 1} more` : '';
  return `${first?.verb} ${first?.kind} ${first?.key}${rest}`;
}

/**
 * Reads the gateway after the writes. `readMs` is the time at which the read began. While differences are left, the
 * gateway is read again a few times, as lists may lag behind.
 */
export async function readBack(
  { clock }: Deps,
  context: GatewayContext,
  before: ReconcilePlan,
  refusals: readonly Refusal[],
): Promise<{ planned: ReconcilePlan; readMs: number }> {
  const { provider, session, scope, known } = context;
  for (let look = 0; ; look++) {
    const readMs = clock.now();
    const observed = await provider.observe(session, scope, known);
    const address = observed.address ?? before.observed.address;
    const planned = planReconcile(context, { ...observed, address }, readMs, refusals);
    const waitMs = LOOK_AGAIN_MS[look];
    if (planned.plan.changes.length === 0 || waitMs === undefined) return { planned, readMs };
    await clock.sleep(waitMs);
    await session.ensureLease();
  }
}
