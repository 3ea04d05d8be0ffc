import type { Harness } from './harness.ts';

export const FLEET = '/v1/fleets/prod';

/** Fleet `prod`: clusters a and b, gateway `edge`, services shop and pay, and a route of each kind of distribution. */
export async function declareFleet(harness: Harness, automation = 'automatic'): Promise<void> {
  const health = {
    intervalSeconds: 5,
    timeoutSeconds: 1,
    confirmSeconds: 1,
    failureThreshold: 3,
    successThreshold: 3,
    dwellSeconds: 60,
  };
  const failover = { cooldownSeconds: 0, correlation: { action: 'ignore' } };
  await harness.put(FLEET, { automation, health, failover });
  for (const name of ['a', 'b'] as const) {
    const { host, port } = harness.edge.clusters[name].address;
    await harness.put(`${FLEET}/clusters/${name}`, {
      kind: 'kubernetes',
      ingress: { endpoints: [{ address: host, port }] },
      probes: [
        { type: 'http', url: `http://${host}:${port}/healthz` },
        { type: 'tcp', host, port },
      ],
    });
  }
  const exports = [{ cluster: 'a' }, { cluster: 'b' }];
  for (const name of ['shop', 'pay'])
    await harness.put(`${FLEET}/services/${name}`, { ports: [{ name: 'http', port: 80 }], exports });
  await harness.put(`${FLEET}/gateways/edge`, { target: harness.edge.target });
  for (const [name, spec] of Object.entries(ROUTES)) await harness.put(`${FLEET}/routes/${name}`, spec);
}

const shop = [{ service: 'shop', port: 80 }];

export const ROUTES = {
  shop: {
    gateways: ['edge'],
    hostnames: ['shop.example.com'],
    rules: [{ backendRefs: shop }],
    distribution: {
      strategy: 'weighted',
      clusters: [
        { cluster: 'a', weight: 60 },
        { cluster: 'b', weight: 40 },
      ],
    },
  },
  pinned: {
    gateways: ['edge'],
    hostnames: ['shop.example.com'],
    rules: [{ matches: [{ headers: [{ name: 'x-pin', value: 'b' }] }], backendRefs: shop }],
    distribution: { strategy: 'weighted', clusters: [{ cluster: 'b' }], pin: 'strict' },
  },
  ledger: {
    gateways: ['edge'],
    hostnames: ['*.ledger.example.com'],
    rules: [{ matches: [{ path: { type: 'Prefix', value: '/v1' } }], backendRefs: [{ service: 'pay', port: 80 }] }],
    distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }, { cluster: 'b', tier: 1 }] },
  },
};
