import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../functions/api/endpoints/index.ts';
import { mergePatch } from '../../functions/api/http/declaration.ts';
import { cluster, create, createShop, fleet, gateway, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, type Json, startHarness } from './harness.ts';
import { pathOf } from './table.ts';

const SHOP = '/v1/fleets/shop';
const ANY = { 'If-Match': '*' };

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await createShop(harness, 'shop');
  await create(harness, `${SHOP}/distributions/main`, { strategy: 'weighted', clusters: [{ cluster: 'one' }] });
});

afterAll(async () => await harness.close());

const patch = (path: string, body: unknown, headers: Record<string, string | undefined> = ANY) =>
  harness.call('PATCH', path, { body, headers });
const get = async (path: string): Promise<Json> => (await harness.call('GET', path)).body;

function expectFaults(answer: Answer, expected: readonly string[]): void {
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  expect(pointers(answer.body)).toEqual(expected);
}

describe('mergePatch', () => {
  const nested = (levels: number): Json => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

  it.each([
    // These are the examples of RFC 7396, appendix A.
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [nested(100), nested(100), nested(100)],
  ])('of %j by %j is %j, and changes neither', (target, patched, expected) => {
    const before = structuredClone([target, patched]);
    expect(mergePatch(target, patched)).toEqual(expected);
    expect([target, patched]).toEqual(before);
  });

  it('takes only own members, and names of prototypes as names like any others', () => {
    const merged = mergePatch({ a: 1 }, JSON.parse('{"__proto__":{"b":2},"constructor":{"c":3},"toString":null}'));
    expect(Object.entries(merged as object)).toEqual([
      ['a', 1],
      ['__proto__', { b: 2 }],
      ['constructor', { c: 3 }],
    ]);
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.hasOwn(Object.prototype, 'b')).toBe(false);
  });
});

const patches = endpoints
  .filter(({ method }) => method === 'patch')
  .map((endpoint) => [endpoint.operationId, pathOf(endpoint)] as const);

