import type { ClusterState } from '../core/failover/traffic.ts';
import type { Context } from './context.ts';
import { auditingRefusals, theFleet } from './refusals.ts';
import { requireFleet, requireResource } from './resources.ts';
import { type Commanded, commandTraffic } from './traffic-command.ts';

/** Takes out what brakes keep in. Changes nothing when they keep nothing in. Throws what `commandTraffic` throws. */
export async function resumeAutomation(ctx: Context, fleet: string): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'resume.refused', async () => {
    await requireFleet(ctx, fleet);
    const states = await statesOf(ctx, fleet);
    if (states.every(({ standing }) => standing !== 'suspected')) return {};
    return await commandTraffic(ctx, fleet, { type: 'resume' });
  });
}

/** Lets a cluster return that waits, without its dwell time. Changes nothing when it does not wait. Throws `not-found`, and what `commandTraffic` throws. */
export async function restoreCluster(ctx: Context, fleet: string, cluster: string): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'restore.refused', async () => {
    await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
    const states = await statesOf(ctx, fleet);
    if (!states.some((state) => state.cluster === cluster && WAITING.has(state.standing))) return {};
    return await commandTraffic(ctx, fleet, { type: 'restore', cluster });
  });
}

/** Says that a suspected cluster does not fail: for an hour, what its voters say counts for nothing. Changes nothing when it is not suspected. */
export async function dismissSuspicion(ctx: Context, fleet: string, cluster: string): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'dismiss.refused', async () => {
    await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
    const states = await statesOf(ctx, fleet);
    if (!states.some((state) => state.cluster === cluster && state.standing === 'suspected')) return {};
    return await commandTraffic(ctx, fleet, { type: 'dismiss', cluster });
  });
}

/** Gives gateways what is recommended. Changes nothing when nothing is. Throws what `commandTraffic` throws. */
export async function acceptRecommendation(ctx: Context, fleet: string): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'accept.refused', async () => {
    await requireFleet(ctx, fleet);
    const { recommended } = await ctx.deps.store.traffic(fleet);
    return recommended === undefined ? {} : await commandTraffic(ctx, fleet, { type: 'accept' });
  });
}

const WAITING: ReadonlySet<ClusterState['standing']> = new Set<ClusterState['standing']>(['held', 'joining']);

async function statesOf({ deps }: Context, fleet: string): Promise<ClusterState[]> {
  const { clusters } = await deps.store.traffic(fleet);
  return clusters;
}
