import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cluster, create, fleet, gateway, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness } from './harness.ts';

/** Facts of an ALB as it was last read: a Basic instance holds 40 rules. */
const ALB = {
  provider: 'alb',
  vpcId: 'vpc-1',
  edition: 'Basic',
  listenerCount: 1,
  listeners: [{ id: 'lsn-edge', port: 443, protocol: 'HTTPS' }],
  otherRules: [] as Json[],
};
const MSE = { domains: {}, impostors: [], ofIngressController: false, routeStatus: {}, shadows: [] };

const place = (address: string) => ({ ...cluster, ingress: { endpoints: [{ address, port: 80 }] } });
const document = (kind: string, name: string, spec: Json) => ({
  apiVersion: 'fairlead.dev/v1',
  kind,
  metadata: { name },
  spec,
});
const list = (...items: Json[]) => ({ apiVersion: 'fairlead.dev/v1', kind: 'List', items });
const foreignRules = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `rule-${index}`,
    name: '',
    listenerId: 'lsn-edge',
    priority: index + 1,
    conditions: [],
    isForeign: true,
  }));

inProcess.describe('what a gateway would find of a write', () => {
  let harness: Harness;
  let serial = 0;
  let name: string;
  let path: string;
  /** Facts by the name of the gateway; a gateway that is missing here has never been read. */
  let facts: Record<string, Json>;

  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.close());

  /** Clusters one, two and three, of which the first two serve checkout by a route at the ALB `edge` and one at the MSE `mse`. */
  beforeEach(async () => {
    name = `found-${++serial}`;
    path = `/v1/fleets/${name}`;
    facts = { edge: ALB, mse: MSE };
    await create(harness, path, fleet);
    for (const [index, item] of ['one', 'two', 'three'].entries()) {
      await create(harness, `${path}/clusters/${item}`, place(`10.0.0.${index + 1}`));
    }
    await create(harness, `${path}/gateways/edge`, gateway('edge'));
    const target = { provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId: `gw-${serial}` };
    await create(harness, `${path}/gateways/mse`, { target });
    await create(harness, `${path}/services/checkout`, service);
    await create(harness, `${path}/routes/checkout`, routeOf('checkout'));
    await create(harness, `${path}/routes/at-mse`, { ...routeOf('at-mse'), gateways: ['mse'] });
  });

  const routeOf = (host: string, more: Json = {}) => ({
    ...route,
    hostnames: [`${host}.${name}.example.com`],
    ...more,
  });

  async function call(method: string, where: string, body?: unknown, exists = true): Promise<Answer> {
    const { store } = harness.deps;
    const reading = async (_: string, of: string) => facts[of] && { facts: facts[of] };
    const overrides = { store: { ...store, acquire: async () => undefined, reading } as typeof store };
    const headers = exists ? { 'If-Match': '*' } : {};
    return await harness.call(method, `${path}/${where}`, { body, headers }, overrides);
  }
  const replace = (where: string, body: unknown) => call('PUT', where, body);
  const declare = (where: string, body: unknown) => call('PUT', where, body, false);

  function expectFound(answer: Answer, code: string, at: string[]): void {
    const { status, body } = answer;
    expect([status, body.code, status === 422 ? pointers(body) : body]).toEqual([422, code, at]);
  }

  describe('one address of two clusters of a backend', () => {
    it('is refused where a cluster brings it in, at every gateway that has the backend', async () => {
      facts = { edge: ALB };
      expectFound(await replace('clusters/two', place('10.0.0.1')), 'conflicting-declaration', ['#/ingress/endpoints']);
      expect((await replace('clusters/two', place('10.0.0.4'))).status).toBe(200);
      expect((await replace('clusters/three', place('10.0.0.1'))).status, 'serves nothing').toBe(200);
    });

    it('is refused also where it is found by the pools of a gateway with many routes', async () => {
      facts = { mse: MSE };
      const { store, clock } = harness.deps;
      const lease = await store.acquire(`gateway/${name}/mse`, 'test', 60_000, clock.now());
      if (lease === undefined) throw new Error('The lease is free.');
      const members = ['one', 'two'].map((item, index) => ({
        cluster: item,
        weight: 1,
        tier: 0,
        endpoints: [{ address: `10.0.0.${index + 1}`, port: 80, remote: false }],
      }));
      const pool = { key: 'checkout-80-000000000000', service: 'checkout', port: 80, protocol: 'HTTP', pinned: false };
      const healthCheck = {
        type: 'tcp',
        intervalSeconds: 2,
        timeoutSeconds: 2,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      };
      await store.putPools(name, 'mse', [{ ...pool, healthCheck, members } as never], lease);
      expectFound(await replace('clusters/two', place('10.0.0.1')), 'conflicting-declaration', ['#/ingress/endpoints']);
      expect((await replace('clusters/two', place('10.0.0.4'))).status).toBe(200);
    });

    it('is refused where an export brings it in', async () => {
      const backend = { type: 'endpoints', endpoints: [{ address: '10.0.0.1', port: 80 }] };
      const exports = [{ cluster: 'one' }, { cluster: 'two' }, { cluster: 'three', backend }];
      const answer = await replace('services/checkout', { ...service, exports });
      expectFound(answer, 'conflicting-declaration', ['#/exports/2/backend', '#/exports/2/backend']);
      expect(answer.body.errors.map(({ detail }: Json) => detail.split(':')[0])).toEqual([
        'The gateway edge cannot carry it',
        'The gateway mse cannot carry it',
      ]);
    });

    it('is refused where a route brings it in, and in a manifest in its document', async () => {
      await create(harness, `${path}/clusters/twin`, place('10.0.0.1'));
      await create(harness, `${path}/services/mixed`, {
        ...service,
        exports: [{ cluster: 'one' }, { cluster: 'twin' }],
      });
      const rules = [{ backendRefs: [{ service: 'checkout', port: 80 }] }, mixedRule];
      for (const at of ['edge', 'mse']) {
        const spec = routeOf('mixed', { gateways: [at], rules });
        expectFound(await declare('routes/mixed', spec), 'conflicting-declaration', ['#/rules/1/backendRefs/0']);
        const manifest = list(document('Cluster', 'four', place('10.0.0.9')), document('Route', 'mixed', spec));
        expectFound(await replace('manifest', manifest), 'conflicting-declaration', [
          'documents/1#/spec/rules/1/backendRefs/0',
        ]);
      }
    });

    const mixedRule = {
      matches: [{ path: { type: 'Prefix', value: '/mixed' } }],
      backendRefs: [{ service: 'mixed', port: 80 }],
    };

    it('that was there already keeps nobody from another edit, nor from a deletion', async () => {
      facts = {};
      await replace('clusters/two', place('10.0.0.1'));
      facts = { edge: ALB, mse: MSE };
      const distribution = {
        strategy: 'weighted',
        clusters: [
          { cluster: 'one', weight: 70 },
          { cluster: 'two', weight: 30 },
        ],
      };
      expect((await replace('routes/checkout', routeOf('checkout', { distribution }))).status).toBe(200);
      expect((await replace('clusters/two', { ...place('10.0.0.1'), labels: { a: 'b' } })).status).toBe(200);
      expect((await call('DELETE', 'routes/checkout')).status).toBe(204);
    });
  });

  describe('a quota', () => {
    const routes = (count: number) =>
      Array.from({ length: count }, (_, index) => document('Route', `r-${index}`, routeOf(`r-${index}`)));

    it('is told with the number of gateways that would hold what a manifest brings in', async () => {
      const answer = await replace('manifest', list(...routes(70)));
      expectFound(answer, 'quota-exceeded', ['gateways/edge']);
      expect(answer.body.errors[0].detail).toMatch(/71 used, 40 allowed\. 2 gateways like this one would hold it\.$/);
      expect((await replace('manifest', list(...routes(39)))).status).toBe(202);
    });

    it('that one route exceeds is told at the gateway that the route names', async () => {
      facts = { edge: { ...ALB, otherRules: foreignRules(39) } };
      expectFound(await declare('routes/new', routeOf('new', { gateways: ['mse', 'edge'] })), 'quota-exceeded', [
        '#/gateways/1',
      ]);
      expect((await declare('routes/new', routeOf('new', { gateways: ['mse'] }))).status).toBe(201);
    });

    it('that was exceeded before refuses only what makes it worse', async () => {
      facts = { edge: { ...ALB, otherRules: foreignRules(50) } };
      const two = { hostnames: [`a.${name}.example.com`, `b.${name}.example.com`] };
      expectFound(await replace('routes/checkout', routeOf('checkout', two)), 'quota-exceeded', ['#/gateways/0']);
      expect((await replace('routes/checkout', routeOf('elsewhere'))).status).toBe(200);
      expect((await call('DELETE', 'routes/checkout')).status).toBe(204);
    });
  });

  it('a redirect onto itself is refused with the match that it is of', async () => {
    const rules = [
      { backendRefs: [{ service: 'checkout', port: 80 }] },
      {
        matches: [{ path: { type: 'Prefix', value: '/a' } }, { path: { type: 'Prefix', value: '/b' } }],
        filters: [{ type: 'RequestRedirect', scheme: 'https', statusCode: 301 }],
      },
    ];
    expectFound(await declare('routes/new', routeOf('new', { rules })), 'redirect-loop', [
      '#/rules/1/matches/0',
      '#/rules/1/matches/1',
    ]);
  });

  it('a protocol that no listener carries is refused with the port that has it', async () => {
    facts = { edge: { ...ALB, edition: 'Standard', listeners: [{ id: 'lsn-edge', port: 80, protocol: 'HTTP' }] } };
    const ports = [{ name: 'http', port: 80, protocol: 'gRPC' }];
    expectFound(await replace('services/checkout', { ...service, ports }), 'unsupported-feature', ['#/ports/0']);
  });

  it('is looked for in what changes, where a gateway has no quota for all of it: other routes are not read', async () => {
    const rules = [{ backendRefs: [{ service: 'pay', port: 80 }] }];
    await create(harness, `${path}/services/pay`, service);
    const edit = async () => {
      harness.meter.reset();
      const answer = await replace('routes/at-mse', { ...routeOf(`h${Math.random()}`), gateways: ['mse'] });
      expect(answer.status).toBe(200);
      return harness.meter.read()['route']?.items;
    };
    const before = await edit();
    for (let index = 0; index < 10; index++) {
      await create(harness, `${path}/routes/more-${index}`, routeOf(`more-${index}`, { gateways: ['mse'], rules }));
    }
    expect(await edit()).toBe(before);
  });

  it('is not looked for at a gateway that has never been read', async () => {
    facts = {};
    expect((await replace('clusters/two', place('10.0.0.1'))).status).toBe(200);
  });
});
