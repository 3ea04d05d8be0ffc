import type { DrillRun } from '../../../schemas/drill.ts';
import type { Page, PageRequest } from '../../deps.ts';
import type { Context } from '../context.ts';
import { missing, requireFleet } from '../load.ts';

/** Lists the drill runs of a fleet, newest first. Throws `not-found`. */
export async function listDrillRuns(ctx: Context, fleet: string, request: PageRequest): Promise<Page<DrillRun>> {
  await requireFleet(ctx, fleet);
  const { items, nextToken } = await ctx.deps.store.documents(fleet, 'drill-run', request);
  return { items: items.map(({ body }) => body), nextToken };
}

/** Returns a drill run. Throws `not-found`. */
export async function getDrillRun(ctx: Context, fleet: string, id: string): Promise<DrillRun> {
  const document = await ctx.deps.store.document(fleet, 'drill-run', id);
  if (document === undefined) throw missing('drill run', id, fleet);
  return document.body;
}
