import type { AuditEvent, AuditQuery } from '../../../schemas/audit.ts';
import type { Observation, ObservationQuery } from '../../../schemas/cluster.ts';
import type { Decision, DecisionQuery } from '../../../schemas/decision.ts';
import type { Page, PageRequest } from '../../deps.ts';
import { auditsFor } from '../audits.ts';
import type { Context } from '../context.ts';
import { missing, requireFleet, requireResource } from '../load.ts';
import { type ListOf, selectionOf } from '../selection.ts';
import { requireHistory } from './history.ts';

const observationList: ListOf<Observation, ObservationQuery> = {
  at: ({ observedAt }) => observedAt,
  filters: {
    voter: ({ voter }, asked) => voter === asked,
    outcome: ({ outcome }, asked) => outcome === asked,
  },
};

/** Lists the observations of a cluster. Throws `not-found`. */
export async function listObservations(
  ctx: Context,
  { fleet, cluster }: { fleet: string; cluster: string },
  page: PageRequest,
  query: ObservationQuery,
): Promise<Page<Observation>> {
  await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
  return await ctx.deps.store.observations(fleet, cluster, page, selectionOf(observationList, query));
}

/** Returns the list of decisions for what is asked: its filters `cluster` and `action` look at the same change. */
function decisionListFor({ cluster, action }: DecisionQuery): ListOf<Decision, DecisionQuery> {
  const hasChange = ({ changes }: Decision) =>
    changes.some(
      (change) =>
        (cluster === undefined || change.cluster === cluster) && (action === undefined || change.action === action),
    );
  return {
    at: ({ decidedAt }) => decidedAt,
    filters: { cluster: hasChange, action: hasChange, outcome: ({ outcome }, asked) => outcome === asked },
  };
}

/** Lists the decisions of a fleet. Throws `not-found`. */
export async function listDecisions(
  ctx: Context,
  fleet: string,
  page: PageRequest,
  query: DecisionQuery,
): Promise<Page<Decision>> {
  await requireFleet(ctx, fleet);
  return await ctx.deps.store.decisions(fleet, page, selectionOf(decisionListFor(query), query));
}

/** Returns a decision. Throws `not-found`. */
export async function getDecision(ctx: Context, fleet: string, id: string): Promise<Decision> {
  const decision = await ctx.deps.store.decision(fleet, id);
  if (decision === undefined) throw missing('decision', id, fleet);
  return decision;
}

/** Lists the audit events of a fleet, also of a deleted one. Throws `not-found` when there never was such a fleet. */
export async function listAuditEvents(
  ctx: Context,
  fleet: string,
  page: PageRequest,
  query: AuditQuery,
): Promise<Page<AuditEvent>> {
  await requireHistory(ctx, { kind: 'fleet', fleet, name: fleet });
  return await ctx.deps.store.audits(fleet, page, auditsFor(query));
}

/** Returns an audit event. Throws `not-found`. */
export async function getAuditEvent(ctx: Context, fleet: string, id: string): Promise<AuditEvent> {
  const event = await ctx.deps.store.audit(fleet, id);
  if (event === undefined) throw missing('audit event', id, fleet);
  return event;
}
