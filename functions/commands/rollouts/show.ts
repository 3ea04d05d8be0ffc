import type { DistributionRollout } from '../../../schemas/rollout.ts';
import { rolloutCalls } from '../../core/rollout/calls.ts';
import { ended } from '../../core/rollout/changes.ts';
import { dueMs, isOwn, nextMove } from '../../core/rollout/next-move.ts';
import type { Page, PageRequest } from '../../deps.ts';
import { type Context, timestamp } from '../context.ts';
import { requireFleet, requireResource } from '../load.ts';
import { readRolloutFacts } from './facts.ts';
import { distributionOf, loadRollout, type RolloutRef } from './records.ts';

/** Returns a rollout as it is now, with what it waits for and the calls that are possible. Throws `not-found`. */
export async function getRollout(ctx: Context, ref: RolloutRef): Promise<DistributionRollout> {
  const { body } = await loadRollout(ctx, ref);
  const facts = await readRolloutFacts(ctx, body);
  if (facts === undefined || !isOwn(body, facts.distribution)) {
    return { ...(isLive(body) ? ended(body, 'superseded', timestamp(ctx.deps.clock.now())) : body), calls: [] };
  }
  const move = nextMove(body, facts);
  const waits = isLive(body) ? { waitsFor: move.type === 'wait' ? move.waitsFor : [] } : {};
  return { ...withTimes(body), ...waits, calls: rolloutCalls(body) };
}

/**
 * Lists the rollouts of a distribution, newest first. A page may be short, because rollouts of all distributions of the
 * fleet are read and filtered. Those of a distribution that has been deleted stay. Throws `not-found` for a distribution
 * that does not exist and never had a rollout.
 */
export async function listRollouts(
  ctx: Context,
  key: Pick<RolloutRef, 'fleet' | 'distribution'>,
  request: PageRequest,
): Promise<Page<DistributionRollout>> {
  const { store, clock } = ctx.deps;
  await requireFleet(ctx, key.fleet);
  const [distribution, { items, nextToken }] = await Promise.all([
    store.get('distribution', key.fleet, key.distribution),
    store.documents(key.fleet, 'rollout', request),
  ]);
  const own = items.flatMap(({ body }) => (body.distribution === key.distribution ? [body] : []));
  if (own.length === 0) await requireResource(ctx, distributionOf(key));
  const at = timestamp(clock.now());
  const isOver = (body: DistributionRollout) => isLive(body) && !isOwn(body, distribution);
  return { items: own.map((body) => (isOver(body) ? ended(body, 'superseded', at) : withTimes(body))), nextToken };
}

function isLive({ state }: DistributionRollout): boolean {
  return state === 'running' || state === 'stopped';
}

function withTimes(body: DistributionRollout): DistributionRollout {
  const due = body.state === 'running' ? dueMs(body) : undefined;
  return due === undefined ? body : { ...body, nextAt: timestamp(due) };
}
