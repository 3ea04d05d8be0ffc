import { say } from '../../../schemas/messages/index.ts';
import type { BreakGlass, BreakGlassQuery, BreakGlassSpec } from '../../../schemas/shift.ts';
import type { Planned } from '../../core/access/approvals.ts';
import type { LiveBreakGlass } from '../../core/allocation/break-glass.ts';
import type { DecisionInput } from '../../core/failover/decision-input.ts';
import { equal } from '../../core/model/digest.ts';
import type { Page, PageRequest, StoredDocument } from '../../deps.ts';
import { viewBreakGlass } from '../../engine/failover/overrides.ts';
import { AppError } from '../app-error.ts';
import { requireApproval } from '../approvals/require.ts';
import type { Context } from '../context.ts';
import { load, missing, requireFleet } from '../load.ts';
import { auditingRefusals, theFleet } from '../refusals.ts';
import { isLiveAs, type ListOf, selectionOf } from '../selection.ts';
import { commandTraffic } from './command.ts';
import { requireExpiry, requireOwner } from './ownership.ts';

/** The result of writing a break-glass. */
export interface WrittenBreakGlass {
  created: boolean;
  /** The break-glass after the write; in a dry run as it would be, with the decision. */
  breakGlass: BreakGlass;
  operation?: string | undefined;
}

const breakGlassList: ListOf<StoredDocument<'break-glass'>, BreakGlassQuery> = {
  fields: { createdAt: ({ body }) => body.createdAt },
  filters: {
    rule: ({ body }, asked) => body.rules.includes(asked),
    live: isLiveAs(({ body }) => body.state === 'live'),
  },
};

/** Lists break-glasses, including ended ones. Throws `not-found`. */
export async function listBreakGlasses(
  ctx: Context,
  fleet: string,
  request: PageRequest,
  query: BreakGlassQuery,
): Promise<Page<BreakGlass>> {
  await requireFleet(ctx, fleet);
  const selection = selectionOf(breakGlassList, query);
  const { items, nextToken } = await ctx.deps.store.documents(fleet, 'break-glass', request, selection);
  return { items: items.map(({ body }) => body), nextToken };
}

/** Returns a break-glass. Throws `not-found`. */
export async function getBreakGlass(ctx: Context, fleet: string, name: string): Promise<BreakGlass> {
  const known = await find(ctx, fleet, name);
  if (known === undefined) throw missing('break-glass', name, fleet);
  return known;
}

async function find({ deps }: Context, fleet: string, name: string): Promise<BreakGlass | undefined> {
  const document = await deps.store.document(fleet, 'break-glass', name);
  return document?.body;
}

/**
 * Sets safety rules aside, or changes which are set aside. Throws `not-owner`, `already-ended` when an ended one is
 * sent again unchanged, `invalid-request`, and what `requireApproval` and `commandTraffic` throw.
 */
export async function putBreakGlass(
  ctx: Context,
  fleet: string,
  name: string,
  spec: BreakGlassSpec,
): Promise<WrittenBreakGlass> {
  return await auditingRefusals(ctx, theFleet(fleet), 'break-glass.refused', async () => {
    const { spec: policy, uid, revision } = await load(ctx, theFleet(fleet));
    const known = await find(ctx, fleet, name);
    if (known) requireOwner(ctx, `break-glass ${name}`, known.owner);
    if (known && equal(specOf(known), normal(spec))) {
      if (known.state === 'ended')
        throw new AppError('already-ended', say('BreakGlassEnded', { name, endedAt: known.endedAt }));
      return { created: false, breakGlass: known };
    }
    requireExpiry(ctx, spec.expiresAt);
    const cleared = await requireApproval(ctx, policy.approvals, planned(fleet, { uid, revision }, name, spec, known));
    const asking = (input: DecisionInput) =>
      ({ type: 'put-break-glass', breakGlass: glassOf(ctx, name, spec, input) }) as const;
    const { result, decision, operation } = await commandTraffic(cleared.ctx, fleet, asking, cleared);
    const created = known === undefined || known.state === 'ended';
    const live = result?.traffic.breakGlasses.find((item) => item.name === name);
    if (!ctx.isDry || !live) return { created, breakGlass: await getBreakGlass(ctx, fleet, name), operation };
    const dryRun = { decision, ...(cleared.need && { approval: cleared.need }) };
    return { created, breakGlass: { ...viewBreakGlass(fleet, live, ctx.deps.clock.now()), dryRun } };
  });
}

/**
 * Ends a break-glass, so that the rules apply again. An ended one is left unchanged. Throws `not-found`, `not-owner`.
 */
export async function endBreakGlass(ctx: Context, fleet: string, name: string): ReturnType<typeof commandTraffic> {
  return await auditingRefusals(ctx, theFleet(fleet), 'break-glass.refused', async () => {
    const known = await getBreakGlass(ctx, fleet, name);
    requireOwner(ctx, `break-glass ${name}`, known.owner);
    if (known.state === 'ended') return {};
    return await commandTraffic(ctx, fleet, { type: 'end-break-glass', name });
  });
}

/** Returns the plan of a break-glass: it starts from the rules of this very fleet, and from the break-glass that it replaces. */
function planned(
  fleet: string,
  from: { uid: string; revision: number },
  name: string,
  spec: BreakGlassSpec,
  known: BreakGlass | undefined,
): Planned {
  const { rules, expiresAt, reason } = normal(spec);
  const replaced = known && { ...specOf(known), state: known.state, updatedAt: known.updatedAt };
  return {
    fleet,
    actions: ['break-glass'],
    plan: { ...from, name, rules, expiresAt, reason, replaced },
    summary: [say('SetsRulesAside', { rules: rules.join(', '), until: expiresAt, reason }).text],
  };
}

function specOf({ rules, reason, expiresAt }: BreakGlass): BreakGlassSpec {
  return { rules, reason, expiresAt };
}

/** Normalizes the expiry, because a time can be written in more than one way. */
function normal(spec: BreakGlassSpec): BreakGlassSpec {
  return { ...spec, expiresAt: new Date(spec.expiresAt).toISOString() };
}

function glassOf(ctx: Context, name: string, spec: BreakGlassSpec, { traffic, nowMs }: DecisionInput): LiveBreakGlass {
  const known = traffic.breakGlasses.find((item) => item.name === name);
  if (known) requireOwner(ctx, `break-glass ${name}`, known.owner);
  const { expiresAt, ...declared } = spec;
  const begun = known ?? { id: `bgl_${ctx.deps.ids.ulid()}`, owner: ctx.principal.actor, createdAtMs: nowMs };
  return { ...begun, ...declared, name, expiresAtMs: Date.parse(expiresAt) };
}
