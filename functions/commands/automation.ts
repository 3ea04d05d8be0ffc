import type { AutomationState } from '../core/traffic.ts';
import type { Context } from './context.ts';
import { auditingRefusals, theFleet } from './refusals.ts';
import { requireFleet, requireResource } from './resources.ts';
import { type Commanded, commandTraffic } from './traffic-command.ts';

/** Lets automation go on after it has halted. Changes nothing when it has not. Throws what `commandTraffic` throws. */
export async function resumeAutomation(ctx: Context, fleet: string): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'resume.refused', async () => {
    await requireFleet(ctx, fleet);
    const states = await statesOf(ctx, fleet);
    if (states.every(({ halt }) => halt === undefined)) return {};
    return await commandTraffic(ctx, fleet, { type: 'resume' });
  });
}

/** Lets a cluster return, where failback is manual. Changes nothing when automation does not hold it back. Throws `not-found`, and what `commandTraffic` throws. */
export async function restoreCluster(ctx: Context, fleet: string, cluster: string): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'restore.refused', async () => {
    await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
    const states = await statesOf(ctx, fleet);
    if (!states.some(({ outages }) => outages.some((outage) => outage.cluster === cluster))) return {};
    return await commandTraffic(ctx, fleet, { type: 'restore', cluster });
  });
}

/** What automation has done, and what it would have done in a fleet that only records that. */
async function statesOf({ deps }: Context, fleet: string): Promise<AutomationState[]> {
  const { automation, recommended } = await deps.store.traffic(fleet);
  return recommended ? [automation, recommended] : [automation];
}
