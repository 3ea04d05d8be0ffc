import { say } from '../../../schemas/messages/index.ts';
import type { Shift, ShiftQuery, ShiftSpec } from '../../../schemas/shift.ts';
import type { DecisionInput } from '../../core/failover/decision-input.ts';
import { isSameTarget, targetText } from '../../core/failover/shifts.ts';
import type { LiveShift } from '../../core/failover/traffic.ts';
import { equal } from '../../core/model/digest.ts';
import type { Page, PageRequest, StoredDocument } from '../../deps.ts';
import { viewShift } from '../../engine/failover/overrides.ts';
import { AppError, throwFaults } from '../app-error.ts';
import type { Context } from '../context.ts';
import { noSuch } from '../issues.ts';
import { missing, requireFleet, requireService } from '../load.ts';
import { showShifts } from '../read/shift-view.ts';
import { auditingRefusals, theFleet } from '../refusals.ts';
import { isLiveAs, type ListOf, selectionOf } from '../selection.ts';
import { commandTraffic } from './command.ts';
import { requireExpiry, requireOwner } from './ownership.ts';

/** The result of writing a shift. */
export interface WrittenShift {
  created: boolean;
  /** The shift after the write; in a dry run as it would be, with the decision. */
  shift: Shift;
  operation?: string | undefined;
}

const shiftList: ListOf<StoredDocument<'shift'>, ShiftQuery> = {
  fields: { createdAt: ({ body }) => body.createdAt },
  filters: {
    cluster: ({ body }, asked) => body.cluster === asked,
    service: ({ body }, asked) => body.service === asked,
    mode: ({ body }, asked) => body.mode === asked,
    state: ({ body }, asked) => body.state === asked,
    live: isLiveAs(({ body }) => body.state !== 'ended'),
  },
};

/** Lists shifts, including ended ones. Throws `not-found`. */
export async function listShifts(
  ctx: Context,
  fleet: string,
  request: PageRequest,
  query: ShiftQuery,
): Promise<Page<Shift>> {
  await requireFleet(ctx, fleet);
  const selection = selectionOf(shiftList, query);
  const { items, nextToken } = await ctx.deps.store.documents(fleet, 'shift', request, selection);
  const shifts = items.map(({ body }) => body);
  return { items: await showShifts(ctx.deps.store, fleet, shifts), nextToken };
}

/** Returns a shift. Throws `not-found`. */
export async function getShift(ctx: Context, fleet: string, name: string): Promise<Shift> {
  const known = await find(ctx, fleet, name);
  if (known === undefined) throw missing('shift', name, fleet);
  const [shown = known] = await showShifts(ctx.deps.store, fleet, [known]);
  return shown;
}

/**
 * Finds a shift by name. A live shift may have no document, because a process may have died before it stored all
 * records of a decision; it is in force nevertheless, so it is taken from the traffic state.
 */
async function find({ deps }: Context, fleet: string, name: string): Promise<Shift | undefined> {
  const document = await deps.store.document(fleet, 'shift', name);
  if (document !== undefined) return document.body;
  const live = (await deps.store.traffic(fleet)).shifts.find((shift) => shift.name === name);
  return live && viewShift(fleet, live, live.phaseSinceMs);
}

/**
 * Begins a shift, or changes a live one. An unchanged declaration is not decided on again. Throws `not-owner`;
 * `already-ended` when a shift that is returning or has ended is sent again unchanged, since it may have been ended on
 * purpose, while another declaration begins a new one; `already-live` when the cluster has another shift;
 * `invalid-request`, `unknown-reference`, and what `commandTraffic` throws.
 */
