import type { Observation } from '../../schemas/cluster.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { Page, PageRequest } from '../deps.ts';
import { AppError } from './app-error.ts';
import type { Context } from './context.ts';
import { requireFleet, requireResource } from './resources.ts';

/** What probers saw of a cluster, newest first. Throws `not-found`. */
export async function listObservations(
  ctx: Context,
  fleet: string,
  cluster: string,
  page: PageRequest,
): Promise<Page<Observation>> {
  await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
  return await ctx.deps.store.observations(fleet, cluster, page);
}

/** Why traffic moved, newest first. Throws `not-found`. */
export async function listDecisions(ctx: Context, fleet: string, page: PageRequest): Promise<Page<Decision>> {
  await requireFleet(ctx, fleet);
  return await ctx.deps.store.decisions(fleet, page);
}

/** Throws `not-found`. */
export async function getDecision(ctx: Context, fleet: string, id: string): Promise<Decision> {
  const decision = await ctx.deps.store.decision(fleet, id);
  if (decision === undefined) throw new AppError('not-found', `There is no decision ${id} in fleet ${fleet}.`);
  return decision;
}
