/**
 * The records of shifts, break-glasses and drill runs: their state in the traffic while they live, and how they ended.
 */

import type { DrillRun } from '../../../schemas/drill.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { BreakGlass, Shift } from '../../../schemas/shift.ts';
import type { LiveBreakGlass } from '../../core/allocation/break-glass.ts';
import type { DecisionInput, DecisionResult, Ending } from '../../core/failover/decision-input.ts';
import { leastOf } from '../../core/failover/drills.ts';
import { placeOf } from '../../core/failover/places.ts';
import type { LiveDrill, LiveShift, Traffic } from '../../core/failover/traffic.ts';
import type { DocumentBodies, DocumentKind, Store, StoredDocument } from '../../deps.ts';

/** Makes the next version of a record from the stored one. Resolves with undefined when there is nothing to write. */
type Entry = (store: Store) => Promise<StoredDocument | undefined>;

function entry<K extends DocumentKind>(
  fleet: string,
  kind: K,
  id: string,
  bodyAfter: (known: DocumentBodies[K] | undefined) => DocumentBodies[K] | undefined,
): Entry {
  return async (store) => {
    const known = await store.document(fleet, kind, id);
    const version = (known?.version ?? 0) + 1;
    const body = bodyAfter(known?.body);
    return body && { fleet, kind, id, version, body, isPending: false };
  };
}

/** Returns the documents of everything that the result begins, moves or ends. */
export async function overrideDocuments(
  store: Store,
  input: DecisionInput,
  result: DecisionResult,
): Promise<StoredDocument[]> {
  const entries = [
    ...shiftEntries(input, result),
    ...returnEntries(input, result),
    ...glassEntries(input, result),
    ...drillEntries(input, result),
  ];
  const made = await Promise.all(entries.map((make) => make(store)));
  return made.filter((document) => document !== undefined);
}

/** Returns a live shift as the API shows it. */
export function viewShift(fleet: string, shift: LiveShift, updatedAtMs: number): Shift {
  const { id: _, phase, phaseSinceMs: __, steppedAtMs: ___, createdAtMs, expiresAtMs, ...rest } = shift;
  return {
    ...rest,
    fleet,
    state: phase,
    expiresAt: iso(expiresAtMs),
    createdAt: iso(createdAtMs),
    updatedAt: iso(updatedAtMs),
  };
}

/** Returns a live break-glass as the API shows it. */
export function viewBreakGlass(fleet: string, glass: LiveBreakGlass, updatedAtMs: number): BreakGlass {
  const { id: _, createdAtMs, expiresAtMs, ...rest } = glass;
  return {
    ...rest,
    fleet,
    state: 'live',
    expiresAt: iso(expiresAtMs),
    createdAt: iso(createdAtMs),
    updatedAt: iso(updatedAtMs),
  };
}

/**
 * Returns the entries of the changed shifts. A shift ends when its time is over or somebody ends it; after that its
 * cluster may still be returning for a while.
 */
function shiftEntries(
  { fleet, nowMs, traffic: before }: DecisionInput,
  { traffic: after, endings }: DecisionResult,
): Entry[] {
  return changed(before.shifts, after.shifts).map(({ item: shift, isLive }): Entry => {
    const ending = endingOf(endings, 'shift', shift.id);
    return entry(fleet, 'shift', shift.name, (known) => ({
      ...viewShift(fleet, shift, nowMs),
      ...(known?.createdAt === iso(shift.createdAtMs) && endOf(known)),
      ...(ending && { endedAt: iso(nowMs), endedBy: ending.by }),
      ...(!isLive && {
        state: after.serviceReturns?.some(({ shift: name }) => name === shift.name) ? 'returning' : 'ended',
        currentPercent: leastOf(after, [shift.cluster], shift.service),
      }),
    }));
  });
}

/**
 * Returns the entries of shifts of one service that have ended while the service still returns. Their records say how
 * far the share of the cluster has come back.
 */
function returnEntries({ fleet, nowMs, traffic: before }: DecisionInput, { traffic: after }: DecisionResult): Entry[] {
  const now = new Map(after.serviceReturns?.map((own) => [`${own.service} ${own.cluster}`, own]));
  return (before.serviceReturns ?? []).flatMap((own) => {
    const { service, cluster, shift } = own;
    const next = now.get(`${service} ${cluster}`);
    const isGone = next?.sinceMs !== own.sinceMs;
    if (shift === undefined || (!isGone && next?.decision === own.decision)) return [];
    const changes = {
      state: isGone ? ('ended' as const) : ('returning' as const),
      currentPercent: leastOf(after, [cluster], service),
      updatedAt: iso(nowMs),
      ...(next && !isGone && { decision: next.decision }),
    };
    return [
      entry(fleet, 'shift', shift, (known) => (known?.state === 'returning' ? { ...known, ...changes } : undefined)),
    ];
  });
}