export async function putShift(ctx: Context, fleet: string, name: string, spec: ShiftSpec): Promise<WrittenShift> {
  return await auditingRefusals(ctx, theFleet(fleet), 'shift.refused', async () => {
    await requireFleet(ctx, fleet);
    const known = await find(ctx, fleet, name);
    if (known) requireOwner(ctx, `shift ${name}`, known.owner);
    const isRepeated = known !== undefined && equal(specOf(known), normal(spec));
    if (known && hasEnded(known) && isRepeated) throw ended(name);
    if (isRepeated) return { created: false, shift: await getShift(ctx, fleet, name) };
    requireExpiry(ctx, spec.expiresAt);
    await requireTarget(ctx, fleet, spec);
    const created = known === undefined || hasEnded(known);
    const command = (input: DecisionInput) => ({
      type: 'put-shift' as const,
      shift: shiftOf(ctx, name, spec, input),
    });
    const { result, decision, operation } = await commandTraffic(ctx, fleet, command, { service: spec.service });
    const live = result?.traffic.shifts.find((item) => item.name === name);
    const shift = ctx.isDry && live ? viewShift(fleet, live, ctx.deps.clock.now()) : await getShift(ctx, fleet, name);
    return { created, shift: ctx.isDry ? { ...shift, dryRun: { decision } } : shift, operation };
  });
}

/**
 * Ends a shift, so that its cluster gets its share back step by step. An ended one is left unchanged. Throws
 * `not-found`, `not-owner`.
 */
export async function endShift(ctx: Context, fleet: string, name: string): ReturnType<typeof commandTraffic> {
  return await auditingRefusals(ctx, theFleet(fleet), 'shift.refused', async () => {
    const known = await getShift(ctx, fleet, name);
    requireOwner(ctx, `shift ${name}`, known.owner);
    if (hasEnded(known)) return {};
    return await commandTraffic(ctx, fleet, { type: 'end-shift', name });
  });
}

function hasEnded({ state }: Shift): boolean {
  return state === 'returning' || state === 'ended';
}

function ended(name: string): AppError {
  return new AppError('already-ended', say('ShiftEnded', { name }));
}

function specOf({ cluster, service, mode, percent, stepPercent, stepSeconds, reason, expiresAt }: Shift): ShiftSpec {
  const target = service === undefined ? { cluster } : { cluster, service };
  return { ...target, mode, percent, stepPercent, stepSeconds, reason, expiresAt };
}

/** Normalizes a specification: a time can be written in more than one way, and to drain to 100 % means to keep. */
function normal(spec: ShiftSpec): ShiftSpec {
  const expiresAt = new Date(spec.expiresAt).toISOString();
  const isKept = spec.mode === 'keep' || (spec.mode === 'drain' && spec.percent === 100);
  if (isKept) return { ...spec, expiresAt, mode: 'keep', percent: 100 };
  return { ...spec, expiresAt, percent: spec.mode === 'isolate' ? 0 : spec.percent };
}

async function requireTarget(ctx: Context, fleet: string, { cluster, service }: ShiftSpec): Promise<void> {
  const found = await ctx.deps.store.get('cluster', fleet, cluster);
  throwFaults(found ? [] : [noSuch('#/cluster', 'cluster', cluster)]);
  await requireService(ctx, fleet, service);
}

/**
 * Returns the live shift as it begins or continues now, which may have changed since the shift was
 * looked up.
 */
function shiftOf(ctx: Context, name: string, spec: ShiftSpec, { traffic, nowMs, decision }: DecisionInput): LiveShift {
  const known = traffic.shifts.find((item) => item.name === name);
  const rival = traffic.shifts.find((item) => isSameTarget(item, spec) && item.name !== name);
  if (rival) throw new AppError('already-live', say('HasShift', { target: targetText(rival), shift: rival.name }));
  if (known) requireOwner(ctx, `shift ${name}`, known.owner);
  if (known && !isSameTarget(known, spec)) {
    throw new AppError('already-live', say('ShiftOfOther', { name, target: targetText(known) }));
  }
  const { expiresAt, ...declared } = normal(spec);
  const begun: Omit<LiveShift, keyof ShiftSpec | 'name' | 'expiresAtMs'> = known ?? {
    id: `shf_${ctx.deps.ids.ulid()}`,
    owner: ctx.principal.actor,
    createdAtMs: nowMs,
    phase: 'moving',
    currentPercent: 100,
    phaseSinceMs: nowMs,
    steppedAtMs: nowMs,
    decision,
  };
  return { ...begun, ...declared, name, expiresAtMs: Date.parse(expiresAt) };
}
