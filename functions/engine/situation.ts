import type { FleetSpec } from '../../schemas/fleet.ts';
import type { DeviationReason, Reading } from '../core/gateway/reading.ts';
import type { Resource } from '../core/model.ts';
import { placementsOf } from '../core/placements.ts';
import type { ClusterFacts, Command, Policy, Situation } from '../core/situation.ts';
import { msOf } from '../core/time.ts';
import { votersOf } from '../core/votes.ts';
import type { Deps } from '../deps.ts';

/** Who decides, and what for. */
export interface Asked {
  /** Default: automation. */
  actor?: string | undefined;
  /** Or how it is made of the situation that it comes into; that may throw. */
  command?: Command | ((situation: Situation) => Command) | undefined;
}

/** A situation, and what was read for it besides. */
export interface Read {
  situation: Situation;
  /** Names of the gateways of the fleet. */
  gateways: string[];
  evidence: Awaited<ReturnType<Deps['store']['health']>>;
}

/** Everything that a decision of the fleet is taken upon, as it is now. No route is read. */
export async function readSituation(deps: Deps, fleet: string, spec: FleetSpec, asked: Asked = {}): Promise<Read> {
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
  const uids = new Set(clusters.map(({ uid }) => uid));
  const nowMs = clock.now();
  const situation: Situation = {
    fleet,
    nowMs,
    decision: `dec_${ids.ulid()}`,
    actor: asked.actor ?? 'automation',
    policy: policyOf(spec),
    clusters: clusters.map((cluster) => factsOf(cluster, spec)),
    health: evidence.filter(({ uid }) => uids.has(uid)).map(({ recent: _, ...record }) => record),
    placements: placementsOf(pools.flat()),
    traffic,
    ...(waiting.flat().length === 0 && verifiedAt(names, readings, nowMs)),
  };
  const { command } = asked;
  const given = typeof command === 'function' ? command(situation) : command;
  return { situation: given ? { ...situation, command: given } : situation, gateways: names, evidence };
}

export function policyOf({ automation, health, voters, failover, safety, drills }: FleetSpec): Policy {
  return { automation, health, voters, failover, safety, drills };
}

export function factsOf({ name, uid, createdAt, spec }: Resource<'cluster'>, fleet: FleetSpec): ClusterFacts {
  return {
    name,
    uid,
    faultDomain: spec.site ?? (spec.zone === undefined ? name : `${spec.region ?? ''}/${spec.zone}`),
    ...(spec.capacity && { capacity: spec.capacity.requestsPerSecond }),
    joins: spec.joins,
    createdAtMs: msOf(createdAt),
    voters: votersOf({ name, spec }, fleet.voters),
  };
}

/**
 * When the pools of the last of the gateways were read and found as they shall be; undefined while a gateway has yet to follow. What is refused
 * there, or left as somebody made it, is not waited for.
 */
function verifiedAt(
  gateways: readonly string[],
  readings: readonly Reading[],
  nowMs: number,
): Pick<Situation, 'verifiedAtMs'> {
  const times = gateways.map((gateway) => {
    const reading = readings.find((item) => item.gateway === gateway);
    const isOpen = reading?.deviations.some(({ isPoints, reason }) => isPoints && OPEN.has(reason)) ?? false;
    return isOpen ? undefined : timeOf(reading?.poolsReadAt);
  });
  const known = times.filter((time) => time !== undefined);
  if (known.length < times.length) return {};
  return { verifiedAtMs: times.length === 0 ? nowMs : Math.max(...known) };
}

/** Why points differ that are on their way. */
const OPEN: ReadonlySet<DeviationReason> = new Set(['Pending', 'NotAsWritten']);

function timeOf(at: string | undefined): number {
  return at === undefined ? 0 : msOf(at);
}
