import { afterReading, beforeWriting } from '../core/drift.ts';
import type { Change } from '../core/provider-object.ts';
import type { Deps, OutboxRow } from '../deps.ts';
import type { Observed } from '../providers/provider.ts';
import { LeaseLost } from './lease.ts';
import type { Outcome } from './outcome.ts';
import * as outcomes from './outcome.ts';
import { type Proposal, propose, type Wish } from './propose.ts';
import type { Run } from './run.ts';
import { markPushed, noteProgress } from './sync.ts';

/** Waits between looks at a gateway that does not show yet what was written: reads may lag behind writes. */
const LOOK_AGAIN_MS = [1_000, 2_000, 4_000];

/**
 * Applies what it takes, reads it back, and says how it ended. `rows` gain those that the approval of the plan brings. Rules and pools of
 * the run before keep serving wherever this one stops.
 */
export async function push(deps: Deps, run: Run, wish: Wish, rows: OutboxRow[]): Promise<Outcome> {
  const { provider, session, scope, resource } = wish;
  const proposal = propose(wish, await provider.observe(session, scope));
  if (run.approve) {
    const added = await run.approve(proposal);
    if (added === undefined) return outcomes.stale(proposal.observed);
    rows.push(...added);
  }
  const { plan, observed, findings } = proposal;
  if (findings.length > 0) return outcomes.refused(findings, proposal);
  if (plan.changes.length === 0) return await confirm(deps, run, wish, proposal, []);
  if (resource.spec.policy === 'observe-only') return outcomes.observeOnly(proposal);

  await prepare(deps, run, wish, proposal);
  const stopped = await applyAll(deps, run, wish, proposal);
  if (stopped) return stopped;
  await markPushed(deps, run);
  const after = await readBack(deps, wish, observed);
  if (after.plan.changes.length > 0) return outcomes.diverged(after);
  return await confirm(deps, run, wish, after, plan.changes);
}

/** Before the first write: what is written is nobody's drift, and a failover must know the pools of the old rules and of the new ones. */
async function prepare(
  { store }: Deps,
  run: Run,
  { scope, config, baseline }: Wish,
  { plan }: Proposal,
): Promise<void> {
  const { fleet, gateway } = run;
  must(run, await store.putBaseline(fleet, gateway, beforeWriting(baseline, plan.changes), run.lease.current()));
  if (scope !== 'full') return;
  const known = new Set(config.pools.map((pool) => pool.key));
  const old = (await store.pools(fleet, gateway)).filter((pool) => !known.has(pool.key));
  must(run, await store.putPools(fleet, gateway, [...config.pools, ...old], run.lease.current()));
}

/** Batch by batch; undefined when all are done. Between two batches the run gives way to a failover, and ends with its time. */
async function applyAll(deps: Deps, run: Run, wish: Wish, { plan, observed }: Proposal): Promise<Outcome | undefined> {
  const { provider, session, scope, traffic } = wish;
  let done = run.doneBefore;
  const total = done + plan.changes.length;
  for (const batch of provider.batch(plan.changes)) {
    await session.ensureLease();
    if (scope === 'full' && (await deps.store.traffic(run.fleet)).version !== traffic.version)
      return outcomes.yielded(observed, done, total);
    if (deps.clock.now() >= run.untilMs) return outcomes.continued(observed, done, total);
    await noteProgress(deps, run, { done, total, step: describe(batch) });
    await provider.apply(batch, observed, session);
    done += batch.length;
  }
  return undefined;
}

function describe(batch: readonly { verb: string; kind: string; key: string }[]): string {
  const [first] = batch;
  const rest = batch.length > 1 ? ` and ${batch.length - 1} more` : '';
  return `${first?.verb} ${first?.kind} ${first?.key}${rest}`;
}

async function readBack({ clock }: Deps, wish: Wish, before: Observed): Promise<Proposal> {
  const { provider, session, scope } = wish;
  let proposal = propose(wish, await provider.observe(session, scope));
  for (const waitMs of LOOK_AGAIN_MS) {
    if (proposal.plan.changes.length === 0) break;
    await clock.sleep(waitMs);
    await session.ensureLease();
    proposal = propose(wish, await provider.observe(session, scope));
  }
  return { ...proposal, observed: { ...proposal.observed, address: proposal.observed.address ?? before.address } };
}

/** The gateway has been read and is as wished, but for drift that is left. */
async function confirm(
  deps: Deps,
  run: Run,
  wish: Wish,
  proposal: Proposal,
  pushed: readonly Change[],
): Promise<Outcome> {
  const { store } = deps;
  const { fleet, gateway } = run;
  const isWhole = wish.scope === 'full';
  if (isWhole) must(run, await store.putPools(fleet, gateway, wish.config.pools, run.lease.current()));
  const options = { policy: wish.resource.spec.drift, isWhole };
  const baseline = afterReading(wish.baseline, proposal.observed.objects, proposal.drifted, options);
  must(run, await store.putBaseline(fleet, gateway, baseline, run.lease.current()));
  return outcomes.verified(proposal, pushed, run.doneBefore);
}

function must(run: Run, written: boolean): void {
  if (!written) throw new LeaseLost(run.lease.current().name);
}
