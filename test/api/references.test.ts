import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../store/fixtures.ts';
import { cluster, create, createShop, gateway, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;
let shops = 0;
let path: string;

beforeAll(async () => {
  harness = await startHarness();
});

afterAll(async () => await harness.close());

async function shop(): Promise<void> {
  shops++;
  path = await createShop(harness, `shop-${shops}`, `shop-${shops}.example.com`);
}

const put = (place: string, body: unknown, headers: Record<string, string> = {}) =>
  harness.call('PUT', `${path}/${place}`, { body, headers });
const replace = (place: string, body: unknown) => put(place, body, { 'If-Match': '*' });
const remove = (place: string) => harness.call('DELETE', `${path}${place}`, { headers: { 'If-Match': '*' } });

function expectRefusal(answer: Answer, status: number, code: string, at: string[]): void {
  expect({ status: answer.status, code: answer.body?.code, at: answer.body && pointers(answer.body).sort() }).toEqual({
    status,
    code,
    at: [...at].sort(),
  });
}

describe('a declaration that names what does not exist', () => {
  beforeAll(shop);

  it('is refused with a pointer to every such place', async () => {
    const body = {
      gateways: ['edge', 'nowhere'],
      rules: [
        { backendRefs: [{ service: 'none', port: 80 }] },
        {
          backendRefs: [
            { service: 'checkout', port: 80 },
            { service: 'checkout', port: 81 },
          ],
        },
      ],
      distribution: { strategy: 'weighted', clusters: [{ cluster: 'one' }, { cluster: 'three' }] },
    };
    expectRefusal(await put('routes/bad', body), 422, 'unknown-reference', [
      '#/gateways/1',
      '#/rules/0/backendRefs/0/service',
      '#/rules/1/backendRefs/1/port',
      '#/distribution/clusters/1/cluster',
    ]);
    const exports = [{ cluster: 'one' }, { cluster: 'three' }, { cluster: 'four' }];
    expectRefusal(await put('services/bad', { ...service, exports }), 422, 'unknown-reference', [
      '#/exports/1/cluster',
      '#/exports/2/cluster',
    ]);
    expectRefusal(await put('gateways/bad', { ...gateway('bad'), credentials: 'none' }), 422, 'unknown-reference', [
      '#/credentials',
    ]);
  });

  inProcess.it('is refused also when it vanishes while the declaration is written', async () => {
    await create(harness, `${path}/clusters/brief`, cluster);
    const { store } = harness.deps;
    const racing = {
      store: {
        ...store,
        commit: async (commit: Parameters<typeof store.commit>[0]) => {
          if (commit.resource.kind === 'service') await remove('/clusters/brief');
          return await store.commit(commit);
        },
      },
    };
    const body = { ...service, exports: [{ cluster: 'brief' }, { cluster: 'one' }] };
    const answer = await harness.call('PUT', `${path}/services/late`, { body }, racing);
    expectRefusal(answer, 422, 'unknown-reference', ['#/exports/0/cluster']);
    expect((await harness.call('GET', `${path}/services/late`)).status).toBe(404);
  });
});

describe('what others refer to', () => {
  beforeAll(shop);

  it('cannot be deleted, and every referrer is named', async () => {
    const distribution = { strategy: 'weighted', clusters: [{ cluster: 'one' }] };
    await create(harness, `${path}/routes/pinned`, { ...route, hostnames: ['pinned.example.com'], distribution });
    expectRefusal(await remove('/clusters/one'), 409, 'still-referenced', [
      'services/checkout#/exports/0/cluster',
      'routes/pinned#/distribution/clusters/0/cluster',
    ]);
    expectRefusal(await remove('/services/checkout'), 409, 'still-referenced', [
      'routes/checkout#/rules/0/backendRefs/0/service',
      'routes/pinned#/rules/0/backendRefs/0/service',
    ]);
    expectRefusal(await remove('/gateways/edge'), 409, 'still-referenced', [
      'routes/checkout#/gateways/0',
      'routes/pinned#/gateways/0',
    ]);
    expectRefusal(await remove(''), 409, 'still-referenced', [
      'clusters/one',
      'clusters/two',
      'gateways/edge',
      'routes/checkout',
      'routes/pinned',
      'services/checkout',
    ]);
  });

  inProcess.it('cannot be deleted either when the referrer is written in between', async () => {
    await create(harness, `${path}/clusters/late`, cluster);
    const { store } = harness.deps;
    let raced = false;
    const racing = {
      store: {
        ...store,
        commit: async (commit: Parameters<typeof store.commit>[0]) => {
          if (commit.verb === 'delete' && !raced) {
            raced = true;
            await create(harness, `${path}/services/late`, { ...service, exports: [{ cluster: 'late' }] });
          }
          return await store.commit(commit);
        },
      },
    };
    const call = { headers: { 'If-Match': '*' } };
    const answer = await harness.call('DELETE', `${path}/clusters/late`, call, racing);
    expectRefusal(answer, 409, 'still-referenced', ['services/late#/exports/0/cluster']);
    for (const place of ['/services/late', '/clusters/late']) expect((await remove(place)).status).toBe(204);
  });

  it('can be deleted once nothing refers to it, and is gone then', async () => {
    const places = ['/routes/checkout', '/routes/pinned', '/services/checkout', '/gateways/edge'];
    for (const place of [...places, '/clusters/one', '/clusters/two', '']) {
      expect((await remove(place)).status).toBe(204);
      expect((await remove(place)).status).toBe(404);
    }
  });
});

describe('what others depend on', () => {
  beforeAll(shop);

  it('keeps the ingress that a service is exported by', async () => {
    const { ingress: _, ...bare } = cluster;
    expectRefusal(await replace('clusters/one', bare), 409, 'still-referenced', [
      'services/checkout#/exports/0/backend',
    ]);
  });

  it('keeps the port that a route uses', async () => {
    const ports = [{ name: 'http', port: 8080 }];
    expectRefusal(await replace('services/checkout', { ...service, ports }), 409, 'still-referenced', [
      'routes/checkout#/rules/0/backendRefs/0',
    ]);
  });

  it('keeps a cluster for every route that uses it, and may lose the others', async () => {
    const last = { ...service, exports: [{ cluster: 'two' }] };
    expect((await replace('services/checkout', last)).status).toBe(200);
    expectRefusal(await replace('services/checkout', { ...service, exports: [] }), 409, 'backend-without-cluster', [
      'routes/checkout#/rules/0/backendRefs/0',
    ]);
  });
});

describe('a backend that is served', () => {
  beforeAll(shop);

  const weights = (one: number, two: number) => ({
    ...route,
    hostnames: [`shop-${shops}.example.com`],
    distribution: {
      strategy: 'weighted',
      clusters: [
        { cluster: 'one', weight: one },
        { cluster: 'two', weight: two },
      ],
    },
  });
  const document = (kind: string, name: string, spec: Json) => ({
    apiVersion: 'fairlead.dev/v1',
    kind,
    metadata: { name },
    spec,
  });
  const own = ['#/rules/0/backendRefs/0'];
  const standing = ['routes/checkout#/rules/0/backendRefs/0'];

  it('is not left with nobody by the weights of its route', async () => {
    expect((await replace('routes/checkout', weights(1, 0))).status).toBe(200);
    expect((await replace('services/checkout', { ...service, exports: [{ cluster: 'one' }] })).status).toBe(200);
    expectRefusal(await replace('routes/checkout', weights(0, 1)), 409, 'backend-without-cluster', own);
    expect((await replace('services/checkout', service)).status).toBe(200);
  });

  it('is not left with nobody by a service that loses the one export that has a weight', async () => {
    const exports = [{ cluster: 'two' }];
    expectRefusal(
      await replace('services/checkout', { ...service, exports }),
      409,
      'backend-without-cluster',
      standing,
    );
  });

  it('is not left with nobody by a cluster that loses its ingress', async () => {
    const { ingress: _, ...bare } = cluster;
    expectRefusal(await replace('clusters/one', bare), 409, 'backend-without-cluster', [
      'services/checkout#/exports/0/backend',
      ...standing,
    ]);
  });

  it('is not left with nobody by a manifest, which says in which document', async () => {
    const items = [
      document('Cluster', 'three', cluster),
      document('Service', 'checkout', { ...service, exports: [{ cluster: 'one' }, { cluster: 'three' }] }),
      document('Route', 'checkout', weights(0, 1)),
    ];
    const manifest = { apiVersion: 'fairlead.dev/v1', kind: 'List', items };
    expectRefusal(await put('manifest', manifest), 409, 'backend-without-cluster', [
      'documents/2#/spec/rules/0/backendRefs/0',
    ]);
  });

  it('and was left with nobody before keeps nobody from other edits of its service', async () => {
    const { store } = harness.deps;
    const fleet = `shop-${shops}`;
    const before = await store.get('route', fleet, 'checkout');
    if (before === undefined) throw new Error('It is declared.');
    const distribution = { strategy: 'replicas' as const, clusters: [{ cluster: 'gone', tier: 0 }] };
    const resource = { ...before, revision: before.revision + 1, spec: { ...before.spec, distribution } };
    const told = audit({ kind: 'route', fleet, name: 'checkout' }, before.revision, resource.revision);
    await store.commit({ resource, verb: 'update', before, references: [], outbox: [], audit: told });
    const exports = [{ cluster: 'one' }, { cluster: 'two', replicas: 2 }];
    expect((await replace('services/checkout', { ...service, exports })).status).toBe(200);
    expect((await replace('services/checkout', service)).status).toBe(200);
    expect((await replace('routes/checkout', weights(1, 0))).status).toBe(200);
  });

  it('may be given up by its route', async () => {
    await create(harness, `${path}/services/cart`, service);
    const rules = [{ backendRefs: [{ service: 'cart', port: 80 }] }];
    expect((await replace('routes/checkout', { ...weights(1, 0), rules })).status).toBe(200);
    expect((await replace('services/checkout', { ...service, exports: [] })).status).toBe(200);
    const none = { ...weights(1, 0), rules: route.rules };
    expectRefusal(await replace('routes/checkout', none), 422, 'conflicting-declaration', [
      '#/rules/0/backendRefs/0/service',
    ]);
  });
});

describe('a declaration that contradicts another one', () => {
  beforeAll(shop);

  it('is refused: an export by an ingress that is not there', async () => {
    await create(harness, `${path}/clusters/bare`, { kind: 'kubernetes' });
    const exports = [{ cluster: 'one' }, { cluster: 'bare' }];
    expectRefusal(await put('services/bad', { ...service, exports }), 422, 'conflicting-declaration', [
      '#/exports/1/backend',
    ]);
    const backend = { type: 'endpoints', endpoints: [{ address: '10.0.0.9', port: 80 }] };
    expect((await put('services/good', { ...service, exports: [{ cluster: 'bare', backend }] })).status).toBe(201);
  });

  it('is refused: a distribution without a cluster to serve a backend', async () => {
    const distribution = (clusters: Json[]) => ({ ...route, distribution: { strategy: 'weighted', clusters } });
    const none = await put('routes/bad', distribution([{ cluster: 'bare' }]));
    expectRefusal(none, 422, 'conflicting-declaration', ['#/distribution']);
    const weightless = await put('routes/bad', distribution([{ cluster: 'bare' }, { cluster: 'one', weight: 0 }]));
    expectRefusal(weightless, 422, 'conflicting-declaration', ['#/distribution']);
    const some = distribution([{ cluster: 'bare' }, { cluster: 'one' }]);
    expect((await put('routes/some', { ...some, hostnames: ['some.example.com'] })).status).toBe(201);
  });

  it('is refused: a route to a service that no cluster exports', async () => {
    await create(harness, `${path}/services/unexported`, { ports: service.ports });
    const rules = [{ backendRefs: [{ service: 'unexported', port: 80 }] }];
    expectRefusal(await put('routes/bad', { ...route, rules }), 422, 'conflicting-declaration', [
      '#/rules/0/backendRefs/0/service',
    ]);
  });

  it('is refused: a listener of another gateway', async () => {
    expectRefusal(await put('gateways/other', gateway('edge')), 422, 'conflicting-declaration', [
      '#/target/listenerIds/0',
    ]);
    expect((await put('gateways/other', gateway('other'))).status).toBe(201);
  });

  it('is refused: a gateway that moves', async () => {
    const { target } = gateway('edge');
    const moved = { target: { ...target, regionId: 'cn-shanghai', loadBalancerId: 'alb-elsewhere' } };
    expectRefusal(await replace('gateways/edge', moved), 422, 'conflicting-declaration', [
      '#/target/regionId',
      '#/target/loadBalancerId',
    ]);
    const listeners = { target: { ...target, listenerIds: [...target.listenerIds, 'lsn-second'] } };
    expect((await replace('gateways/edge', listeners)).status).toBe(200);
    expectRefusal(await replace('gateways/edge', { target }), 422, 'conflicting-declaration', ['#/target/listenerIds']);
  });
});

describe('a declaration that cannot be served', () => {
  beforeAll(shop);

  it('is refused with the gateway that cannot express it', async () => {
    const rules = [
      {
        matches: [{ headers: [{ name: 'x-a', type: 'RegularExpression', value: '^a.*$' }] }],
        backendRefs: [{ service: 'checkout', port: 80 }],
        timeouts: { requestSeconds: 5 },
      },
    ];
    const answer = await put('routes/bad', { ...route, rules });
    expectRefusal(answer, 422, 'unsupported-feature', ['#/rules/0/matches/0/headers/0', '#/rules/0/timeouts']);
    for (const issue of answer.body.errors) expect(issue.detail).toContain('edge');
  });

  it('is refused when a probe or an endpoint has an address that holds no cluster', async () => {
    const body = {
      kind: 'kubernetes',
      ingress: {
        endpoints: [
          { address: '10.0.0.8', port: 80 },
          { address: '169.254.169.254', port: 80 },
        ],
      },
      probes: [
        { type: 'http', url: 'http://169.254.169.254/latest/meta-data' },
        { type: 'tcp', host: '127.0.0.1', port: 22 },
        { type: 'http', url: 'http://[::ffff:100.100.100.200]/' },
      ],
    };
    expectRefusal(await put('clusters/bad', body), 422, 'forbidden-address', [
      '#/ingress/endpoints/1/address',
      '#/probes/0/url',
      '#/probes/1/host',
      '#/probes/2/url',
    ]);
    const backend = { type: 'endpoints', endpoints: [{ address: '0.0.0.0', port: 80 }] };
    const answer = await put('services/bad', { ...service, exports: [{ cluster: 'one', backend }] });
    expectRefusal(answer, 422, 'forbidden-address', ['#/exports/0/backend/endpoints/0/address']);
  });

  it('is refused when it is more than one write can hold', async () => {
    const endpoints = Array.from({ length: 200 }, (_, index) => ({ address: `10.1.0.${index}`, port: 80 }));
    const backend = { type: 'endpoints', endpoints };
    const names = Array.from({ length: 60 }, (_, index) => `big-${index}`);
    for (const name of names) await create(harness, `${path}/clusters/${name}`, { kind: 'kubernetes' });
    const exports = names.map((name) => ({ cluster: name, backend }));
    const answer = await put('services/bad', { ...service, exports });
    expect(answer.body.code).toBe('limit-exceeded');
    expect((await put('services/some', { ...service, exports: exports.slice(0, 30) })).status).toBe(201);
  });

  it('is refused when its gateways, host names, distribution and references are more than one transaction takes, and taken up to there', async () => {
    const gateways = Array.from({ length: 19 }, (_, index) => `g${index}`);
    for (const name of gateways) await create(harness, `${path}/gateways/${name}`, gateway(name));
    const hostnames = Array.from({ length: 9 }, (_, index) => `h-${index}.example.com`);
    const wide = (hosts: string[]) =>
      put('routes/wide', { ...route, gateways: ['edge', ...gateways], hostnames: hosts });
    const { status, body } = await wide(hostnames);
    expect([status, body.detail]).toEqual([422, expect.stringContaining('One write can change 52 references')]);
    expect((await wide(hostnames.slice(0, 8))).status).toBe(201);
  });
});

describe('a gateway', () => {
  beforeAll(shop);

  it('that was verified once is not forgotten before it has followed', async () => {
    await remove('/routes/checkout');
    const { store, clock } = harness.deps;
    const fleet = `shop-${shops}`;
    const lease = await store.acquire(`gateway/${fleet}/edge`, 'test', 60_000, clock.now());
    if (lease === undefined) throw new Error('The lease is free.');
    const verifiedAt = new Date(clock.now()).toISOString();
    const sync = {
      fleet,
      gateway: 'edge',
      state: 'Failed',
      reason: 'x',
      message: 'x',
      attempts: 1,
      verifiedAt,
    } as const;
    await store.putSync(sync, lease);
    expectRefusal(await remove('/gateways/edge'), 409, 'still-referenced', ['#/policy']);
    await replace('gateways/edge', { ...gateway('edge'), policy: 'observe-only' });
    expect((await remove('/gateways/edge')).status).toBe(204);
  });
});
