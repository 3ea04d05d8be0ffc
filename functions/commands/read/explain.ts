import type { Condition } from '../../../schemas/common.ts';
import type { BackendExplanation, Explanation, GatewayExplanation } from '../../../schemas/explanation.ts';
import type { SyncState } from '../../../schemas/gateway.ts';
import { say } from '../../../schemas/messages/index.ts';
import { shares } from '../../core/allocation/points.ts';
import { openQuestions } from '../../core/failover/data-gates.ts';
import { conditionOf } from '../../core/gateway/status.ts';
import { shownVotes } from '../../core/health/shown-votes.ts';
import { votersOf } from '../../core/health/voters.ts';
import type { Pool } from '../../core/model/ir.ts';
import { providerOf, type Resource } from '../../core/model/resource.ts';
import { splitOf } from '../../core/routing/distribution.ts';
import { byName, type Named } from '../../core/routing/resolve.ts';
import { type BackendFacts, explainBackend } from '../../core/simulation/explain.ts';
import { factsOf } from '../../engine/failover/decision-input.ts';
import { type Context, timestamp } from '../context.ts';
import { type FleetReader, fleetReader } from '../fleet-reader.ts';
import { load } from '../load.ts';
import { loadFacts, type ResourceFacts } from './resource-facts.ts';
import { poolsOf, type RouteParentFacts, routeParents } from './route-parents.ts';

/**
 * Explains why each cluster has its share of a route now, and how far the gateways of the route follow. Throws
 * `not-found`.
 */
export async function explainRoute(ctx: Context, fleet: string, name: string): Promise<Explanation> {
  const { store, clock } = ctx.deps;
  const route = await load(ctx, { kind: 'route', fleet, name });
  const reader = fleetReader(store, fleet);
  const [facts, named] = await Promise.all([loadFacts(store, reader, 'route', [route]), reader.named([route])]);
  const pools = poolsOf(route, named);
  const gateways = await reader.find('gateway', route.spec.gateways);
  const surroundings = { facts, named, gateways: byName(gateways), nowMs: clock.now() };
  const parents = routeParents(route, surroundings);
  const evidence = await evidenceOf(ctx, reader, pools, facts);
  const { traffic } = facts;
  return {
    fleet,
    route: name,
    at: timestamp(clock.now()),
    revision: route.revision,
    trafficVersion: traffic.version,
    ...(traffic.head && { decision: traffic.head.decision }),
    backends: pools.map((pool) => backendOf(route, pool, named, facts, evidence)),
    gateways: explainGateways(gateways, parents, route, facts),
  };
}

function backendOf(
  { spec: route }: Resource<'route'>,
  pool: Pool,
  named: Named,
  { traffic }: ResourceFacts,
  evidence: PoolEvidence,
): BackendExplanation {
  const { service, port } = pool;
  const spec = named.services.get(service)?.spec;
  const facts = { split: splitOf(route, named), service: spec, clusters: named.clusters, pool, traffic, ...evidence };
  const steps = explainBackend(facts);
  return { service, port, clusters: shares(pool, traffic), steps };
}

type PoolEvidence = Pick<BackendFacts, 'votes' | 'questions'>;

/** Returns the current votes on each cluster that serves any of the pools, and the open questions of data gates. */
async function evidenceOf(
  { deps }: Context,
  reader: FleetReader,
  pools: readonly Pool[],
  { traffic }: ResourceFacts,
): Promise<PoolEvidence> {
  const { fleet } = reader;
  const names = new Set(pools.flatMap(({ members }) => members.map(({ cluster }) => cluster)));
  const [owner, clusters, health] = await Promise.all([
    deps.store.get('fleet', fleet, fleet),
    reader.find('cluster', names),
    deps.store.health(fleet),
  ]);
  if (owner === undefined) return { votes: new Map(), questions: [] };
  const nowMs = deps.clock.now();
  const votes = new Map(
    clusters.map((cluster) => {
      const record = health.find(({ uid }) => uid === cluster.uid);
      const watching = votersOf(cluster, owner.spec.voters);
      return [cluster.name, shownVotes(record, watching, owner.spec, nowMs)];
    }),
  );
  const facts = clusters.map((cluster) => factsOf(cluster, owner.spec));
  return { votes, questions: openQuestions({ policy: owner.spec, clusters: facts, traffic, nowMs }) };
}

/** Explains how far each gateway follows. `waiting` contains the rows of decisions that a gateway has yet to follow. */
function explainGateways(
  gateways: readonly Resource<'gateway'>[],
  parents: readonly RouteParentFacts[],
  route: Resource<'route'>,
  { syncs, waiting }: ResourceFacts,
): GatewayExplanation[] {
  return gateways.flatMap(({ name, spec }) => {
    const parent = parents.find(({ gateway }) => gateway === name);
    if (parent === undefined) return [];
    const { states, readAt, poolsReadAt, backends } = parent;
    const sync = syncs.find(({ gateway }) => gateway === name);
    const decided = waiting.find((row) => row.gateway === name && row.kind === 'traffic');
    const conditions = [
      conditionOf('Programmed', route, states.Programmed),
      conditionOf('Following', route, states.Following),
    ];
    return {
      gateway: name,
      provider: providerOf(spec),
      ...stateOf(conditions, sync?.state),
      ...(decided && { requestedAt: decided.requestedAt }),
      ...(sync?.pushedAt !== undefined && { pushedAt: sync.pushedAt }),
      ...(sync?.verifiedAt !== undefined && { verifiedAt: sync.verifiedAt }),
      ...(readAt !== undefined && { readAt }),
      ...(poolsReadAt !== undefined && { poolsReadAt }),
      conditions,
      backends,
    };
  });
}

/** Returns the state of a gateway. It is `Verified` when the gateway was read to have the route and the shares. */
function stateOf(
  conditions: readonly Condition[],
  sync: SyncState | undefined,
): Pick<GatewayExplanation, 'state' | 'text'> {
  const missing = conditions.filter(({ status }) => status !== 'True');
  if (missing.length === 0) return { state: 'Verified', text: say('AsDeclared').text };
  const text = missing.map(({ message }) => message).join(' ');
  return { state: sync === undefined || sync === 'Verified' ? 'Pending' : sync, text };
}
