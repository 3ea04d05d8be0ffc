import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import { addressOf, createInstance } from '../../infra/local/instances.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { sendTo } from '../local-cloud/data-plane/fixtures.ts';
import { matrix, scale } from '../matrix.ts';
import { commitRoute } from './commit-route.ts';
import { afterCall, startProcess } from './cut.ts';
import { ROUTES as DECLARED, startFleet } from './fleet.ts';
import { accountOf, type ControlPlane, quietApi, startControlPlane } from './harness.ts';
import { withdraw } from './withdraw.ts';

const FLEET = 'prod';
const ROUTES = scale(1000, 200);
const SERVICES = 50;
const CLUSTERS = ['a', 'b'];

/** An ALB has 100 rules. */
const GATEWAYS = { alb: ROUTES / 100, mse: 2 };
/** Routes that are published before the others: at least one of each ALB. */
const SERVING = 10;

const CALLS = {
  alb: { publish: 'CreateRules', move: 'UpdateServerGroupServersAttribute' },
  mse: { publish: 'AddGatewayRoute', move: 'UpdateGatewayService' },
};

/**
 * Virtual time from the order to the last call that moves a pool. A failover that queues for tokens takes much longer.
 */
const MOVED_WITHIN_MS = { alb: 5_000, mse: 12_000 };

/** A sample takes MSE: with fewer ALBs than in the full run, the order falls into another stage of their publishing. */
describe.each(matrix(['mse', 'alb'] as const, 1))(
  'while many routes are published to %s, whose rates count',
  (provider) => {
    let plane: ControlPlane;
    let clusters: DemoCluster[];
    let targets: Map<string, GatewayTarget>;

    /** Runs the gateways side by side in one invocation, as a sweep does it; the failover is another invocation. */
    const publishAll = () => {
      const deps = plane.deps();
      return Promise.all([...targets.keys()].map((gateway) => reconcileGateway(deps, FLEET, gateway)));
    };
    const declareRoutes = async (from: number, to: number) => {
      const names = [...targets.keys()];
      for (let index = from; index < to; index++) {
        const gateway = names[index % names.length] ?? '';
        await commitRoute(plane.deps(), { fleet: FLEET, name: `r${index}` }, routeOf(index, gateway));
      }
    };

    beforeEach(async () => {
      plane = await startControlPlane({ throttle: true });
      clusters = await Promise.all(CLUSTERS.map((name) => startDemoCluster({ name })));
      targets = new Map();
      for (let index = 0; index < GATEWAYS[provider]; index++) {
        targets.set(`edge-${index}`, await createInstance[provider](accountOf(plane)));
      }
      await declareFleet(plane, clusters, targets);
      await declareRoutes(0, SERVING);
      await publishAll();
      await declareRoutes(SERVING, ROUTES);
      plane.forgetCalls();
    }, 300_000);
    afterEach(async () => {
      await plane.close();
      await Promise.all(clusters.map((cluster) => cluster.close()));
    });

    it('a failover does not wait for them, nothing is throttled, and all is done in the end', {
      timeout: 600_000,
    }, async () => {
      const { publish, move } = CALLS[provider];
      const withinMs = MOVED_WITHIN_MS[provider];
      const { log } = plane.cloud;
      const publishing = publishAll();
      while (log.entries.filter(({ action }) => action === publish).length < 20) await plane.clock.sleep(100);

      const orderedMs = plane.clock.now();
      await withdraw(plane, { fleet: FLEET, gateways: [...targets.keys()] }, ['a']);
      const results = await publishing;
      for (const { state, message } of results) expect(state, message).toBe('Verified');

      const moves = log.entries.filter(({ action }) => action === move);
      expect(
        new Set(moves.map(({ parameters }) => JSON.stringify(parameters))).size,
        'every pool that serves',
      ).toBeGreaterThanOrEqual(SERVING);
      for (const { at } of moves) expect(Date.parse(at) - orderedMs).toBeLessThan(withinMs);
      const published = log.entries.findLast(({ action }) => action === publish);
      expect(Date.parse(published?.at ?? '') - orderedMs, 'much was left to publish').toBeGreaterThan(2 * withinMs);
      expect(log.entries.filter(({ code }) => code?.includes('Throttling'))).toEqual([]);
      expect(await answers(plane, targets)).toEqual(Array.from({ length: ROUTES / 10 }, () => '200 b'));
    });
  },
);

describe.each(['alb', 'mse'] as const)('a run that publishes to %s', (provider) => {
  it('writes no further batch before a failover that was decided meanwhile, though nothing is short', async () => {
    const harness = await startFleet({ provider, jobLatencyMs: 20 });
    const clusters = CLUSTERS.map((cluster) => ({ cluster, weight: 7 }));
    const late = {
      ...DECLARED.shop,
      hostnames: ['late.example.com'],
      distribution: { strategy: 'weighted', clusters },
    };
    expect((await quietApi(harness)('PUT', '/v1/fleets/prod/routes/late', late)).status).toBe(201);
    const run = startProcess(harness, afterCall());
    const work = reconcileGateway(run.deps, 'prod', 'edge');
    await run.stopped;
    await withdraw(harness, { fleet: 'prod', gateways: ['edge'] }, ['a']);
    run.resume();
    expect(await work).toMatchObject({ state: 'Verified' });

    const { publish, move } = CALLS[provider];
    const order = run.wrote.filter((action) => action === publish || action === move);
    expect(order, 'three pools move, and then the route is published').toEqual([move, move, move, publish]);
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
    expect(await harness.edge.split(10, 'late.example.com')).toEqual({ b: 10 });
    run.close();
    await harness.close();
  });
});

async function declareFleet(plane: ControlPlane, clusters: DemoCluster[], targets: Map<string, GatewayTarget>) {
  const api = quietApi(plane);
  const put = async (path: string, body: unknown) => {
    const { status, body: answer } = await api('PUT', `/v1/fleets/${FLEET}${path}`, body);
    if (status !== 201) throw new Error(`PUT ${path}: ${JSON.stringify(answer)}`);
  };
  await put('', {});
  for (const { name, address } of clusters) {
    const endpoints = [{ address: address.host, port: address.port }];
    await put(`/clusters/${name}`, { kind: 'kubernetes', ingress: { endpoints } });
  }
  for (const [name, target] of targets) await put(`/gateways/${name}`, { target });
  for (let index = 0; index < SERVICES; index++) {
    await put(`/services/s${index}`, {
      ports: [{ name: 'http', port: 80 }],
      exports: CLUSTERS.map((cluster) => ({ cluster })),
      healthCheck: { type: 'tcp', intervalSeconds: 50 },
    });
  }
}

function routeOf(index: number, gateway: string) {
  return {
    gateways: [gateway],
    hostnames: [`h${index}.example.com`],
    rules: [{ backendRefs: [{ service: `s${index % SERVICES}`, port: 80 }] }],
    distribution: { strategy: 'weighted', clusters: CLUSTERS.map((cluster) => ({ cluster })) },
  };
}

/** Returns which cluster answers for every tenth route. */
async function answers({ cloud }: ControlPlane, targets: Map<string, GatewayTarget>): Promise<string[]> {
  const all = [...targets.values()];
  const seen: string[] = [];
  for (let index = 0; index < ROUTES; index += 10) {
    const target = all[index % all.length];
    if (target === undefined) continue;
    const answer = await sendTo(addressOf(cloud, target), {
      path: '/',
      headers: { host: `h${index}.example.com` },
      agent: false,
    });
    seen.push(`${answer.status} ${answer.headers['x-cluster']}`);
  }
  return seen;
}
