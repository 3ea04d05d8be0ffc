import { createInstance } from '../../infra/local/instances.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { type Clusters, startClusters } from './edge.ts';
import { accountOf, edgeOf, type Harness, type Options, startControlPlane } from './harness.ts';
import { type Saved, savePlane } from './saved.ts';

export const FLEET = '/v1/fleets/prod';

type Provider = GatewayTarget['provider'];

interface SavedFleet {
  saved: Saved;
  target: GatewayTarget;
  clusters: Clusters;
}

const savedFleets = new Map<Provider, Promise<SavedFleet>>();

/**
 * A control plane with fleet `prod` behind a gateway of the provider (default: ALB). The fleet is declared once in each worker; every call
 * restores it to a database and a cloud of its own. Only the clusters are shared, and they are well again once the harness is closed.
 */
export async function startFleet(options: Options & { provider?: Provider } = {}): Promise<Harness> {
  const { provider = 'alb' } = options;
  const existing = savedFleets.get(provider) ?? saveFleet(provider);
  savedFleets.set(provider, existing);
  const { saved, target, clusters } = await existing;
  const plane = await startControlPlane({ ...options, saved });
  const close = async () => {
    try {
      await plane.close();
    } finally {
      await Promise.all([clusters.a.recover(), clusters.b.recover()]);
    }
  };
  return { ...plane, edge: edgeOf(plane, target, clusters), close };
}

async function saveFleet(provider: Provider): Promise<SavedFleet> {
  const plane = await startControlPlane();
  const target = await createInstance[provider](accountOf(plane));
  const clusters = await startClusters();
  await declareFleet({ ...plane, edge: edgeOf(plane, target, clusters) });
  const saved = await savePlane(plane);
  await plane.close();
  return { saved, target, clusters };
}

/** Fleet `prod`: clusters a and b, gateway `edge`, services shop and pay, and a route of each kind of distribution. */
export async function declareFleet(harness: Pick<Harness, 'put' | 'edge'>, automation = 'automatic'): Promise<void> {
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
