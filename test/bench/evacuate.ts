import { type ReconcileResult, reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { countWrites } from '../../infra/local/cloud-writes.ts';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import { addressOf, createInstance } from '../../infra/local/instances.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { commitRoute } from '../engine/commit-route.ts';
import { accountOf, type ControlPlane, quietApi, startControlPlane } from '../engine/harness.ts';
import { withdraw } from '../engine/withdraw.ts';
import { sendTo } from '../local-cloud/data-plane/fixtures.ts';
import type { Tally } from '../store/meter.ts';

const ROUTES = 1000;
const SERVICES = 50;
const CLUSTERS = ['one', 'two', 'three'];
const EVACUATED = 'one';
const FLEET = 'bench';

/** An ALB has 100 rules; all routes of a service are on one ALB, so that its pool exists once. */
const INSTANCES = { alb: ROUTES / 100, mse: 1 };

type Provider = keyof typeof INSTANCES;

interface Gateway {
  name: string;
  target: GatewayTarget;
}

/**
 * Counts the calls to the cloud that evacuate one of three clusters from 1,000 routes, and those that rewriting every
 * route takes, as the local cloud counts them; the time is virtual. It also counts the items that the evacuation reads
 * from the store and writes there, by their kind.
 */
export async function evacuate(): Promise<Record<string, unknown>> {
  const plane = await startControlPlane();
  const clusters = await Promise.all(CLUSTERS.map((name) => startDemoCluster({ name })));
  try {
    const gateways = { alb: await createGateways(plane, 'alb'), mse: await createGateways(plane, 'mse') };
    await declare(plane, clusters, [...gateways.alb, ...gateways.mse]);
    return { alb: await measure(plane, 'alb', gateways.alb), mse: await measure(plane, 'mse', gateways.mse) };
  } finally {
    await plane.close();
    await Promise.all(clusters.map((cluster) => cluster.close()));
  }
}

async function createGateways(plane: ControlPlane, provider: Provider): Promise<Gateway[]> {
  const gateways: Gateway[] = [];
  for (let index = 0; index < INSTANCES[provider]; index++) {
    gateways.push({ name: `${provider}-${index}`, target: await createInstance[provider](accountOf(plane)) });
  }
  return gateways;
}

async function declare(plane: ControlPlane, clusters: DemoCluster[], gateways: Gateway[]): Promise<void> {
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
  for (const { name, target } of gateways) await put(`/gateways/${name}`, { target });
  for (let index = 0; index < SERVICES; index++) {
    await put(`/services/${serviceOf(index)}`, {
      ports: [{ name: 'http', port: 80 }],
      exports: CLUSTERS.map((cluster) => ({ cluster })),
      healthCheck: { type: 'tcp', intervalSeconds: 50 },
    });
  }
}

async function measure(plane: ControlPlane, provider: Provider, gateways: Gateway[]) {
  await commitRoutes(plane, provider, 90);
  await followAll(plane, gateways);
  const names = gateways.map(({ name }) => name);
  const move = (clusters: string[]) =>
    count(plane, async () => requireVerified(await withdraw(plane, { fleet: FLEET, gateways: names }, clusters)));
  const evacuation = await move([EVACUATED]);
  await requireEvacuated(plane, gateways);
  const recovery = await move([]);
  await commitRoutes(plane, provider, 80);
  const rewrite = await count(plane, () => followAll(plane, gateways));
  return {
    routes: ROUTES,
    instances: gateways.length,
    calls: evacuation.calls,
    itemsRead: evacuation.read,
    itemsWritten: evacuation.written,
    routeItemsRead: evacuation.read['route'] ?? 0,
    poolWrites: evacuation.pools,
    routeOrRuleWrites: evacuation.rules,
    recoveryCalls: recovery.calls,
    rewriteCalls: rewrite.calls,
    rewriteWrites: rewrite.rules,
    ratio: Number((rewrite.calls / evacuation.calls).toFixed(1)),
  };
}

/** Counts calls to the cloud and items of the store while the work is done. */
async function count({ cloud, forgetCalls, meter }: ControlPlane, work: () => Promise<void>) {
  forgetCalls();
  meter.reset();
  await work();
  const items = (tally: Tally) => Object.fromEntries(Object.entries(tally).map(([name, { items: n }]) => [name, n]));
  const [read, written] = [items(meter.read()), items(meter.written())];
  const { reads, writes } = cloud.counts();
  if (cloud.log.entries.length < reads + writes) throw new Error('There were more calls than the log keeps.');
  return { calls: reads + writes, read, written, ...countWrites(cloud.log.entries) };
}

async function followAll({ deps }: ControlPlane, gateways: readonly Gateway[]): Promise<void> {
  const results: ReconcileResult[] = [];
  for (const { name } of gateways) results.push(await reconcileGateway(deps(), FLEET, name));
  requireVerified(results);
}

function requireVerified(results: readonly ReconcileResult[]): void {
  const failed = results.find(({ state }) => state !== 'Verified');
  if (failed) throw new Error(`${failed.gateway} is ${failed.state} (${failed.reason}): ${failed.message}`);
}

/** One request through each instance shows little; ten show that the evacuated cluster gets nothing. */
async function requireEvacuated({ cloud }: ControlPlane, gateways: readonly Gateway[]): Promise<void> {
  for (const [index, { target }] of gateways.entries()) {
    for (let request = 0; request < 10; request++) {
      const headers = { host: hostOf(index) };
      const answer = await sendTo(addressOf(cloud, target), { path: '/', headers, agent: false });
      if (answer.status === 200 && answer.headers['x-cluster'] !== EVACUATED) continue;
      throw new Error(`${hostOf(index)} is answered with ${answer.status} by ${answer.headers['x-cluster']}.`);
    }
  }
}

/**
 * Creates or updates every route in the store as the API would: each sends `weight` percent to its service and the rest
 * to another one.
 */
async function commitRoutes({ deps }: ControlPlane, provider: Provider, weight: number): Promise<void> {
  const ports = deps();
  for (let index = 0; index < ROUTES; index++) {
    const gateway = `${provider}-${index % INSTANCES[provider]}`;
    await commitRoute(ports, { fleet: FLEET, name: `${provider}-r${index}` }, routeOf(index, gateway, weight));
  }
}

function routeOf(index: number, gateway: string, weight: number) {
  // The other service is ten places away, on another ALB.
  const services = [serviceOf(index), serviceOf(index + INSTANCES.alb)];
  const [first = '', second = ''] = services;
  return {
    gateways: [gateway],
    hostnames: [hostOf(index)],
    rules: [
      {
        backendRefs: [
          { service: first, port: 80, weight },
          { service: second, port: 80, weight: 100 - weight },
        ],
      },
    ],
    distribution: {
      strategy: 'weighted',
      clusters: CLUSTERS.map((cluster, position) => ({ cluster, weight: [50, 30, 20][position] ?? 0 })),
    },
  };
}

function serviceOf(index: number): string {
  return `s${index % SERVICES}`;
}

function hostOf(index: number): string {
  return `h${index}.example.com`;
}
