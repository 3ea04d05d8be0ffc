/** Declares the demo fleet through the REST API. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Operation } from '../../schemas/operation.ts';
import { type ApiClient, ApiRefusal, callApi } from './client.ts';

export const FLEET = '/v1/fleets/demo';

/** A machine that is busy with something else needs most of it. */
const SYNC_WITHIN_MS = 60_000;
const REPORT_INTERVAL_MS = 2000;
const ASK_INTERVAL_MS = 5000;

interface SeedGateway {
  name: string;
  target: GatewayTarget;
}

interface SeedCluster {
  name: string;
  address: { host: string; port: number };
}

/**
 * Declares two clusters behind gateways, and three ways to share traffic between them. What people may have edited since is left as it
 * is; where clusters and gateways are is always said anew. Resolves once the gateways are verified to follow. `report` is told of steps
 * that take a while.
 */
export async function seed(
  client: ApiClient,
  gateways: readonly SeedGateway[],
  clusters: readonly SeedCluster[],
  report: (step: string) => void = () => undefined,
): Promise<void> {
  report('Declaring the demo fleet.');
  await declare(client, FLEET, fleet);
  for (const { name, address } of clusters) await redeclare(client, `${FLEET}/clusters/${name}`, cluster(address));
  const names = clusters.map(({ name }) => name);
  for (const name of ['checkout', 'orders']) await declare(client, `${FLEET}/services/${name}`, service(names));
  // Only now, since gateways follow whatever is declared once they are there.
  for (const { name, target } of gateways) await redeclare(client, `${FLEET}/gateways/${name}`, { target });
  const edges = gateways.map(({ name }) => name);
  // At once, so that gateways take up all of them in one go.
  await Promise.all(
    Object.entries(routes(edges, names)).map(([name, route]) => declare(client, `${FLEET}/routes/${name}`, route)),
  );
  await Promise.all(edges.map((edge) => follow(client, edge, report)));
}

const fleet = {
  displayName: 'Demo',
  automation: 'automatic',
  // A fleet in earnest dwells and cools down for minutes; nobody wants to watch that.
  health: {
    intervalSeconds: 5,
    timeoutSeconds: 1,
    confirmSeconds: 1,
    failureThreshold: 3,
    successThreshold: 3,
    dwellSeconds: 10,
  },
  failover: { cooldownSeconds: 10 },
};

function cluster({ host, port }: SeedCluster['address']) {
  return {
    kind: 'kubernetes',
    region: 'cn-hangzhou',
    ingress: { endpoints: [{ address: host, port }] },
    probes: [
      { type: 'http', url: `http://${host}:${port}/healthz` },
      { type: 'tcp', host, port },
    ],
  };
}

function service(clusters: readonly string[]) {
  return {
    namespace: 'shop',
    ports: [{ name: 'http', port: 80 }],
    exports: clusters.map((name) => ({ cluster: name, backend: { type: 'ingress' } })),
    healthCheck: { type: 'http', path: '/healthz', method: 'GET' },
  };
}

function routes(gateways: readonly string[], [first, second]: readonly string[]) {
  const backendRefs = (name: string) => [{ service: name, port: 80 }];
  return {
    shop: {
      gateways,
      hostnames: ['shop.example.com'],
      rules: [{ backendRefs: backendRefs('checkout') }],
      distribution: {
        strategy: 'weighted',
        clusters: [
          { cluster: first, weight: 60 },
          { cluster: second, weight: 40 },
        ],
      },
    },
    'shop-canary': {
      gateways,
      hostnames: ['shop.example.com'],
      rules: [{ matches: [{ headers: [{ name: 'x-cluster', value: second }] }], backendRefs: backendRefs('checkout') }],
      distribution: { strategy: 'weighted', clusters: [{ cluster: second }], pin: 'strict' },
    },
    ledger: {
      gateways,
      hostnames: ['ledger.example.com'],
      rules: [{ backendRefs: backendRefs('orders') }],
      distribution: {
        strategy: 'weighted',
        clusters: [
          { cluster: first, tier: 0 },
          { cluster: second, tier: 1 },
        ],
      },
    },
  };
}

/** Creates what is not there yet. */
async function declare(client: ApiClient, path: string, body: object): Promise<'created' | 'exists'> {
  try {
    await callApi(client, 'PUT', path, { body, headers: { 'if-none-match': '*' } });
    return 'created';
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 412) return 'exists';
    throw error;
  }
}

/** Creates or replaces. */
async function redeclare(client: ApiClient, path: string, body: object): Promise<void> {
  if ((await declare(client, path, body)) === 'created') return;
  await callApi(client, 'PUT', path, { body, headers: { 'if-match': '*' } });
}

/**
 * Writes that come in quick succession may leave the last of them to the sweep, and so does a writer that ended with its lease on the gateway when
 * all was stopped before. Here nobody sweeps yet: it is asked for again until it is done.
 */
async function follow(client: ApiClient, gateway: string, report: (step: string) => void): Promise<void> {
  const deadline = Date.now() + SYNC_WITHIN_MS;
  let reportAt = Date.now() + REPORT_INTERVAL_MS;
  let askAt = Date.now() + ASK_INTERVAL_MS;
  const apply = () => callApi<Operation>(client, 'POST', `${FLEET}/gateways/${gateway}/apply`);
  let operation = await apply();
  while (operation.state !== 'Succeeded') {
    const { state, step, problem, done, total } = operation;
    if (state === 'Failed' || Date.now() > deadline) {
      throw new Error(`The gateway ${gateway} does not follow: ${state}. ${problem?.detail ?? step}`);
    }
    if (Date.now() > reportAt) {
      report(`Waiting for the gateway ${gateway} (${done} of ${total} steps done): ${step}`);
      reportAt += REPORT_INTERVAL_MS;
    }
    await sleep(500);
    const isDue = Date.now() > askAt;
    if (isDue) askAt += ASK_INTERVAL_MS;
    operation = isDue ? await apply() : await callApi<Operation>(client, 'GET', `${FLEET}/operations/${operation.id}`);
  }
}
