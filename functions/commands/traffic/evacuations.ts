import type { ClusterLoad, Evacuation, EvacuationSpec, Return, ReturnSpec } from '../../../schemas/evacuation.ts';
import type { Place } from '../../../schemas/place.ts';
import { clusterPoints, placementShares } from '../../core/allocation/points.ts';
import { loadsOf } from '../../core/allocation/safety.ts';
import type { SealedAllocation } from '../../core/allocation/sealed.ts';
import { contextOf } from '../../core/failover/context.ts';
import type { DecisionInput } from '../../core/failover/decision-input.ts';
import { clustersAt, emptyPlace } from '../../core/failover/places.ts';
import { previewShifts } from '../../core/failover/put-shifts.ts';
import { isSameTarget } from '../../core/failover/shifts.ts';
import type { LiveShift, Traffic } from '../../core/failover/traffic.ts';
import { serviceWaits, waitsOf } from '../../core/failover/waits.ts';
import { standingShown } from '../../core/failover/withdrawals.ts';
import { digest } from '../../core/model/digest.ts';
import type { ClusterFacts } from '../../core/model/fleet-facts.ts';
import { throwFaults } from '../app-error.ts';
import { type Context, timestamp } from '../context.ts';
import { unknownReference } from '../issues.ts';
import { requireService } from '../load.ts';
import { auditingRefusals, theFleet } from '../refusals.ts';
import { type Commanded, commandTraffic, tryCommand } from './command.ts';
import { MAX_LIFE_MS, requireExpiry } from './ownership.ts';

type Answered<T> = { answer: T; operation: Commanded['operation'] };

/**
 * Takes out all clusters of a place, or none, with one shift for each. A repetition changes nothing; other shifts of
 * these clusters end, whoever owns them. Throws `unknown-reference`, `invalid-request`, what `commandTraffic` throws,
 * and, unless it is a dry run, `rule-violated`.
 */
export async function evacuate(ctx: Context, fleet: string, spec: EvacuationSpec): Promise<Answered<Evacuation>> {
  return await auditingRefusals(ctx, theFleet(fleet), 'evacuation.refused', async () => {
    if (spec.expiresAt !== undefined) requireExpiry(ctx, spec.expiresAt);
    let asked: { input: DecisionInput; shifts: LiveShift[] } | undefined;
    await requireService(ctx, fleet, spec.service);
    const command = (input: DecisionInput) => {
      const shifts = clustersOf(input, spec).map(({ name }) => evacuationOf(ctx, name, spec, input));
      asked = { input, shifts };
      return { type: 'evacuate' as const, shifts };
    };
    const send = ctx.isDry ? tryCommand : commandTraffic;
    const { decision, operation } = await send(withReason(ctx, spec.reason), fleet, command, { service: spec.service });
    if (asked === undefined) throw new Error('A command is made before it is decided upon.');
    const answer = { ...previewOf(asked.input, asked.shifts), ...(decision && { decision }) };
    return { answer, operation };
  });
}

/**
 * Returns traffic to the clusters of a place: shifts that have taken them out end, whoever owns them, and clusters that
 * wait for consent get it. Changes nothing when there is nothing to return. Throws `unknown-reference`, and what
 * `commandTraffic` throws.
 */
export async function returnTo(ctx: Context, fleet: string, spec: ReturnSpec): Promise<Answered<Return>> {
  return await auditingRefusals(ctx, theFleet(fleet), 'return.refused', async () => {
    let before: { input: DecisionInput; clusters: ClusterFacts[] } | undefined;
    await requireService(ctx, fleet, spec.service);
    const { service } = spec;
    const command = (input: DecisionInput) => {
      const clusters = clustersOf(input, spec);
      before = { input, clusters };
      return { type: 'return' as const, clusters: clusters.map(({ name }) => name), service };
    };
    const { result, decision, operation } = await commandTraffic(ctx, fleet, command, { service });
    if (before === undefined) throw new Error('A command is made before it is decided upon.');
    const { input, clusters } = before;
    const traffic = result?.traffic ?? input.traffic;
    const answer = {
      clusters: clusters.map((facts) => returnOf(facts, service, input, traffic)),
      ...(decision && { decision }),
    };
    return { answer, operation };
  });
}

function withReason(ctx: Context, reason: string): Context {
  return { ...ctx, reason: ctx.reason ?? reason };
}

/** Returns the clusters of a place. Throws `unknown-reference` when there is none. */
function clustersOf({ clusters }: DecisionInput, place: Place): ClusterFacts[] {
  const found = clustersAt(clusters, place);
  const { field, message } = emptyPlace(place);
  throwFaults(found.length === 0 ? [unknownReference(`#/${field}`, message)] : []);
  return found;
}

