import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { Traffic } from '../../core/failover/traffic.ts';
import type { DataPlaneRecord } from '../../core/gateway/data-plane.ts';
import type { Deviation, Points, Reading } from '../../core/gateway/reading.ts';
import type { ProgrammedInput, StatusInput, FollowingInput } from '../../core/gateway/status.ts';
import type { HealthRecord } from '../../core/health/types.ts';
import type { Kind, Resource } from '../../core/model/resource.ts';
import { compareText } from '../../core/model/text.ts';
import { servesPool, usesDistribution } from '../../core/routing/resolve.ts';
import type { OutboxRow, ProgrammedRow, Store, SyncRecord } from '../../deps.ts';
import { readRequests } from '../../engine/reconcile/data-plane.ts';
import { kinds } from '../kinds.ts';
import type { FleetReader } from '../fleet-reader.ts';

/**
 * The facts known of some resources of one kind and fleet, apart from their declarations. They are read once per page.
 */
export interface ResourceFacts {
  /** The names of the gateways that follow any of the resources. */
  gateways: readonly string[];
  syncs: readonly SyncRecord[];
  readings: readonly Reading[];
  /** For gateways: the outcome of the last request through each, by its name. */
  requests: ReadonlyMap<string, DataPlaneRecord>;
  /** For routes: the points that were read, by gateway. */
  points: ReadonlyMap<string, Points>;
  /** The outbox rows of the resources, and of decisions, that gateways have yet to follow. */
  waiting: readonly OutboxRow[];
  /**
   * The time since which any change has been waiting, by gateway. Not read for routes, whose own rows are sufficient.
   */
  behind: ReadonlyMap<string, string>;
  programmed: readonly ProgrammedRow[];
  health: readonly HealthRecord[];
  traffic: Traffic;
  /** For clusters: the specification of the fleet, with the policy by which they are watched. */
  fleetSpec?: FleetSpec | undefined;
}

/** Reads only what the views of the kind need. */
export async function loadFacts<K extends Kind>(
  store: Store,
  reader: FleetReader,
  kind: K,
  resources: readonly Resource<K>[],
): Promise<ResourceFacts> {
  const { fleet } = reader;
  const names = resources.map((resource) => resource.name).sort(compareText);
  const [from = '', to = ''] = [names[0], names.at(-1)];
  const followers = await followersOf(reader, kind, resources);
  const [syncs, readings, programmed, own, behind, points, health, traffic, owner, requests] = await Promise.all([
    store.syncs(fleet),
    store.readings(fleet),
    store.programmed(fleet, kind, from, to),
    Promise.all(followers.map((gateway) => store.waiting(fleet, gateway, kind, from, to))),
    kind === 'route' ? new Map<string, string>() : behindSince(store, fleet, followers),
    kind === 'route' ? Promise.all(followers.map((gateway) => store.points(fleet, gateway))) : [],
    kind === 'cluster' ? store.health(fleet, { from, to }) : [],
    store.traffic(fleet),
    kind === 'cluster' ? store.get('fleet', fleet, fleet) : undefined,
    kind === 'gateway' ? readRequests(store, fleet) : new Map<string, DataPlaneRecord>(),
  ]);
  return {
    gateways: followers,
    syncs,
    readings,
    points: new Map(points.map((item, index) => [followers[index] ?? '', item])),
    waiting: [...own.flat(), ...(await decisionsWaiting(store, fleet, followers, readings, traffic))],
    behind,
    programmed,
    health,
    traffic,
    fleetSpec: owner?.spec,
    requests,
  };
}

/** The number of rows that are read to tell since when something has been waiting; there may be thousands. */
const ROWS = 5;

async function behindSince(store: Store, fleet: string, gateways: readonly string[]): Promise<Map<string, string>> {
  const since = new Map<string, string>();
  await Promise.all(
    gateways.map(async (gateway) => {
      const rows = await store.outbox({ fleet, gateway }, ROWS);
      const [oldest] = rows.map((row) => row.since).sort();
      if (oldest !== undefined) since.set(gateway, oldest);
    }),
  );
  return since;
}

/**
 * Reads the rows of decisions that gateways have yet to follow. A gateway whose pools were compared with the newest
 * decision has none.
 */
async function decisionsWaiting(
  store: Store,
  fleet: string,
  gateways: readonly string[],
  readings: readonly Reading[],
  { version }: Traffic,
): Promise<OutboxRow[]> {
  const versionAt = (gateway: string) => readings.find((reading) => reading.gateway === gateway)?.trafficVersion ?? 0;
  const behind = gateways.filter((gateway) => versionAt(gateway) < version);
  const rows = await Promise.all(behind.map((gateway) => store.waiting(fleet, gateway, 'traffic', fleet, fleet)));
  return rows.flat();
}

/** Returns the names of the gateways that follow any of the resources. */
async function followersOf<K extends Kind>(
  reader: FleetReader,
  kind: K,
  resources: readonly Resource<K>[],
): Promise<string[]> {
  const named = resources.map((resource) => kinds[kind].gateways(resource));
  if (named.includes(undefined)) return (await reader.gateways()).map((gateway) => gateway.name);
  return [...new Set(named.flatMap((names) => names ?? []))];
}

