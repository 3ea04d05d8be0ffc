import type { DrillRun, DrillRunQuery } from '../../../schemas/drill.ts';
import type { Page, PageRequest, StoredDocument } from '../../deps.ts';
import type { Context } from '../context.ts';
import { missing, requireFleet } from '../load.ts';
import { isLiveAs, type ListOf, selectionOf } from '../selection.ts';

const drillRunList: ListOf<StoredDocument<'drill-run'>, DrillRunQuery> = {
  filters: {
    drill: ({ body }, asked) => body.drill === asked,
    state: ({ body }, asked) => body.state === asked,
    live: isLiveAs(({ body }) => body.endedAt === undefined),
  },
};

/** Lists the drill runs of a fleet. Throws `not-found`. */
export async function listDrillRuns(
  ctx: Context,
  fleet: string,
  request: PageRequest,
  query: DrillRunQuery,
): Promise<Page<DrillRun>> {
  await requireFleet(ctx, fleet);
  const selection = selectionOf(drillRunList, query);
  const { items, nextToken } = await ctx.deps.store.documents(fleet, 'drill-run', request, selection);
  return { items: items.map(({ body }) => body), nextToken };
}

/** Returns a drill run. Throws `not-found`. */
export async function getDrillRun(ctx: Context, fleet: string, id: string): Promise<DrillRun> {
  const document = await ctx.deps.store.document(fleet, 'drill-run', id);
  if (document === undefined) throw missing('drill run', id, fleet);
  return document.body;
}
