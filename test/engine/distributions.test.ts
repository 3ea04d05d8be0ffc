import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { countWrites } from '../../infra/local/cloud-writes.ts';
import { createInstance } from '../../infra/local/instances.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { type Clusters, startClusters } from './edge.ts';
import { accountOf, type ControlPlane, edgeOf, type Json, quietApi, startControlPlane } from './harness.ts';

type Provider = GatewayTarget['provider'];

const FLEET = '/v1/fleets/cities';
const PROVIDERS: readonly Provider[] = ['alb', 'mse'];
const ROUTES = ['one', 'two', 'three'];
const weighted = (north: number) => ({
  strategy: 'weighted',
  clusters: [
    { city: 'north', weight: north },
    { city: 'south', weight: 100 - north },
  ],
});
const IF_MATCH = { 'if-match': '*' };

/** Fleet `cities` on a gateway of each provider: routes of two services that use distribution `main`, one of them as the default. */
describe('a distribution of routes on both kinds of gateways', () => {
  let plane: ControlPlane;
  let clusters: Clusters;
  const targets = new Map<Provider, GatewayTarget>();

  beforeAll(async () => {
    plane = await startControlPlane();
    clusters = await startClusters();
    const quiet = quietApi(plane);
    const put = async (path: string, body: unknown) => {
      const { status, body: answer } = await quiet('PUT', FLEET + path, body);
      expect([status, path, answer.errors]).toEqual([201, path, undefined]);
    };
    await put('', {});
    for (const [name, city] of [
      ['a', 'north'],
      ['b', 'south'],
    ] as const) {
      const { host, port } = clusters[name].address;
      const ingress = { endpoints: [{ address: host, port }] };
      await put(`/clusters/${name}`, { kind: 'kubernetes', joins: 'at-once', city, ingress });
    }
    const exports = [{ cluster: 'a' }, { cluster: 'b' }];
    for (const name of ['shop', 'pay']) {
      await put(`/services/${name}`, { ports: [{ name: 'http', port: 80 }], exports });
    }
    await put('/distributions/main', weighted(60));
    for (const provider of PROVIDERS) {
      const target = await createInstance[provider](accountOf(plane));
      targets.set(provider, target);
      await put(`/gateways/${provider}`, { target });
    }
    await quiet('PUT', FLEET, { defaultDistribution: 'main' }, IF_MATCH);
    for (const [index, name] of ROUTES.entries()) {
      await put(`/routes/${name}`, {
        gateways: PROVIDERS,
        hostnames: [`${name}.example.com`],
        rules: [{ backendRefs: [{ service: index === 0 ? 'pay' : 'shop', port: 80 }] }],
        ...(index < 2 && { distribution: { ref: 'main' } }),
      });
    }
    for (const provider of PROVIDERS) await follow(provider);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([clusters.a.close(), clusters.b.close()]);
    await plane.close();
  });

  async function follow(provider: Provider): Promise<void> {
    const result = await reconcileGateway(plane.deps(), 'cities', provider);
    expect(result).toMatchObject({ state: 'Verified' });
  }

  async function splitAt(provider: Provider, route: string): Promise<Json> {
    const target = targets.get(provider);
    if (target === undefined) throw new Error(`There is no gateway of ${provider}.`);
    return await edgeOf(plane, target, clusters).split(100, `${route}.example.com`);
  }

  async function expectSplit(north: number): Promise<void> {
    const expected = { ...(north > 0 && { a: north }), ...(north < 100 && { b: 100 - north }) };
    for (const provider of PROVIDERS) {
      for (const route of ROUTES) expect(await splitAt(provider, route), `${route} at ${provider}`).toEqual(expected);
    }
  }

  const putMain = (body: unknown, query = '') =>
    plane.api('PUT', `${FLEET}/distributions/main${query}`, body, IF_MATCH);

  it('decides what all of them get', async () => {
    await expectSplit(60);
  });

  it('shows before it is written what every gateway would get, and nothing comes or goes among it', async () => {
    const { status, body } = await putMain(weighted(20), '?dryRun=true');
    expect(status).toBe(200);
    expect(body.dryRun.plans.map((plan: Json) => plan.gateway).sort()).toEqual(['alb', 'mse']);
    for (const { changes } of body.dryRun.plans) {
      expect(changes).not.toEqual([]);
      for (const change of changes) expect(change).toMatchObject({ verb: 'update' });
    }
    await expectSplit(60);
  });

  it('moves all of them by one write and one operation, and only where requests go', async () => {
    plane.forgetCalls();
    expect((await putMain(weighted(20))).status).toBe(200);
    const writes = plane.writes();
    // On ALB there is one call for each service. On MSE routes carry the percentages: there is one call for each route,
    // and one for its publication.
    expect(writes.filter((action) => action.includes('ServerGroup'))).toEqual(
      Array.from({ length: 2 }, () => 'UpdateServerGroupServersAttribute'),
    );
    expect(writes.filter((action) => /Rule|Create|Delete|Add|Remove/.test(action))).toEqual([]);
    expect(countWrites(plane.cloud.log.entries)).toEqual({ pools: 2, rules: 2 * ROUTES.length });
    await expectSplit(20);
    const { items } = (await plane.api('GET', `${FLEET}/operations`)).body;
    expect(items[0]).toMatchObject({ action: 'distribution.update', state: 'Succeeded' });
    const { body } = await plane.api('GET', `${FLEET}/distributions/main`);
    for (const type of ['Programmed', 'Following']) {
      expect(body.conditions).toContainEqual(expect.objectContaining({ type, status: 'True' }));
    }
  });

  it('moves a city as a whole: nothing but servers and addresses changes', async () => {
    plane.forgetCalls();
    await putMain({ strategy: 'weighted', clusters: [{ city: 'north' }] });
    expect(plane.writes().filter((action) => /Rule|CreateGatewayRoute|DeleteGatewayRoute/.test(action))).toEqual([]);
    await expectSplit(100);
    await putMain(weighted(50));
    await expectSplit(50);
  });

  it('follows a cluster to another city', async () => {
    plane.forgetCalls();
    await putMain({
      strategy: 'weighted',
      clusters: [
        { city: 'north', weight: 100 },
        { city: 'south', weight: 0 },
      ],
    });
    await expectSplit(100);
    const { body: cluster } = await plane.api('GET', `${FLEET}/clusters/b`);
    const { kind, joins, ingress } = cluster;
    const answer = await plane.api('PUT', `${FLEET}/clusters/b`, { kind, joins, ingress, city: 'north' }, IF_MATCH);
    expect([answer.status, answer.body.code]).toEqual([409, 'still-referenced']);
    await putMain({ strategy: 'weighted', clusters: [{ city: 'north' }] });
    expect(
      (await plane.api('PUT', `${FLEET}/clusters/b`, { kind, joins, ingress, city: 'north' }, IF_MATCH)).status,
    ).toBe(200);
    await expectSplit(50);
  });
});