/** Returns the names of the gateways that should follow the resource. */
export function gatewaysOf<K extends Kind>(resource: Resource<K>, { gateways }: ResourceFacts): readonly string[] {
  return kinds[resource.kind].gateways(resource) ?? gateways;
}

/** Returns how far a gateway has followed a resource. */
export function programmedInputOf<K extends Kind>(resource: Resource<K>, gateway: string, facts: ResourceFacts): ProgrammedInput {
  const { kind, name } = resource;
  const isOwn = (row: OutboxRow | ProgrammedRow) => row.gateway === gateway && row.kind === kind && row.name === name;
  // A gateway or a fleet is as declared only when nothing at all waits.
  const isAll = kind === 'gateway' || kind === 'fleet';
  const waitingSince = isAll ? facts.behind.get(gateway) : facts.waiting.find(isOwn)?.since;
  const row = isAll && waitingSince !== undefined ? undefined : facts.programmed.find(isOwn);
  const record = facts.syncs.find((item) => item.gateway === gateway);
  const common = commonSight(gateway, facts);
  const known = row ?? (waitingSince !== undefined ? undefined : sinceFirstRun(resource, record));
  return {
    ...common,
    comparedRevision: known?.revision,
    since: known?.verifiedAt,
    waitingSince,
    deviations: deviationsOf(resource, gateway, facts),
  };
}

/**
 * Returns how far a gateway has followed the traffic of a resource. `lagging` are the clusters that lag, where that is
 * known precisely.
 */
export function followingInputOf<K extends Kind>(
  resource: Resource<K>,
  gateway: string,
  facts: ResourceFacts,
  lagging?: readonly string[] | 'unknown',
): FollowingInput {
  const { waitingSince, since, ...input } = programmedInputOf(resource, gateway, facts);
  const decided = facts.waiting.find((row) => row.gateway === gateway && row.kind === 'traffic')?.since;
  const deviations = input.deviations.filter(({ isPoints }) => isPoints);
  const clusters = lagging ?? deviations.flatMap((deviation) => deviation.clusters ?? []);
  return {
    ...input,
    since: facts.syncs.find((item) => item.gateway === gateway)?.pushedAt ?? since,
    waitingSince: [waitingSince, decided, facts.behind.get(gateway)].filter((at) => at !== undefined).sort()[0],
    lagging: clusters === 'unknown' ? undefined : clusters,
    deviations: deviations.filter(({ reason }) => reason !== 'Adopted'),
    altered: alteredAt(resource, gateway, facts),
  };
}

/**
 * Returns the deviations of objects that carry routes: those of the route itself, or, for other kinds, those of all
 * routes, since any of them may carry its requests.
 */
function alteredAt<K extends Kind>({ kind, name }: Resource<K>, gateway: string, { readings }: ResourceFacts): Deviation[] {
  const { deviations: all = [], omitted = 0 } = readings.find((item) => item.gateway === gateway) ?? {};
  if (omitted > 0) return all;
  return all.filter(({ routes }) => (kind === 'route' ? routes.includes(name) : routes.length > 0));
}

function commonSight(gateway: string, { readings, syncs }: ResourceFacts): StatusInput {
  const record = syncs.find((item) => item.gateway === gateway);
  return { gateway, reading: readings.find((item) => item.gateway === gateway), attempt: attemptOf(record) };
}

/**
 * Returns the deviations that concern a resource: a route by its objects and pools, a service or distribution by its
 * pools, a cluster by the points that it lacks.
 */
function deviationsOf<K extends Kind>(resource: Resource<K>, gateway: string, facts: ResourceFacts): Deviation[] {
  const { deviations: all = [], omitted = 0 } = facts.readings.find((item) => item.gateway === gateway) ?? {};
  const { kind, name } = resource;
  if (omitted > 0) return all;
  switch (kind) {
    case 'route': {
      const pools = new Set(facts.points.get(gateway)?.routes[name] ?? []);
      return all.filter(({ routes, pool }) => routes.includes(name) || (pool !== undefined && pools.has(pool)));
    }
    case 'service':
      return all.filter(({ pool }) => pool !== undefined && servesPool(pool, name));
    case 'distribution':
      return all.filter(({ pool }) => pool !== undefined && usesDistribution(pool, name));
    case 'cluster':
      return all.filter(({ clusters }) => clusters?.includes(name));
    default:
      return all;
  }
}

/**
 * Returns the revision that the first verified run of the gateway took up. A resource that was declared before the
 * gateway existed has no row of its own.
 */
function sinceFirstRun(
  resource: Resource,
  record: SyncRecord | undefined,
): Pick<ProgrammedRow, 'revision' | 'verifiedAt'> | undefined {
  if (record?.verifiedAt === undefined) return undefined;
  return { revision: resource.revision, verifiedAt: record.verifiedAt };
}

function attemptOf(record: SyncRecord | undefined): StatusInput['attempt'] {
  if (record === undefined || record.state === 'Verified' || record.lastAttemptAt === undefined) return undefined;
  return { reason: record.reason, message: record.message, at: record.lastAttemptAt };
}
