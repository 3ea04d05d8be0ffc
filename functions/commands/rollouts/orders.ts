import { say } from '../../../schemas/messages/index.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';
import { resumed, stopped, undone } from '../../core/rollout/changes.ts';
import { isOwn } from '../../core/rollout/next-move.ts';
import type { StoredDocument } from '../../deps.ts';
import { authorizeTraffic } from '../access/gateways.ts';
import { AppError } from '../app-error.ts';
import { type Context, timestamp } from '../context.ts';
import { auditingRefusals } from '../refusals.ts';
import { untilWritten } from '../until-written.ts';
import { distributionOf, loadRollout, type RolloutRef, recordRollout, writeRollout } from './records.ts';
import type { StartedRollout } from './start.ts';

/**
 * Stops a rollout at its current step until somebody resumes it. A stopped one stays stopped. Throws `not-found`,
 * `already-ended`, and `forbidden` when a grant leaves out a gateway.
 */
export async function pauseRollout(ctx: Context, ref: RolloutRef, reason: string): Promise<StartedRollout> {
  return await changeState(ctx, ref, 'rollout.paused', reason, (body, at) => {
    if (body.state !== 'running') return body;
    return stopped(body, {
      cause: 'person',
      at,
      actor: ctx.principal.actor,
      detail: say('StoppedBy', { actor: ctx.principal.actor, reason }).text,
    });
  });
}

/**
 * Resumes a stopped rollout; the wait of its step begins again. A rollout that is not stopped is left unchanged. Throws
 * `not-found` and `already-ended`.
 */
export async function resumeRollout(ctx: Context, ref: RolloutRef): Promise<StartedRollout> {
  return await changeState(ctx, ref, 'rollout.resumed', undefined, (body, at) => {
    return body.state === 'stopped' ? resumed(body, at) : body;
  });
}

/**
 * Restores the distribution that was there before the rollout in one write, as long as nobody else has changed it
 * since. This also works once the rollout has finished. An undone rollout is left unchanged. Throws `not-found`,
 * `already-ended`, and the faults of the declaration.
 */
export async function undoRollout(ctx: Context, ref: RolloutRef, reason: string): Promise<StartedRollout> {
  const { body } = await loadRollout(ctx, ref);
  if (body.state === 'undone') return { rollout: body };
  const told = `undoes ${body.id}: ${ctx.reason ?? reason}`;
  const { rollout, written } = await writeRollout({ ...ctx, reason: told }, ref, (before) => ({
    before,
    clusters: before.body.from,
    after: (distribution) => undone(before.body, distribution),
  }));
  return { rollout, operation: written.operation };
}

async function changeState(
  given: Context,
  ref: RolloutRef,
  event: string,
  reason: string | undefined,
  change: (body: DistributionRollout, at: string) => DistributionRollout,
): Promise<StartedRollout> {
  const ctx = { ...given, reason: given.reason ?? reason };
  return await auditingRefusals(ctx, distributionOf(ref), 'rollout.refused', async () => {
    return await untilWritten(async () => {
      const before = await loadRollout(ctx, ref);
      await authorizeTraffic(ctx, ref.fleet);
      await requireLive(ctx, ref, before);
      const body = change(before.body, timestamp(ctx.deps.clock.now()));
      if (ctx.isDry || body === before.body) return { rollout: body };
      return (await recordRollout(ctx, before, body, event)) ? { rollout: body } : undefined;
    });
  });
}

async function requireLive(
  ctx: Context,
  ref: RolloutRef,
  { body, isPending }: StoredDocument<'rollout'>,
): Promise<void> {
  const { fleet, distribution: name } = ref;
  if (!isPending) throw new AppError('already-ended', say('RolloutEnded', { rollout: body.id, state: body.state }));
  if (isOwn(body, await ctx.deps.store.get('distribution', fleet, name))) return;
  throw new AppError('already-ended', say('RolloutSuperseded', { rollout: body.id, distribution: name }));
}
