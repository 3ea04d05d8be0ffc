import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { countWrites } from '../../infra/local/cloud-writes.ts';
import { createInstance } from '../../infra/local/instances.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { accountOf, type ControlPlane, quietApi, startControlPlane } from '../engine/harness.ts';

type Provider = GatewayTarget['provider'];

const BASE = '/v1/fleets/bench';
const CLUSTERS = ['one', 'two'];

/**
 * Servers of the service in each cluster, by the number of routes. A load balancer counts them again for each of its
 * rules, up to 1,000.
 */
const CASES: Record<number, number> = { 1: 40, 20: 24, 80: 6 };

/**
 * Limits of ALB: how many rules may refer to one server group, and how many servers fit into one call (ALB OpenAPI
 * 2020-06-16).
 */
const REFERENCES_PER_GROUP = 50;
const SERVERS_PER_CALL = 40;

interface Step {
  poolWrites: number;
  ruleWrites: number;
  expectedPoolWrites: number;
  expectedRuleWrites: number;
  servers: number;
}

/**
 * Measures what a change of weights costs when it is made by one manifest for all routes of a service, or by one write
 * of the distribution that they use. On ALB it takes one write for each server group and 40 servers, and no rule is
 * touched; on MSE it takes two writes for each route, since routes carry the percentages there. Throws when it costs
 * anything else.
 */
export async function edit(): Promise<Record<string, unknown>> {
  const result: Record<Provider, Record<string, Step>> = { alb: {}, mse: {} };
  for (const provider of ['alb', 'mse'] as const) {
    for (const [routes, servers] of Object.entries(CASES)) {
      result[provider][routes] = await measure([{ provider, routes: Number(routes) }], servers, byManifest);
    }
  }
  const distribution = await measure(BOTH, DISTRIBUTED_SERVERS, byDistribution);
  const measured = { ...result, distribution: { 'alb 80, mse 40': distribution } };
  const wrong = Object.entries(measured).flatMap(([provider, steps]) =>
    Object.entries(steps)
      .filter(([, step]) => step.poolWrites !== step.expectedPoolWrites || step.ruleWrites !== step.expectedRuleWrites)
      .map(([routes]) => `${provider} with ${routes} routes`),
  );
  if (wrong.length > 0) {
    console.error(`These steps of weights cost something else than they should: ${wrong.join(', ')}.`);
    process.exitCode = 1;
  }
  return measured;
}

interface Edge {
  provider: Provider;
  routes: number;
}

/** Writes a distribution once that routes at both kinds of gateways use. */
const BOTH: readonly Edge[] = [
  { provider: 'alb', routes: 80 },
  { provider: 'mse', routes: 40 },
];

const DISTRIBUTED_SERVERS = 6;

type Way = (plane: ControlPlane, edges: readonly Edge[], weight: number) => Promise<void>;

async function measure(edges: readonly Edge[], perCluster: number, step: Way): Promise<Step> {
  const plane = await startControlPlane();
  try {
    await declare(plane, edges, perCluster);
    await step(plane, edges, 60);
    await follow(plane, edges);
    plane.forgetCalls();
    await step(plane, edges, 50);
    await follow(plane, edges);
    const { pools, rules } = countWrites(plane.cloud.log.entries);
    const servers = perCluster * CLUSTERS.length;
    const routesOf = (wanted: Provider) => edges.find(({ provider }) => provider === wanted)?.routes ?? 0;
    return {
      poolWrites: pools,
      ruleWrites: rules,
      expectedPoolWrites: Math.ceil(routesOf('alb') / REFERENCES_PER_GROUP) * Math.ceil(servers / SERVERS_PER_CALL),
      expectedRuleWrites: routesOf('mse') * 2,
      servers,
    };
  } finally {
    await plane.close();
  }
}

async function follow(plane: ControlPlane, edges: readonly Edge[]): Promise<void> {
  for (const { provider } of edges) {
    const { state, reason, message } = await reconcileGateway(plane.deps(), 'bench', provider);
    if (state !== 'Verified') throw new Error(`The gateway of ${provider} is ${state}: ${reason}: ${message}`);
  }
}

async function declare(plane: ControlPlane, edges: readonly Edge[], perCluster: number): Promise<void> {
  const api = quietApi(plane);
  const put = async (path: string, body: unknown) => {
    const { status, body: answer } = await api('PUT', `${BASE}${path}`, body);
    if (status !== 201) throw new Error(`PUT ${path}: ${JSON.stringify(answer)}`);
  };
  await put('', {});
  for (const [index, name] of CLUSTERS.entries()) {
    const endpoints = [{ address: `10.${index + 1}.0.250`, port: 80 }];
    await put(`/clusters/${name}`, { kind: 'kubernetes', joins: 'at-once', ingress: { endpoints } });
  }
  const endpointsOf = (index: number) =>
    Array.from({ length: perCluster }, (_, n) => ({ address: `10.${index + 1}.0.${n + 1}`, port: 80 }));
  await put('/services/shop', {
    ports: [{ name: 'http', port: 80 }],
    exports: CLUSTERS.map((cluster, index) => ({
      cluster,
      backend: { type: 'endpoints', endpoints: endpointsOf(index) },
    })),
  });
  for (const { provider } of edges) {
    await put(`/gateways/${provider}`, { target: await createInstance[provider](accountOf(plane)) });
  }
}

const splitOf = (weight: number) => ({
  strategy: 'weighted',
  clusters: CLUSTERS.map((cluster, index) => ({ cluster, weight: index === 0 ? weight : 100 - weight })),
});

/** Every route has a split of its own, and one manifest writes all of them. */
async function byManifest(plane: ControlPlane, edges: readonly Edge[], weight: number): Promise<void> {
  await applyRoutes(plane, edges, splitOf(weight));
}

/** Routes name a distribution; once they do, only the distribution is written. */
async function byDistribution(plane: ControlPlane, edges: readonly Edge[], weight: number): Promise<void> {
  const path = `${BASE}/distributions/main`;
  const isNew = (await plane.api('GET', path)).status === 404;
  await expectDone(plane.api('PUT', path, splitOf(weight), isNew ? {} : { 'if-match': '*' }));
  if (isNew) await applyRoutes(plane, edges, { ref: 'main' });
}

async function applyRoutes(plane: ControlPlane, edges: readonly Edge[], distribution: object): Promise<void> {
  const items = edges.flatMap(({ provider, routes }) =>
    Array.from({ length: routes }, (_, index) => ({
      apiVersion: 'fairlead.dev/v1',
      kind: 'Route',
      metadata: { name: `${provider}-${index}` },
      spec: {
        gateways: [provider],
        hostnames: [`${provider}-${index}.example.com`],
        rules: [{ backendRefs: [{ service: 'shop', port: 80 }] }],
        distribution,
      },
    })),
  );
  const manifest = { apiVersion: 'fairlead.dev/v1', kind: 'List', items };
  await expectDone(plane.api('PUT', `${BASE}/manifest`, manifest));
}

async function expectDone(answer: ReturnType<ControlPlane['api']>): Promise<void> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`A write is answered with ${status}: ${JSON.stringify(body)}`);
}
