import type { Vote } from '../../schemas/cluster.ts';
import type { BackendExplanation, Explanation, GatewayExplanation } from '../../schemas/explanation.ts';
import { effectiveShares, shares } from '../core/distribution.ts';
import { explainBackend } from '../core/explain.ts';
import type { Pool } from '../core/ir.ts';
import { backendsOf } from '../core/lookup.ts';
import { providerOf, type Resource } from '../core/model.ts';
import { type Named, poolOf } from '../core/resolve.ts';
import { votersOf } from '../core/votes.ts';
import type { OutboxRow } from '../deps.ts';
import { shownVotes } from '../engine/votes.ts';
import { providerFor } from '../providers/registry.ts';
import { type Context, timestamp } from './context.ts';
import { type Evidence, loadEvidence, progressOf } from './evidence.ts';
import { referencesOf } from './kinds.ts';
import { load } from './resources.ts';
import { type World, worldOf } from './world.ts';

/** Why each cluster has its share of a route now, and how far its gateways follow. Throws `not-found`. */
export async function explainRoute(ctx: Context, fleet: string, name: string): Promise<Explanation> {
  const { store, clock } = ctx.deps;
  const route = await load(ctx, { kind: 'route', fleet, name });
  const world = worldOf(store, fleet);
  const services = referencesOf(route).filter(({ kind }) => kind === 'service');
  const [evidence, named] = await Promise.all([
    loadEvidence(store, world, 'route', [route]),
    world.named(services.map((reference) => reference.name)),
  ]);
  const pools = poolsOf(route, named);
  const votes = await votesOf(ctx, world, pools);
  const { traffic } = evidence;
  return {
    fleet,
    route: name,
    at: timestamp(clock.now()),
    revision: route.revision,
    trafficVersion: traffic.version,
    ...(traffic.head && { decision: traffic.head.decision }),
    backends: pools.map((pool) => backendOf(route, pool, named, evidence, votes)),
    gateways: await gatewaysOf(ctx, world, { route, pools, evidence }),
  };
}

/** Of each distinct backend, in the order in which the route names them. */
function poolsOf(route: Resource<'route'>, named: Named): Pool[] {
  const distinct = new Map(backendsOf(route.spec).map(({ ref }) => [`${ref.service}:${ref.port}`, ref]));
  return [...distinct.values()].map((ref) => poolOf(route, ref, named));
}

function backendOf(
  { spec: { distribution } }: Resource<'route'>,
  pool: Pool,
  { services }: Named,
  { traffic }: Evidence,
  votes: ReadonlyMap<string, Vote[]>,
): BackendExplanation {
  const { service, port } = pool;
  const spec = services.get(service)?.spec;
  const steps = explainBackend({ distribution, service: spec, pool, traffic, votes });
  return { service, port, clusters: shares(pool, traffic), steps };
}

/** What the voters say now of each cluster that serves any of the pools. */
async function votesOf({ deps }: Context, world: World, pools: readonly Pool[]): Promise<Map<string, Vote[]>> {
  const { fleet } = world;
  const names = new Set(pools.flatMap(({ members }) => members.map(({ cluster }) => cluster)));
  const [owner, clusters, health] = await Promise.all([
    deps.store.get('fleet', fleet, fleet),
    world.find('cluster', names),
    deps.store.health(fleet),
  ]);
  if (owner === undefined) return new Map();
  return new Map(
    clusters.map((cluster) => {
      const record = health.find(({ uid }) => uid === cluster.uid);
      const watching = votersOf(cluster, owner.spec.voters);
      return [cluster.name, shownVotes(record, watching, owner.spec, deps.clock.now())];
    }),
  );
}

interface Served {
  route: Resource<'route'>;
  pools: readonly Pool[];
  evidence: Evidence;
}

async function gatewaysOf({ deps }: Context, world: World, served: Served): Promise<GatewayExplanation[]> {
  const { fleet } = world;
  const gateways = await world.find('gateway', served.route.spec.gateways);
  return await Promise.all(
    gateways.map(async (gateway) => {
      const [waiting] = await deps.store.waiting(fleet, gateway.name, 'traffic', fleet, fleet);
      return explainGateway(gateway, waiting, served);
    }),
  );
}

/** `waiting`: the gateway has yet to follow the shares. */
function explainGateway(
  { name, spec }: Resource<'gateway'>,
  waiting: OutboxRow | undefined,
  { route, pools, evidence }: Served,
): GatewayExplanation {
  const provider = providerOf(spec);
  const sync = evidence.syncs.find(({ gateway }) => gateway === name);
  const progress = progressOf(route, evidence).find(({ gateway }) => gateway === name);
  const hasRoute = (progress?.programmed?.revision ?? 0) >= route.revision;
  const verifiedAt = later(sync?.verifiedAt, progress?.programmed?.verifiedAt);
  return {
    gateway: name,
    provider,
    ...stateOf(hasRoute, waiting, sync),
    ...(waiting && { requestedAt: waiting.requestedAt }),
    ...(sync?.pushedAt !== undefined && { pushedAt: sync.pushedAt }),
    ...(verifiedAt !== undefined && { verifiedAt }),
    backends: pools.map((pool) => ({
      service: pool.service,
      port: pool.port,
      clusters: providerFor(provider).served(pool, effectiveShares(pool, evidence.traffic)),
    })),
  };
}

function stateOf(
  hasRoute: boolean,
  waiting: OutboxRow | undefined,
  sync: Evidence['syncs'][number] | undefined,
): Pick<GatewayExplanation, 'state' | 'text'> {
  if (hasRoute && waiting === undefined) {
    return { state: 'Verified', text: 'It has the route and the shares: pushed, read back and found equal.' };
  }
  const missing = [hasRoute ? [] : ['the route'], waiting ? ['the shares'] : []].flat().join(' and ');
  const text = `It has yet to follow ${missing} as they are now.`;
  if (sync === undefined || sync.state === 'Verified' || sync.state === 'Pending') return { state: 'Pending', text };
  return { state: sync.state, text: `${text} ${sync.message}` };
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