function glassEntries(
  { fleet, nowMs, traffic: before }: DecisionInput,
  { traffic: after, endings }: DecisionResult,
): Entry[] {
  return changed(before.breakGlasses, after.breakGlasses).map(({ item: glass, isLive }): Entry => {
    const ending = endingOf(endings, 'break-glass', glass.id);
    return entry(fleet, 'break-glass', glass.name, () => ({
      ...viewBreakGlass(fleet, glass, nowMs),
      ...(!isLive && { state: 'ended' as const, endedAt: iso(nowMs), endedBy: ending?.by ?? 'expiry' }),
    }));
  });
}

function drillEntries(input: DecisionInput, { traffic: after, endings }: DecisionResult): Entry[] {
  const { traffic: before } = input;
  if (JSON.stringify(before.drill) === JSON.stringify(after.drill)) return [];
  const gone = before.drill && before.drill.run !== after.drill?.run ? [before.drill] : [];
  return [...gone, ...(after.drill ? [after.drill] : [])].map((drill): Entry => {
    const ending = endings.find((item) => item.type === 'drill' && item.run === drill.run);
    return entry(input.fleet, 'drill-run', drill.run, (known) =>
      drillRun(input, drill, { ending: ending?.type === 'drill' ? ending : undefined, after, known }),
    );
  });
}

function drillRun(
  { fleet, nowMs, policy, decision }: DecisionInput,
  drill: LiveDrill,
  {
    ending,
    after,
    known,
  }: { ending: Extract<Ending, { type: 'drill' }> | undefined; after: Traffic; known: DrillRun | undefined },
): DrillRun {
  const { run, name, clusters, service, actor, phase, startedAtMs, verifiedAtMs, lastReadAtMs, why } = drill;
  const state = ending?.state ?? phase;
  const declared = policy.drills.find((item) => item.name === name);
  const percent = ending ? leastOf(after, clusters, service) : drill.currentPercent;
  const detail = ending?.detail ?? detailOf(drill, why);
  const events = known?.events ?? [];
  return {
    id: run,
    fleet,
    drill: name,
    ...placeOf(declared ?? known ?? {}),
    ...(service !== undefined && { service }),
    clusters,
    actor,
    state,
    startedAt: iso(startedAtMs),
    ...(verifiedAtMs !== undefined && {
      verifiedAt: iso(verifiedAtMs),
      recoverySeconds: Math.max(0, verifiedAtMs - startedAtMs) / 1000,
    }),
    ...(lastReadAtMs !== undefined && { lastReadAt: iso(lastReadAtMs) }),
    ...(ending && { endedAt: iso(nowMs) }),
    recoveryTargetSeconds: declared?.recoveryTargetSeconds ?? known?.recoveryTargetSeconds ?? 0,
    percent,
    events: [...events, { at: iso(nowMs), type: state, detail, decision }],
  };
}

/** Describes the state of a drill: what gateways have been told, or, once it holds, what they were read to do. */
function detailOf({ clusters, service, currentPercent, phase }: LiveDrill, why: string | undefined): string {
  const who = clusters.join(', ');
  if (phase === 'holding') return say('DrillHolds', { clusters: who, service }).text;
  const given = { clusters: who, service, percent: currentPercent, isOne: clusters.length === 1 };
  const told = say('DrillTold', given).text;
  return phase === 'returning' && why !== undefined ? `${why}; ${told}` : told;
}

/** Returns the items that are new or changed, as live, and the items that are gone. */
function changed<T extends { id: string }>(before: readonly T[], after: readonly T[]): { item: T; isLive: boolean }[] {
  const then = new Map(before.map((item) => [item.id, JSON.stringify(item)]));
  const now = new Set(after.map(({ id }) => id));
  return [
    ...after.filter((item) => then.get(item.id) !== JSON.stringify(item)).map((item) => ({ item, isLive: true })),
    ...before.filter(({ id }) => !now.has(id)).map((item) => ({ item, isLive: false })),
  ];
}

function endingOf(endings: readonly Ending[], type: 'shift' | 'break-glass', id: string): { by: string } | undefined {
  const ending = endings.find((item) => item.type === type && item.id === id);
  return ending && 'by' in ending ? ending : undefined;
}

function endOf({ endedAt, endedBy }: Shift): Pick<Shift, 'endedAt' | 'endedBy'> {
  return { ...(endedAt !== undefined && { endedAt }), ...(endedBy !== undefined && { endedBy }) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
