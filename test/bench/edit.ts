import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { countWrites } from '../../infra/local/cloud-writes.ts';
import { createInstance } from '../../infra/local/instances.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { accountOf, type ControlPlane, quietApi, startControlPlane } from '../engine/harness.ts';

type Provider = GatewayTarget['provider'];

const BASE = '/v1/fleets/bench';
const CLUSTERS = ['one', 'two'];

/** By the number of routes: servers of the service in each cluster. A load balancer counts them anew for each of its rules, up to 1,000. */
const CASES: Record<number, number> = { 1: 40, 20: 24, 80: 6 };

/** Limits of ALB: rules that refer to one server group, and servers in one call (ALB OpenAPI 2020-06-16). */
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
 * What a step of weights costs, made by one manifest for all routes of one service: on ALB one write for each server group and 40 servers, and
 * no rule is touched; on MSE two writes for each route, since routes carry the percentages there. Throws when it costs anything else.
 */
export async function edit(): Promise<Record<string, unknown>> {
  const result: Record<Provider, Record<string, Step>> = { alb: {}, mse: {} };
  for (const provider of ['alb', 'mse'] as const) {
    for (const [routes, servers] of Object.entries(CASES)) {
      result[provider][routes] = await measure(provider, Number(routes), servers);
    }
  }
  const wrong = Object.entries(result).flatMap(([provider, steps]) =>
    Object.entries(steps)
      .filter(([, step]) => step.poolWrites !== step.expectedPoolWrites || step.ruleWrites !== step.expectedRuleWrites)
      .map(([routes]) => `${provider} with ${routes} routes`),
  );
  if (wrong.length > 0) {
    console.error(`These steps of weights cost something else than they should: ${wrong.join(', ')}.`);
    process.exitCode = 1;
  }
  return result;
}

async function measure(provider: Provider, routes: number, perCluster: number): Promise<Step> {
  const plane = await startControlPlane();
  try {
    await declare(plane, provider, perCluster);
    await step(plane, routes, 60);
    plane.forgetCalls();
    await step(plane, routes, 50);
    const { pools, rules } = countWrites(plane.cloud.log.entries);
    const servers = perCluster * CLUSTERS.length;
    const groups = Math.ceil(routes / REFERENCES_PER_GROUP) * Math.ceil(servers / SERVERS_PER_CALL);
    return {
      poolWrites: pools,
      ruleWrites: rules,
      expectedPoolWrites: provider === 'alb' ? groups : 0,
      expectedRuleWrites: provider === 'alb' ? 0 : routes * 2,
      servers,
    };
  } finally {
    await plane.close();
  }
}

async function declare(plane: ControlPlane, provider: Provider, perCluster: number): Promise<void> {
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
  await put('/gateways/edge', { target: await createInstance[provider](accountOf(plane)) });
}

/** One manifest with every route; the gateway follows until it is verified. */
async function step(plane: ControlPlane, routes: number, weight: number): Promise<void> {
  const clusters = CLUSTERS.map((cluster, index) => ({ cluster, weight: index === 0 ? weight : 100 - weight }));
  const items = Array.from({ length: routes }, (_, index) => ({
    apiVersion: 'fairlead.dev/v1',
    kind: 'Route',
    metadata: { name: `r${index}` },
    spec: {
      gateways: ['edge'],
      hostnames: [`r${index}.example.com`],
      rules: [{ backendRefs: [{ service: 'shop', port: 80 }] }],
      distribution: { strategy: 'weighted', clusters },
    },
  }));
  const manifest = { apiVersion: 'fairlead.dev/v1', kind: 'List', items };
  const { status, body } = await plane.api('PUT', `${BASE}/manifest`, manifest);
  if (status >= 300) throw new Error(`The manifest is answered with ${status}: ${JSON.stringify(body)}`);
  const { state, reason, message } = await reconcileGateway(plane.deps(), 'bench', 'edge');
  if (state !== 'Verified') throw new Error(`The gateway is ${state}: ${reason}: ${message}`);
}