describe('every kind of resource', () => {
  it('can be patched', () => {
    expect(patches.map(([id]) => id).sort()).toEqual(
      ['patchCluster', 'patchDistribution', 'patchFleet', 'patchGateway', 'patchRoute', 'patchService'].sort(),
    );
  });

  it.each(patches)('%s keeps what it does not name, and takes the default of what it removes', async (_, path) => {
    const before = await get(path);
    const changed = await patch(path, { displayName: 'Shown', labels: { team: 'shop', tier: 'gold' } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('ETag')).toMatch(new RegExp(`^"${before.revision + 1}-`));
    const { updatedAt, conditions } = changed.body;
    expect(changed.body).toEqual({
      ...{ ...before, updatedAt, conditions, revision: before.revision + 1 },
      ...{ displayName: 'Shown', labels: { team: 'shop', tier: 'gold' } },
      ...(path.includes('/gateways/') && { sync: changed.body.sync }),
      ...(path.includes('/routes/') && { parents: changed.body.parents }),
    });
    const less = await patch(path, { displayName: null, labels: { tier: null } });
    expect(less.body).toMatchObject({ labels: { team: 'shop' } });
    expect(less.body).not.toHaveProperty('displayName');
    expect((await patch(path, { labels: null })).body.labels).toEqual({});
  });

  it.each(patches)('%s writes nothing when nothing changes', async (_, path) => {
    const { revision } = await get(path);
    for (const body of [{}, { displayName: null }, { labels: {} }, { labels: { nothing: null } }]) {
      const answer = await patch(path, body);
      expect([answer.status, answer.body.revision]).toEqual([200, revision]);
    }
    expect((await get(path)).revision).toBe(revision);
  });

  it.each(patches)('%s creates nothing', async (_, path) => {
    const absent = path.replace(/[^/]+$/, 'absent');
    const answer = await patch(absent, { displayName: 'x' });
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
    expect((await harness.call('GET', absent)).status).toBe(404);
  });

  it.each(patches)('%s refuses patches that are no objects, or have a key twice', async (_, path) => {
    for (const body of ['null', '[]', '"text"', '1', '[{"labels":null}]']) expectFaults(await patch(path, body), ['#']);
    expectFaults(await patch(path, '{"labels":{"a":"1","a":"2"}}'), ['#/labels/a']);
    const deep = `${'{"labels":'.repeat(200)}null${'}'.repeat(200)}`;
    expect((await patch(path, deep)).body.code).toBe('malformed-json');
  });

  it.each(patches)('%s says which media type it takes', async (_, path) => {
    for (const type of ['application/json', 'application/json-patch+json']) {
      const answer = await patch(path, { labels: {} }, { ...ANY, 'Content-Type': type });
      expect(answer.status).toBe(415);
      expect(answer.body.detail).toContain('application/merge-patch+json');
    }
  });

  it.each(patches)('%s refuses unknown members, and tells which were meant', async (_, path) => {
    const answer = await patch(
      path,
      JSON.parse('{"__proto__":{"labels":{"a":"b"}},"constructor":{},"displayname":"x"}'),
    );
    expectFaults(answer, ['#/__proto__', '#/constructor', '#/displayname']);
    expect(answer.body.errors[2].detail).toContain('Did you mean displayName?');
  });

  it.each(patches)('%s plans in a dry run, and writes nothing', async (_, path) => {
    const { revision } = await get(path);
    const answer = await harness.call('PATCH', `${path}?dryRun=true`, { body: { displayName: 'Dry' }, headers: ANY });
    expect(answer.body).toMatchObject({ displayName: 'Dry', dryRun: { plans: expect.any(Array) } });
    expect(await get(path)).toMatchObject({ revision });
  });
});

describe('what GET shows', () => {
  it.each(patches)('is taken back where %s is: unchanged, it is not written', async (_, path) => {
    const read = await harness.call('GET', path);
    for (const method of ['PUT', 'PATCH']) {
      const headers = { 'If-Match': read.headers.get('ETag') ?? '' };
      const answer = await harness.call(method, path, { body: read.body, headers });
      expect([method, answer.status, answer.body.revision]).toEqual([method, 200, read.body.revision]);
    }
  });

  it.each(patches)('has read-only members where %s is, which change nothing whatever they are', async (_, path) => {
    const read = await get(path);
    const nonsense = { uid: null, revision: 'x', createdAt: [], updatedAt: {}, conditions: 0, dryRun: true };
    for (const method of ['PUT', 'PATCH']) {
      const body = { ...read, ...nonsense };
      const answer = await harness.call(method, path, { body, headers: ANY });
      expect([method, answer.status, answer.body.uid]).toEqual([method, 200, read.uid]);
      const wrong = await harness.call(method, path, {
        body: { ...body, conditon: [], displayNam: 'x' },
        headers: ANY,
      });
      expectFaults(wrong, ['#/conditon', '#/displayNam']);
    }
  });

  it.each(patches)('is refused where %s is when it names another resource than the path', async (_, path) => {
    const read = await get(path);
    const isFleet = !('fleet' in read);
    const others = isFleet ? [{ name: 'other' }, { name: 7 }] : [{ name: 'other' }, { fleet: 'other' }, { name: null }];
    for (const method of ['PUT', 'PATCH']) {
      for (const other of others) {
        const answer = await harness.call(method, path, { body: { ...read, ...other }, headers: ANY });
        expectFaults(answer, [`#/${Object.keys(other)[0]}`]);
        expect(answer.body.errors[0].detail).toContain(isFleet || 'fleet' in other ? 'shop' : read.name);
      }
    }
    const both = await harness.call('PUT', path, { body: { ...read, name: 'other', labelz: {} }, headers: ANY });
    expectFaults(both, ['#/name', '#/labelz']);
    expect(await get(path)).toEqual(read);
  });

  it('is taken back with everything that can be declared', async () => {
    const path = '/v1/fleets/full';
    const declared: [string, Json][] = [
      [path, { ...fleet, ...FULL_FLEET }],
      [`${path}/clusters/one`, { ...cluster, cloudClusterId: 'c1', kind: 'ack', ...FULL_CLUSTER }],
      [`${path}/clusters/two`, cluster],
      [`${path}/gateways/edge`, { ...gateway('full'), dataPlaneCheck: { url: 'http://edge.example.com/healthz' } }],
      [`${path}/services/checkout`, { ...service, sessionAffinity: { type: 'cookie' }, healthCheck: { type: 'http' } }],
      [`${path}/distributions/main`, { strategy: 'replicas', clusters: [{ cluster: 'one', tier: 1 }], pin: 'prefer' }],
      [`${path}/routes/checkout`, { ...route, hostnames: ['full.example.com'], distribution: { ref: 'main' } }],
    ];
    for (const [place, body] of declared) await create(harness, place, body);
    for (const [place] of declared) {
      const answer = await harness.call('PUT', place, { body: await get(place), headers: ANY });
      expect([place, answer.status, answer.body.revision]).toEqual([place, 200, 1]);
    }
  });

  const FULL_FLEET = {
    health: { failureThreshold: 2, failureWindow: 4, successThreshold: 4 },
    approvals: { required: ['break-glass'] },
    controlTargets: [{ type: 'http', url: 'http://control.example.com/' }],
    safety: { maxRemoved: { clusters: 1 } },
    drills: [{ name: 'lose-one', cluster: 'one', durationSeconds: 30, recoveryTargetSeconds: 30 }],
  };
  const FULL_CLUSTER = {
    ...{ region: 'cn-hangzhou', zone: 'h', site: 'h-1', city: 'hangzhou', tier: 1, joins: 'at-once' },
    capacity: { requestsPerSecond: 10 },
  };
});

describe('a patch', () => {
  it.each([
    ['clusters/one', { kind: null }, ['#/kind']],
    ['clusters/one', { ingress: { endpoints: null } }, ['#/ingress/endpoints']],
    ['gateways/edge', { target: { listenerIds: null, regionId: null } }, ['#/target/regionId', '#/target/listenerIds']],
    ['gateways/edge', { target: null }, ['#']],
    ['services/checkout', { ports: null, namespace: 7 }, ['#/namespace', '#/ports']],
    ['distributions/main', { strategy: null }, ['#/strategy']],
    ['distributions/main', { clusters: [] }, ['#/clusters', '#/clusters']],
    ['routes/checkout', { gateways: null, rules: [{ backendRefs: null }] }, ['#/gateways', '#/rules/0/backendRefs']],
  ])('of %s by %j is refused with pointers into the result', async (place, body, expected) => {
    const before = await get(`${SHOP}/${place}`);
    expectFaults(await patch(`${SHOP}/${place}`, body), expected);
    expect((await get(`${SHOP}/${place}`)).revision).toBe(before.revision);
  });

  it('is merged with the values that defaults had, and null takes the default anew', async () => {
    await create(harness, '/v1/fleets/defaults', {});
    const window = async (health: Json) => (await patch('/v1/fleets/defaults', { health })).body.health.failureWindow;
    expect(await window({ failureThreshold: 2 })).toBe(5);
    expect(await window({ failureWindow: null })).toBe(3);
  });

  it('replaces lists whole', async () => {
    const endpoints = [{ address: '10.0.0.9', port: 8080 }];
    const { body } = await patch(`${SHOP}/clusters/two`, { ingress: { endpoints } });
    expect(body.ingress).toEqual({ endpoints, remote: false });
    expect(body.probes).toHaveLength(1);
  });

  it('needs If-Match with the revision, and If-None-Match is nothing to it', async () => {
    const path = `${SHOP}/clusters/one`;
    const { revision } = await get(path);
    expect((await patch(path, { zone: 'a' }, {})).status).toBe(428);
    expect((await patch(path, { zone: 'a' }, { 'If-None-Match': '*' })).status).toBe(428);
    expect((await patch(path, { zone: 'a' }, { 'If-Match': `"${revision + 1}"` })).status).toBe(412);
    expect((await patch(path, { zone: 'a' }, { 'If-Match': `"${revision}"` })).body).toMatchObject({
      ...{ zone: 'a', revision: revision + 1 },
    });
  });

  it('is checked against the rest of the fleet like a PUT', async () => {
    const answer = await patch(`${SHOP}/routes/checkout`, { distribution: { ref: 'absent' } });
    expect([answer.body.code, pointers(answer.body)]).toEqual(['unknown-reference', ['#/distribution/ref']]);
    const probes = [{ type: 'http', url: 'http://100.100.100.200/latest/meta-data' }];
    expect((await patch(`${SHOP}/clusters/one`, { probes })).body.code).toBe('forbidden-address');
  });

  it('is kept as a revision, with an audit event that has its reason', async () => {
    const path = `${SHOP}/services/checkout`;
    const { body } = await harness.call('PATCH', `${path}?reason=why`, { body: { namespace: 'till' }, headers: ANY });
    const { items } = await get(`${SHOP}/audit?pageSize=1&action=service.update`);
    expect(items).toMatchObject([
      { reason: 'why', after: body.revision, changes: [{ pointer: '/namespace', before: 'default', after: 'till' }] },
    ]);
    expect(await get(`${path}/revisions/${body.revision}`)).toMatchObject({ spec: { namespace: 'till' } });
  });

  it('with If-Match: * loses nothing to writers that patch other members at the same time', async () => {
    const path = `${SHOP}/clusters/one`;
    const answers = await Promise.all(
      [{ region: 'cn-beijing' }, { zone: 'b' }, { site: 'b-1' }, { city: 'beijing' }].map((body) => patch(path, body)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await get(path)).toMatchObject({ region: 'cn-beijing', zone: 'b', site: 'b-1', city: 'beijing' });
  });
});
