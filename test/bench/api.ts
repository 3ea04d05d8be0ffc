import { getHeapStatistics } from 'node:v8';
import type { Kind, Resource } from '../../functions/core/model/resource.ts';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import type { Item } from '../../functions/store/items.ts';
import { resourceKey } from '../../functions/store/keys.ts';
import { itemOf } from '../../functions/store/record-type.ts';
import { resourceRecord } from '../../functions/store/records/resources.ts';
import { Table } from '../../functions/store/table.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { GatewayInput } from '../../schemas/gateway.ts';
import { type Api, type ControlPlane, quietApi, startControlPlane } from '../engine/harness.ts';
import { totalOf } from '../store/meter.ts';
import { snapshotOf } from './plan-fleet.ts';

const FLEET = 'bench';
const ROUTES = 10_000;
const GATEWAYS = 10;

interface Cost {
  requests: number;
  itemsRead: number;
  kbRead: number;
  itemsWritten: number;
  /** Milliseconds of the processor. */
  ms: number;
}

/**
 * Measures what requests to the API cost in a fleet of 10,000 routes, 1,000 clusters and 50,000 members: requests to
 * the store, items and bytes. At first the table has no entries to find routes by, like a table from before there were
 * any; `entries` is what it takes to make them. heapMb is the most that the JavaScript heap held between requests,
 * garbage included.
 */
export async function api(): Promise<Record<string, unknown>> {
  const plane = await startControlPlane();
  try {
    await fill(plane);
    const costs: Record<string, Cost> = {};
    let heapBytes = 0;
    const measure = async (name: string, work: () => Promise<unknown>) => {
      costs[name] = await costOf(plane, work);
      heapBytes = Math.max(heapBytes, getHeapStatistics().used_heap_size);
    };
    const { store } = plane.deps();
    await measure('entries', () => store.routesUnder(FLEET, { kind: 'hostname', name: 'nowhere.example.com' }));
    for (const [name, work] of requestsTo(quietApi(plane))) await measure(name, work);
    await measure('run of a gateway', () => reconcileGateway(plane.deps(), FLEET, 'g0'));
    return {
      fleet: { routes: ROUTES, clusters: ROUTES / 10, services: ROUTES, gateways: GATEWAYS },
      costs,
      heapMb: Math.round(heapBytes / 2 ** 20),
    };
  } finally {
    await plane.close();
  }
}

function requestsTo(send: Api): [string, () => Promise<unknown>][] {
  const { routes, services, clusters } = snapshotOf(ROUTES, 5, 1, 100);
  const [route, service, cluster] = [routes[0]?.spec, services[0]?.spec, clusters[0]?.spec];
  const request =
    (method: string, place: string, body?: unknown, expected = [200, 201, 204]) =>
    async () => {
      const headers = method === 'GET' || place.endsWith('/new') ? {} : { 'if-match': '*' };
      const path = `/v1/fleets/${FLEET}/${place}`;
      const answer = await send(method, path, body, method === 'DELETE' ? { 'if-match': '*' } : headers);
      if (!expected.includes(answer.status)) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    };
  const fresh = { ...route, gateways: ['g0'], hostnames: ['new.example.com'] };
  const fewer = service && { ...service, exports: service.exports.slice(1) };
  return [
    ['route created', request('PUT', 'routes/new', fresh)],
    ['route shown', request('GET', 'routes/r5')],
    ['route edited', request('PUT', 'routes/r5', { ...route, gateways: ['g0'], labels: { a: 'b' } })],
    ['route deleted', request('DELETE', 'routes/new')],
    ['page of 50 routes', request('GET', 'routes?pageSize=50')],
    ['page of 200 routes', request('GET', 'routes?pageSize=200')],
    ['service edited', request('PUT', 'services/s5', { ...service, labels: { a: 'b' } })],
    ['service loses a cluster', request('PUT', 'services/s5', fewer)],
    ['service in use not deleted', request('DELETE', 'services/s5', undefined, [409])],
    ['cluster edited', request('PUT', 'clusters/c25', { ...cluster, labels: { a: 'b' } })],
    ['page of 200 clusters', request('GET', 'clusters?pageSize=200')],
    ['cluster in use not deleted', request('DELETE', 'clusters/c25', undefined, [409])],
    ['gateway in use not deleted', request('DELETE', 'gateways/g0', undefined, [409])],
  ];
}

async function costOf({ meter }: ControlPlane, work: () => Promise<unknown>): Promise<Cost> {
  meter.reset();
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  const read = totalOf(meter.read());
  return {
    requests: meter.requests(),
    itemsRead: read.items,
    kbRead: Math.round(read.bytes / 1024),
    itemsWritten: totalOf(meter.written()).items,
    ms: Math.round((user + system) / 1000),
  };
}

/** Writes straight into the table, because it would take an hour through the API. */
async function fill({ connect }: ControlPlane): Promise<void> {
  const client = connect();
  const table = new Table(client, DEFAULT_TABLE_NAME);
  const at = new Date(0).toISOString();
  const base = { fleet: FLEET, uid: 'uid', revision: 1, createdAt: at, updatedAt: at };
  const item = <K extends Kind>(resource: Resource<K>): Item =>
    itemOf(resourceRecord, resourceKey(resource), { ...resource, ...base }, { uid: 'uid', revision: 1, refs: 1 });
  const target = (index: number) => ({ provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId: `gw-${index}` });
  const fleet: Resource<'fleet'> = { ...base, kind: 'fleet', name: FLEET, spec: FleetInput.parse({}) };
  await table.writeAll([item(fleet)], []);
  for (let index = 0; index < GATEWAYS; index++) {
    const spec = GatewayInput.parse({ target: target(index) });
    await table.writeAll([item<'gateway'>({ ...base, kind: 'gateway', name: `g${index}`, spec })], []);
  }
  for (let first = 0; first < ROUTES; first += ROUTES / GATEWAYS) {
    const { clusters, services, routes } = snapshotOf(ROUTES, first, ROUTES / GATEWAYS, 100);
    const gateways = [`g${first / (ROUTES / GATEWAYS)}`];
    const placed = routes.map((route) => ({ ...route, spec: { ...route.spec, gateways } }));
    const resources = [...clusters, ...services, ...placed].map((resource) => ({ ...resource, fleet: FLEET }));
    await table.writeAll(
      resources.map((resource) => item(resource)),
      [],
    );
  }
  client.destroy();
}
