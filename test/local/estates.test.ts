import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import { type DemoControl, startDemoControl } from '../../infra/local/demo-control.ts';
import { clustersAt } from '../../infra/local/estates/estate.ts';
import { ESTATES } from '../../infra/local/estates/index.ts';
import { ANY_PORTS, type Ports, portsFor } from '../../infra/local/ports.ts';

const estate = ESTATES['two-cities'];
const FIXED_PORTS: Ports = { ...ANY_PORTS, clusterA: 9101, clusterB: 9102, clusterC: 9103, clusterD: 9104 };

let clusters: DemoCluster[];
let control: DemoControl;

beforeEach(async () => {
  clusters = await Promise.all(estate.clusters.map(({ name }) => startDemoCluster({ name })));
  control = await startDemoControl((name) => clustersAt(estate, clusters, name), { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await control.close();
  await Promise.all(clusters.map((cluster) => cluster.close()));
});

const tell = (path: string) => fetch(`${control.url}${path}`, { method: 'POST' });

/** The clusters that answer. */
async function answering(): Promise<string[]> {
  const answers = clusters.map(async ({ name, address: { host, port } }) => {
    const response = await fetch(`http://${host}:${port}/`, { headers: { connection: 'close' } }).catch(
      () => undefined,
    );
    return response?.status === 200 ? [name] : [];
  });
  return (await Promise.all(answers)).flat();
}

test.each([
  ['shanghai-c1', ['hangzhou-a1', 'hangzhou-a2', 'hangzhou-b1']],
  ['hangzhou-a', ['hangzhou-b1', 'shanghai-c1']],
  ['hangzhou', ['shanghai-c1']],
])('the name %s breaks and mends every cluster there and no other', async (place, survivors) => {
  expect((await tell(`/${place}/fail`)).status).toBe(200);
  expect(await answering()).toEqual(survivors);
  expect((await tell(`/${place}/recover`)).status).toBe(200);
  expect(await answering()).toEqual(estate.clusters.map(({ name }) => name));
});

test('a name that no cluster, site or city has breaks nothing', async () => {
  expect((await tell('/beijing/fail')).status).toBe(404);
  expect(await answering()).toHaveLength(4);
});

test('either city can carry what all routes expect at most, and each site can be lost', () => {
  const rules = Object.values(estate.routes).flatMap((route) => route.rules);
  const peak = rules.reduce((sum, rule) => sum + (rule.peakRequestsPerSecond ?? Number.NaN), 0);
  const capacityWithout = (place: string) => {
    const lost = clustersAt(estate, estate.clusters, place);
    const left = estate.clusters.filter((cluster) => !lost.includes(cluster));
    return left.reduce((sum, { declared }) => sum + (declared.capacity?.requestsPerSecond ?? 0), 0);
  };
  for (const place of ['hangzhou', 'shanghai', 'hangzhou-a', 'hangzhou-b']) {
    expect(capacityWithout(place), place).toBeGreaterThanOrEqual(peak);
  }
});

test('ports of clusters that an estate does not have may be taken by others', () => {
  expect(portsFor(ESTATES['two-clusters'].clusters, FIXED_PORTS)).toEqual({ ...FIXED_PORTS, clusterC: 0, clusterD: 0 });
  expect(portsFor(estate.clusters, FIXED_PORTS)).toEqual(FIXED_PORTS);
});
