import { afterEach, beforeEach, expect, it } from 'vitest';
import { replayDecision } from '../../functions/commands/read/replay.ts';
import type { Resource } from '../../functions/core/model/resource.ts';
import { evaluate } from '../../functions/engine/failover/evaluate.ts';
import { ClusterInput } from '../../schemas/cluster.ts';
import { FleetInput, type FleetSpec } from '../../schemas/fleet.ts';
import { vote } from '../core/fixtures.ts';
import { cluster, commitOk, creation, FLEET, fleet, gateway, health, held, NOW_MS, pool } from '../store/fixtures.ts';
import { type ControlPlane, startControlPlane } from './harness.ts';

/** A fleet of 200 clusters and 10,000 backends, no two alike, at 100 gateways, of which half of the clusters fail at once. */

const CLUSTERS = Array.from({ length: 200 }, (_, index) => `c-${String(index).padStart(3, '0')}`);
const GATEWAYS = Array.from({ length: 100 }, (_, index) => `g-${String(index).padStart(3, '0')}`);
const POOLS_EACH = 100;
const LIMIT_MS = 120_000;

let plane: ControlPlane;
let spec: FleetSpec;

beforeEach(async () => {
  plane = await startControlPlane();
  const { store } = plane.deps();
  const declared = fleet();
  spec = FleetInput.parse({ automation: 'automatic' });
  await commitOk(store, creation({ ...declared, spec } as Resource));
  const probes = [{ type: 'http', url: 'https://example.com/healthz' }];
  const capacity = { requestsPerSecond: 20_000 };
  for (const [index, name] of CLUSTERS.entries()) {
    const declaredCluster = { ...cluster(name), spec: ClusterInput.parse({ kind: 'kubernetes', probes, capacity }) };
    await commitOk(store, creation(declaredCluster));
    const { record, observation } = health(name, 1, declaredCluster.uid);
    const state = index % 2 === 0 ? ('unhealthy' as const) : ('healthy' as const);
    const votes = [vote('edge', state, NOW_MS, plane.clock.now())];
    const firstHealthyAtMs = NOW_MS - 86_400_000;
    await store.putHealth([{ record: { ...record, state, votes, firstHealthyAtMs }, observation }]);
  }
  for (const [index, name] of GATEWAYS.entries()) {
    await commitOk(store, creation(gateway(name)));
    const pools = Array.from({ length: POOLS_EACH }, (_, position) => poolOf(index * POOLS_EACH + position));
    await store.putPools(FLEET, name, pools, await held(store));
  }
}, LIMIT_MS);

afterEach(async () => await plane.close());

/** Three clusters of each, one of them at least alive, by weights that no other pool has. */
function poolOf(index: number) {
  const names = [index % 200, (index * 7 + 1) % 200, (index * 3 + 51) % 200].map((at) => CLUSTERS[at] ?? '');
  const own = [...new Set([...names, CLUSTERS[(index * 2 + 1) % 200] ?? ''])].sort();
  const base = pool(`pool-${index}`);
  const [member] = base.members;
  if (member === undefined) throw new Error('A pool has a member.');
  const members = own.map((name, position) => ({
    ...member,
    cluster: name,
    weight: position === 0 ? index + 1 : 5000,
  }));
  return { ...base, service: `service-${index}`, load: 100, members };
}

it('is decided, recorded for every gateway, and replayed', { timeout: LIMIT_MS }, async () => {
  const deps = plane.deps();
  const { decision } = await evaluate(deps, FLEET, spec);
  expect(decision?.withdrawnAfter).toHaveLength(100);
  const waiting = await deps.store.outbox({ fleet: FLEET });
  expect(new Set(waiting.filter(({ kind }) => kind === 'traffic').map((row) => row.gateway)).size).toBe(100);
  const traffic = await deps.store.traffic(FLEET);
  const down = new Set(CLUSTERS.filter((_, index) => index % 2 === 0));
  for (const { clusters, points } of traffic.allocation.backends) {
    expect(points.reduce((sum, one) => sum + one, 0)).toBe(100);
    for (const [index, name] of clusters.entries()) if (down.has(name)) expect(points[index]).toBe(0);
  }
  expect(traffic.allocation.backends.length).toBeGreaterThan(9_000);
  const context = { deps, actor: 'test', requestId: 'r', isDry: false, waitUntil: () => undefined };
  const replay = await replayDecision(context as never, FLEET, decision?.id ?? '');
  expect(replay).toMatchObject({ isSame: true, differences: [] });
  expect((await evaluate(deps, FLEET, spec)).decision, 'nothing is decided twice').toBeUndefined();
});
