import type { Harness, Json } from './harness.ts';

export const fleet = { automation: 'automatic' };

export const cluster = {
  kind: 'kubernetes',
  ingress: { endpoints: [{ address: '10.0.0.8', port: 80 }] },
  probes: [{ type: 'http', url: 'http://ingress.example.com/healthz' }],
};

/** Gives every gateway a listener of its own, because no two gateways of a fleet may share one. */
export function gateway(listener: string): Json {
  return {
    target: {
      provider: 'alb',
      regionId: 'cn-hangzhou',
      loadBalancerId: 'alb-0123456789abcdef',
      listenerIds: [`lsn-${listener}`],
    },
  };
}

export const service = {
  ports: [{ name: 'http', port: 80 }],
  exports: [{ cluster: 'one' }, { cluster: 'two' }],
};

export const route = {
  gateways: ['edge'],
  hostnames: ['shop.example.com'],
  rules: [{ backendRefs: [{ service: 'checkout', port: 80 }] }],
};

/** Creates a resource, or fails the test with the problem that the API answered. */
export async function create(harness: Harness, path: string, body: unknown): Promise<Json> {
  const answer = await harness.call('PUT', path, { body });
  if (answer.status !== 201) throw new Error(`PUT ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Declares two clusters, a gateway, a service that both clusters export, and a route to it. */
export async function createShop(harness: Harness, name: string, hostname = 'shop.example.com'): Promise<string> {
  const path = `/v1/fleets/${name}`;
  await create(harness, path, fleet);
  await create(harness, `${path}/clusters/one`, cluster);
  await create(harness, `${path}/clusters/two`, cluster);
  await create(harness, `${path}/gateways/edge`, gateway('edge'));
  await create(harness, `${path}/services/checkout`, service);
  await create(harness, `${path}/routes/checkout`, { ...route, hostnames: [hostname] });
  return path;
}

export function pointers(body: Json): string[] {
  return body.errors.map((issue: Json) => issue.pointer);
}

export function conditionOf(body: Json, type: string): Json {
  return body.conditions.find((condition: Json) => condition.type === type);
}
