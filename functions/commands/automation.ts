import type { Context } from './context.ts';
import { requireResource } from './resources.ts';
import { auditingRefusals, type Commanded, commandTraffic } from './traffic-command.ts';

/** Lets automation go on after it has halted. Changes nothing when it has not. Throws what `commandTraffic` throws. */
export async function resumeAutomation(ctx: Context, fleet: string): Promise<Commanded> {
  return await auditingRefusals(ctx, fleet, 'resume.refused', async () => {
    const { halt } = (await ctx.deps.store.traffic(fleet)).automation;
    if (halt === undefined) {
      await requireResource(ctx, { kind: 'fleet', fleet, name: fleet });
      return {};
    }
    return await commandTraffic(ctx, fleet, { type: 'resume' });
  });
}

/** Lets a cluster return, where failback is manual. Throws `not-found`, and what `commandTraffic` throws. */
export async function restoreCluster(ctx: Context, fleet: string, cluster: string): Promise<Commanded> {
  return await auditingRefusals(ctx, fleet, 'restore.refused', async () => {
    await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
    const { outages } = (await ctx.deps.store.traffic(fleet)).automation;
    if (!outages.some((outage) => outage.cluster === cluster)) return {};
    return await commandTraffic(ctx, fleet, { type: 'restore', cluster });
  });
}
