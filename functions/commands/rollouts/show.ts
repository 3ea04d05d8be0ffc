import type { DistributionRollout, DistributionRolloutQuery } from '../../../schemas/rollout.ts';
import { rolloutCalls } from '../../core/rollout/calls.ts';
import { ended } from '../../core/rollout/changes.ts';
import { dueMs, isOwn, nextMove } from '../../core/rollout/next-move.ts';
import type { Page, PageRequest, StoredDocument } from '../../deps.ts';
import { type Context, timestamp } from '../context.ts';
import { requireFleet, requireResource } from '../load.ts';
import { type ListOf, selectionOf } from '../selection.ts';
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
 * Lists the rollouts of a distribution, which are stored with those of the other distributions of the fleet. Those of a
 * distribution that has been deleted stay. Throws `not-found` for a distribution that does not exist, unless there are any.
 */
export async function listRollouts(
  ctx: Context,
  key: Pick<RolloutRef, 'fleet' | 'distribution'>,
  request: PageRequest,
  query: DistributionRolloutQuery,
): Promise<Page<DistributionRollout>> {
  const { store, clock } = ctx.deps;
  await requireFleet(ctx, key.fleet);
  const distribution = await store.get('distribution', key.fleet, key.distribution);
  const at = timestamp(clock.now());
  const shown = ({ body }: StoredDocument<'rollout'>) =>
    isLive(body) && !isOwn(body, distribution) ? ended(body, 'superseded', at) : withTimes(body);
  const list: ListOf<StoredDocument<'rollout'>, DistributionRolloutQuery> = {
    part: { name: key.distribution, has: ({ body }) => body.distribution === key.distribution },
    filters: { state: (item, asked) => shown(item).state === asked },
  };
  const { items, nextToken } = await store.documents(key.fleet, 'rollout', request, selectionOf(list, query));
  if (items.length === 0 && nextToken === undefined && request.token === undefined)
    await requireResource(ctx, distributionOf(key));
  return { items: items.map(shown), nextToken };
}

function isLive({ state }: DistributionRollout): boolean {
  return state === 'running' || state === 'stopped';
}

function withTimes(body: DistributionRollout): DistributionRollout {
  const due = body.state === 'running' ? dueMs(body) : undefined;
  return due === undefined ? body : { ...body, nextAt: timestamp(due) };
}
