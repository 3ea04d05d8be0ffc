import type { AuditEvent } from '../../../schemas/audit.ts';
import type { Observation } from '../../../schemas/cluster.ts';
import type { Decision } from '../../../schemas/decision.ts';
import type { AuditFilter, Page, PageRequest } from '../../deps.ts';
import type { Context } from '../context.ts';
import { missing, requireFleet, requireResource } from '../load.ts';
import { requireHistory } from './history.ts';

/** Lists the observations of a cluster, newest first. Throws `not-found`. */
export async function listObservations(
  ctx: Context,
  fleet: string,
  cluster: string,
  page: PageRequest,
): Promise<Page<Observation>> {
  await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
  return await ctx.deps.store.observations(fleet, cluster, page);
}

/** Lists the decisions of a fleet, newest first. Throws `not-found`. */
export async function listDecisions(ctx: Context, fleet: string, page: PageRequest): Promise<Page<Decision>> {
  await requireFleet(ctx, fleet);
  return await ctx.deps.store.decisions(fleet, page);
}

/** Returns a decision. Throws `not-found`. */
export async function getDecision(ctx: Context, fleet: string, id: string): Promise<Decision> {
  const decision = await ctx.deps.store.decision(fleet, id);
  if (decision === undefined) throw missing('decision', id, fleet);
  return decision;
}

/**
 * Lists the audit events of a fleet, also of a deleted one, newest first. Throws `not-found` when there never was such
 * a fleet.
 */
export async function listAuditEvents(
  ctx: Context,
  fleet: string,
  page: PageRequest,
  filter: AuditFilter,
): Promise<Page<AuditEvent>> {
  await requireHistory(ctx, { kind: 'fleet', fleet, name: fleet });
  return await ctx.deps.store.audits(fleet, page, filter);
}

/** Returns an audit event. Throws `not-found`. */
export async function getAuditEvent(ctx: Context, fleet: string, id: string): Promise<AuditEvent> {
  const event = await ctx.deps.store.audit(fleet, id);
  if (event === undefined) throw missing('audit event', id, fleet);
  return event;
}