/**
 * Returns the shift that evacuates a cluster. It is named after the cluster, and after the service if it takes out only
 * one, so that a repetition finds it. An isolated cluster stays isolated.
 */
function evacuationOf(
  ctx: Context,
  cluster: string,
  { service, mode, reason, expiresAt }: EvacuationSpec,
  { traffic, nowMs, decision }: DecisionInput,
): LiveShift {
  const target = service === undefined ? { cluster } : { cluster, service };
  const other = traffic.shifts.find((shift) => isSameTarget(shift, target));
  const name = evacuationName(target, traffic);
  const begun = other?.name === name ? other : undefined;
  const untilMs = expiresAt === undefined ? (begun?.expiresAtMs ?? nowMs + MAX_LIFE_MS) : Date.parse(expiresAt);
  return {
    name,
    id: begun?.id ?? `shf_${ctx.deps.ids.ulid()}`,
    ...target,
    mode: other?.mode === 'isolate' ? 'isolate' : mode,
    percent: 0,
    stepPercent: 100,
    stepSeconds: 0,
    owner: begun?.owner ?? ctx.principal.actor,
    reason,
    createdAtMs: begun?.createdAtMs ?? nowMs,
    expiresAtMs: untilMs,
    phase: 'moving',
    currentPercent: 100,
    phaseSinceMs: nowMs,
    steppedAtMs: nowMs,
    decision,
  };
}

const MAX_NAME = 63;

/**
 * Returns the name of an evacuation. A digest is added when the name is too long or belongs to a shift of something
 * else.
 */
function evacuationName(target: Pick<LiveShift, 'cluster' | 'service'>, { shifts }: Traffic): string {
  const { cluster, service } = target;
  const plain = service === undefined ? `evacuation-${cluster}` : `evacuation-${cluster}-${service}`;
  const isTaken = shifts.some((shift) => shift.name === plain && !isSameTarget(shift, target));
  if (plain.length <= MAX_NAME && !isTaken) return plain;
  const suffix = digest(service === undefined ? cluster : target).slice(0, 8);
  return `${plain.slice(0, MAX_NAME - 1 - suffix.length)}-${suffix}`;
}

function previewOf(input: DecisionInput, shifts: readonly LiveShift[]): Omit<Evacuation, 'decision'> {
  const { placements, traffic } = input;
  const { rules, allocation } = previewShifts(contextOf(input), traffic, shifts);
  const [now, then] = [clusterPoints(placements, traffic), clusterPoints(placements, { allocation })];
  return {
    clusters: shifts.map(({ cluster, name, expiresAtMs }) => ({
      cluster,
      shift: name,
      expiresAt: timestamp(expiresAtMs),
    })),
    points: [...now].map(([cluster, before]) => ({ cluster, before, after: then.get(cluster) ?? before })),
    loads: loadsIn(input, allocation),
    heldBy: rules.filter(({ passed, overriddenBy }) => !passed && overriddenBy === undefined),
  };
}

/** The tolerance when loads are compared with capacities, since sums of loads are rounded. */
const TOLERANCE = 1e-6;

function loadsIn({ placements, traffic, clusters }: DecisionInput, atEnd: SealedAllocation): ClusterLoad[] {
  const [now, then] = [traffic.allocation, atEnd].map((allocation) =>
    loadsOf(placements.map((placement) => ({ placement, shares: placementShares(placement, { allocation }) }))),
  );
  return clusters.flatMap(({ name, capacity }): ClusterLoad[] => {
    const [before, after] = [now?.get(name), then?.get(name)];
    if (before === undefined || after === undefined) return [];
    const isOverloaded = capacity !== undefined && after > capacity + TOLERANCE;
    return [{ cluster: name, before, after, ...(capacity !== undefined && { capacity }), isOverloaded }];
  });
}

/** Returns the state of the return of a cluster, or of one service to it. */
function returnOf(
  facts: ClusterFacts,
  service: string | undefined,
  input: DecisionInput,
  traffic: Traffic,
): Return['clusters'][number] {
  const { name: cluster } = facts;
  const live = new Set(traffic.shifts.map(({ id }) => id));
  const ended = input.traffic.shifts.filter((shift) => shift.cluster === cluster && !live.has(shift.id));
  const isMeant = (own: { service?: string | undefined }) => service === undefined || own.service === service;
  const points = clusterPoints(input.placements.filter(isMeant), traffic).get(cluster);
  const waits = waitsOf(contextOf({ ...input, traffic }), traffic, facts);
  return {
    cluster,
    standing: standingShown(traffic, cluster).state,
    endedShifts: ended.map(({ name }) => name),
    ...(points && { points }),
    waitsFor: [
      ...waits,
      ...serviceWaits(traffic, cluster)
        .filter(isMeant)
        .map(({ wait }) => wait),
    ],
  };
}
