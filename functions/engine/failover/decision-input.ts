import type { FleetSpec } from '../../../schemas/fleet.ts';
import { placementsOf } from '../../core/allocation/placements.ts';
import { drillReadingOf } from '../../core/failover/drill-reading.ts';
import { servicesApart } from '../../core/failover/service-limits.ts';
import type { Command, DecisionInput } from '../../core/failover/decision-input.ts';
import { type DeviationReason, NO_POINTS, type Reading } from '../../core/gateway/reading.ts';
import { votersOf } from '../../core/health/voters.ts';
import type { ClusterFacts, Policy } from '../../core/model/fleet-facts.ts';
import type { Resource } from '../../core/model/resource.ts';
import { msOf } from '../../core/model/time.ts';
import type { Deps, OutboxRow } from '../../deps.ts';

/** The actor, and the command that the actor asks for. */
export interface CommandRequest {
  /** The actor of the command. Default: `automation`. */
  actor?: string | undefined;
  /**
   * The command, or a function that makes it from the input. The function may throw, or return undefined
   * when there is nothing to ask for.
   */
  command?: Command | ((input: DecisionInput) => Command | undefined) | undefined;
  /** The service, when the command concerns this service alone. */
  service?: string | undefined;
}

/** The input of a decision, and what else was read together with it. */
export interface ReadInput {
  input: DecisionInput;
  /** The names of the gateways of the fleet. */
  gateways: string[];
  evidence: Awaited<ReturnType<Deps['store']['health']>>;
}

/** Reads everything that a decision of the fleet depends on. No route is read. */
export async function readDecisionInput(deps: Deps, fleet: string, spec: FleetSpec, asked: CommandRequest = {}): Promise<ReadInput> {
  const { store, clock, ids } = deps;
  const [clusters, evidence, traffic, gateways, readings] = await Promise.all([
    store.all('cluster', fleet),
    store.health(fleet),
    store.traffic(fleet),
    store.all('gateway', fleet),
    store.readings(fleet),
  ]);
  const names = gateways.map(({ name }) => name);
  const [pools, waiting] = await Promise.all([
    Promise.all(names.map((gateway) => store.pools(fleet, gateway))),
    Promise.all(names.map((gateway) => store.waiting(fleet, gateway, 'traffic', fleet, fleet))),
  ]);
  const points = traffic.drill ? await Promise.all(names.map((gateway) => store.points(fleet, gateway))) : [];
  const uids = new Set(clusters.map(({ uid }) => uid));
  const nowMs = clock.now();
  const read = names.map((gateway, index) => ({
    gateway,
    pools: pools[index] ?? [],
    points: points[index] ?? NO_POINTS,
    readAtMs: timeOf(readings.find((item) => item.gateway === gateway)?.poolsReadAt),
  }));
  const policy = policyOf(spec);
  const input: DecisionInput = {
    fleet,
    nowMs,
    decision: `dec_${ids.ulid()}`,
    actor: 'automation',
    policy,
    clusters: clusters.map((cluster) => factsOf(cluster, spec)),
    health: evidence.filter(({ uid }) => uids.has(uid)).map(({ recent: _, ...record }) => record),
    placements: placementsOf(pools.flat(), servicesApart(traffic, policy.drills, asked.service)),
    traffic,
    ...verifiedAt(names, waiting, readings, nowMs),
    ...(traffic.drill && { drilled: drillReadingOf(traffic.drill, read, nowMs) }),
  };
  const { command } = asked;
  const given = typeof command === 'function' ? command(input) : command;
  const { actor = input.actor } = asked;
  return { input: given ? { ...input, command: given, actor } : input, gateways: names, evidence };
}

export function policyOf({ automation, health, voters, controlTargets, failover, safety, drills }: FleetSpec): Policy {
  return { automation, health, voters, controlTargets, failover, safety, drills };
}

export function factsOf({ name, uid, createdAt, spec }: Resource<'cluster'>, fleet: FleetSpec): ClusterFacts {
  return {
    name,
    uid,
    site: spec.site ?? (spec.zone === undefined ? name : `${spec.region ?? ''}/${spec.zone}`),
    ...(spec.city !== undefined && { city: spec.city }),
    ...(spec.capacity && { capacity: spec.capacity.requestsPerSecond }),
    joins: spec.joins,
    createdAtMs: msOf(createdAt),
    voters: votersOf({ name, spec }, fleet.voters),
  };
}

/** A gateway that has not followed for this long evidently accepts no writes, so nothing waits for it. */
const LEFT_BEHIND_MS = 60_000;

/**
 * Returns the time of the latest reading of pools once every gateway does what it was told; the time is absent while a
 * gateway has yet to follow. Deviations whose correction is refused, or that are left as somebody made them, are not
 * waited for. A gateway that has not followed for a minute is not waited for either, as long as another one follows.
 */
function verifiedAt(
  gateways: readonly string[],
  waiting: readonly (readonly OutboxRow[])[],
  readings: readonly Reading[],
  nowMs: number,
): Pick<DecisionInput, 'verifiedAtMs'> {
  const seen = gateways.map((gateway, index) => {
    const reading = readings.find((item) => item.gateway === gateway);
    const open = (reading?.deviations ?? []).filter(({ isPoints, reason }) => isPoints && OPEN.has(reason));
    const since = [...(waiting[index] ?? []), ...open].map((item) => msOf(item.since));
    return {
      readAtMs: timeOf(reading?.poolsReadAt),
      behindMs: since.length > 0 ? Math.max(1, nowMs - Math.min(...since)) : 0,
    };
  });
  const following = seen.filter(({ behindMs }) => behindMs <= LEFT_BEHIND_MS);
  if (following.some(({ behindMs }) => behindMs > 0) || (following.length === 0 && seen.length > 0)) return {};
  return { verifiedAtMs: seen.length === 0 ? nowMs : Math.max(...following.map(({ readAtMs }) => readAtMs)) };
}

/** The reasons of deviations that are still being corrected. */
const OPEN: ReadonlySet<DeviationReason> = new Set(['Pending', 'NotAsWritten']);

function timeOf(at: string | undefined): number {
  return at === undefined ? 0 : msOf(at);
}
