import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { API_VERSION } from '../../schemas/manifest.ts';
import { cluster, conditionOf, create, gateway, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;
let serial = 0;
let name: string;
let path: string;

const PLACES: Record<string, object> = {
  h1: { site: 'xihu', city: 'hangzhou' },
  h2: { site: 'yuhang', city: 'hangzhou' },
  s1: { site: 'pudong', city: 'shanghai', tier: 1 },
  free: {},
};

const weighted = (...clusters: object[]) => ({ strategy: 'weighted', clusters });
const cities = weighted({ city: 'hangzhou', weight: 60 }, { city: 'shanghai', weight: 40, tier: 0 });

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => await harness.close());

/** Clusters in two cities, a service that all of them export, distribution `cities`, and a route that uses it. */
beforeEach(async () => {
  name = `cities-${++serial}`;
  path = `/v1/fleets/${name}`;
  await create(harness, path, {});
  for (const [each, place] of Object.entries(PLACES)) {
    await create(harness, `${path}/clusters/${each}`, { ...cluster, joins: 'at-once', ...place });
  }
  await create(harness, `${path}/gateways/edge`, gateway('edge'));
  const exports = Object.keys(PLACES).map((each) => ({ cluster: each }));
  await create(harness, `${path}/services/checkout`, { ...service, exports });
  await create(harness, `${path}/distributions/cities`, cities);
  await create(harness, `${path}/routes/checkout`, routeOf('checkout', { distribution: { ref: 'cities' } }));
});

function routeOf(host: string, more: object = {}): Json {
  return { ...route, hostnames: [`${host}.${name}.example.com`], ...more };
}

const put = (place: string, body: unknown, query = '') =>
  harness.call('PUT', `${path}${place}${query}`, { body, headers: { 'If-Match': '*' } });
const add = (place: string, body: unknown) => harness.call('PUT', `${path}${place}`, { body });
const remove = (place: string) => harness.call('DELETE', `${path}${place}`, { headers: { 'If-Match': '*' } });
const get = async (place: string) => (await harness.call('GET', `${path}${place}`)).body;

function expectRefusal({ status, body }: Answer, expected: number, code: string, at: string[]): void {
  expect({ status, code: body?.code, at: body && pointers(body).sort() }).toEqual({
    status: expected,
    code,
    at: [...at].sort(),
  });
}

async function sharesOf(place: string): Promise<Record<string, number>> {
  const { shares } = await get(`/routes/${place}`);
  return Object.fromEntries(shares[0].clusters.map((share: Json) => [share.cluster, share.declaredPercent]));
}

describe('a distribution', () => {
  it('is a resource as every other: listed, read, changed, told of by revisions, rolled back and deleted', async () => {
    expect((await get('/distributions')).items.map((item: Json) => item.name)).toEqual(['cities']);
    const shown = await get('/distributions/cities');
    expect(shown).toMatchObject({ ...cities, fleet: name, name: 'cities', revision: 1 });
    expect(conditionOf(shown, 'Accepted').status).toBe('True');
    const changed = await put('/distributions/cities', weighted({ city: 'hangzhou' }));
    expect([changed.status, changed.body.revision]).toEqual([200, 2]);
    const { items } = await get('/distributions/cities/revisions');
    expect(items.map((item: Json) => item.revision)).toEqual([2, 1]);
    const body = { revision: 1 };
    const back = await harness.call('POST', `${path}/distributions/cities/rollback`, {
      body,
      headers: { 'If-Match': '*' },
    });
    expect(back.body).toMatchObject({ ...cities, revision: 3 });
    expect((await remove('/routes/checkout')).status).toBe(204);
    expect((await remove('/distributions/cities')).status).toBe(204);
    expect((await harness.call('GET', `${path}/distributions/cities`)).status).toBe(404);
  });

  it('decides for the routes that name it, and for those that leave it to a fleet that does', async () => {
    await create(harness, `${path}/routes/silent`, routeOf('silent'));
    const used = async (each: string) => (await get(`/routes/${each}`)).distributionUsed;
    expect([await used('checkout'), await used('silent')]).toEqual([
      { from: 'ref', name: 'cities' },
      { from: 'built-in' },
    ]);
    const split = { h1: 30, h2: 30, s1: 40 };
    expect([await sharesOf('checkout'), await sharesOf('silent')]).toEqual([
      split,
      { free: 34, h1: 33, h2: 33, s1: 0 },
    ]);
    expect((await put('', { defaultDistribution: 'cities' })).status).toBe(200);
    expect([await used('silent'), await sharesOf('silent')]).toEqual([{ from: 'fleet', name: 'cities' }, split]);
    await put('/routes/silent', routeOf('silent', { distribution: weighted({ site: 'xihu' }, { city: 'shanghai' }) }));
    expect([await used('silent'), await sharesOf('silent')]).toEqual([{ from: 'route' }, { h1: 100, s1: 0 }]);
  });

  it('that is written makes every gateway follow by one operation', async () => {
    const answer = await put('/distributions/cities', weighted({ city: 'shanghai' }));
    const operation = await harness.call('GET', answer.headers.get('Operation-Location') ?? '');
    expect(operation.body).toMatchObject({
      action: 'distribution.update',
      target: { kind: 'distribution', name: 'cities' },
      total: 1,
    });
    expect(await sharesOf('checkout')).toEqual({ s1: 100 });
  });

  it.each<[string, object, number, string, string[]]>([
    [
      'a cluster that there is not',
      weighted({ cluster: 'free' }, { cluster: 'none' }),
      422,
      'unknown-reference',
      ['#/clusters/1/cluster'],
    ],
    [
      'sites and cities without clusters',
      weighted({ cluster: 'free' }, { site: 'none' }, { city: 'nowhere' }),
      422,
      'unknown-reference',
      ['#/clusters/1/site', '#/clusters/2/city'],
    ],
    [
      'a cluster by itself and by its site',
      weighted({ cluster: 'h1' }, { site: 'xihu' }),
      422,
      'conflicting-declaration',
      ['#/clusters/1/site'],
    ],
    [
      'a site and its city',
      weighted({ city: 'hangzhou' }, { cluster: 'free' }, { site: 'yuhang' }),
      422,
      'conflicting-declaration',
      ['#/clusters/2/site'],
    ],
    ['two things at once', weighted({ cluster: 'h1', site: 'xihu' }), 400, 'invalid-request', ['#/clusters/0']],
  ])('is refused when it names %s, and so is that of a route', async (_, body, status, code, at) => {
    expectRefusal(await add('/distributions/bad', body), status, code, at);
    const inline = at.map((pointer) => pointer.replace('#', '#/distribution'));
    expectRefusal(await add('/routes/bad', routeOf('bad', { distribution: body })), status, code, inline);
  });

  it('is refused when it leaves a route that uses it with nobody', async () => {
    const exports = [{ cluster: 'h1' }, { cluster: 's1' }];
    expect((await put('/services/checkout', { ...service, exports })).status).toBe(200);
    expectRefusal(await put('/distributions/cities', weighted({ site: 'yuhang' })), 409, 'backend-without-cluster', [
      'routes/checkout#/rules/0/backendRefs/0',
    ]);
  });

  it('that there is not can be named by nobody', async () => {
    expectRefusal(
      await add('/routes/bad', routeOf('bad', { distribution: { ref: 'none' } })),
      422,
      'unknown-reference',
      ['#/distribution/ref'],
    );
    expectRefusal(await put('', { defaultDistribution: 'none' }), 422, 'unknown-reference', ['#/defaultDistribution']);
    const body = { defaultDistribution: 'none' };
    const fresh = await harness.call('PUT', `${path}-fresh`, { body });
    expectRefusal(fresh, 422, 'unknown-reference', ['#/defaultDistribution']);
    expectRefusal(
      await add('/routes/bad', routeOf('bad', { distribution: { ref: 'cities', strategy: 'first' } })),
      400,
      'invalid-request',
      ['#/distribution/strategy'],
    );
  });

  it('cannot be deleted while a route or the fleet refers to it, and each of them is named', async () => {
    await put('', { defaultDistribution: 'cities' });
    expectRefusal(await remove('/distributions/cities'), 409, 'still-referenced', [
      `fleets/${name}#/defaultDistribution`,
      'routes/checkout#/distribution/ref',
    ]);
  });

  inProcess.it('cannot be deleted either when the fleet begins to refer to it in between', async () => {
    await create(harness, `${path}/distributions/late`, cities);
    const { store } = harness.deps;
    let raced = false;
    const commit: typeof store.commit = async (change) => {
      if (change.verb === 'delete' && !raced) {
        raced = true;
        expect((await put('', { defaultDistribution: 'late' })).status).toBe(200);
      }
      return await store.commit(change);
    };
    const call = { headers: { 'If-Match': '*' } };
    const answer = await harness.call('DELETE', `${path}/distributions/late`, call, { store: { ...store, commit } });
    expectRefusal(answer, 409, 'still-referenced', [`fleets/${name}#/defaultDistribution`]);
  });
});

describe('a cluster', () => {
  const only = (place: object) => ({ ...cluster, joins: 'at-once', ...place });

  it('that a distribution names cannot be deleted', async () => {
    await create(harness, `${path}/clusters/spare`, only({}));
    await create(harness, `${path}/distributions/named`, weighted({ cluster: 'h1' }, { cluster: 'spare' }));
    expectRefusal(await remove('/clusters/spare'), 409, 'still-referenced', [
      'distributions/named#/clusters/1/cluster',
    ]);
  });

  it('that is the last of a site or a city that is named can neither be deleted nor move away', async () => {
    await create(harness, `${path}/clusters/n1`, only({ site: 'jiangbei', city: 'nanjing' }));
    await create(harness, `${path}/distributions/south`, weighted({ city: 'shanghai' }, { city: 'nanjing' }));
    const inline = routeOf('inline', { distribution: weighted({ cluster: 'h1' }, { site: 'jiangbei' }) });
    await create(harness, `${path}/routes/inline`, inline);
    const places = ['distributions/south#/clusters/1/city', 'routes/inline#/distribution/clusters/1/site'];
    expectRefusal(await remove('/clusters/n1'), 409, 'still-referenced', places);
    expectRefusal(
      await put('/clusters/n1', only({ site: 'other', city: 'hangzhou' })),
      409,
      'still-referenced',
      places,
    );
    await create(harness, `${path}/clusters/n2`, only({ site: 'jiangbei', city: 'nanjing' }));
    expect((await remove('/clusters/n1')).status).toBe(204);
  });

  it('cannot come to a place by which a distribution would name it twice', async () => {
    await create(harness, `${path}/distributions/named`, weighted({ cluster: 'free' }, { site: 'xihu' }));
    const twice = ['distributions/named#/clusters/1/site'];
    expectRefusal(await put('/clusters/free', only({ site: 'xihu' })), 422, 'conflicting-declaration', twice);
    const body = weighted({ site: 'xihu' }, { city: 'suzhou' });
    await create(harness, `${path}/clusters/u1`, only({ city: 'suzhou' }));
    await create(harness, `${path}/distributions/mixed`, body);
    expectRefusal(await add('/clusters/u2', only({ site: 'xihu', city: 'suzhou' })), 422, 'conflicting-declaration', [
      'distributions/mixed#/clusters/1/city',
    ]);
  });

  it('moves what it serves with it', async () => {
    expect((await put('/clusters/free', only({ site: 'pudong', city: 'shanghai' }))).status).toBe(200);
    expect(await sharesOf('checkout')).toEqual({ h1: 30, h2: 30, s1: 20, free: 20 });
    await create(harness, `${path}/distributions/first`, weighted({ cluster: 'free' }, { cluster: 's1' }));
    await put('/routes/checkout', routeOf('checkout', { distribution: { ref: 'first' } }));
    expect(await sharesOf('checkout')).toEqual({ free: 100, s1: 0 });
    expect((await put('/clusters/s1', only({ ...PLACES['s1'], tier: 0 }))).status).toBe(200);
    expect(await sharesOf('checkout')).toEqual({ free: 50, s1: 50 });
  });
});

describe('safety rules', () => {
  const place = '#/clusters';

  it('judge all routes that a distribution moves at once', async () => {
    await create(harness, `${path}/routes/other`, routeOf('other', { distribution: { ref: 'cities' } }));
    await put('', { safety: { minServingClusters: 2 } });
    expectRefusal(await put('/distributions/cities', weighted({ cluster: 'h1' })), 409, 'rule-violated', [place]);
    expect((await put('/distributions/cities', weighted({ city: 'hangzhou' }))).status).toBe(200);
  });

  it('judge those that leave it to the fleet, and the fleet that turns to another', async () => {
    await create(harness, `${path}/distributions/one`, weighted({ cluster: 'h1' }));
    await create(harness, `${path}/routes/silent`, routeOf('silent'));
    const safety = { minServingClusters: 2 };
    await put('', { safety, defaultDistribution: 'cities' });
    await remove('/routes/checkout');
    expectRefusal(await put('/distributions/cities', weighted({ cluster: 'h1' })), 409, 'rule-violated', [place]);
    expectRefusal(await put('', { safety, defaultDistribution: 'one' }), 409, 'rule-violated', [
      `fleets/${name}#/safety/minServingClusters`,
    ]);
  });

  it('that were broken before refuse only what makes that worse', async () => {
    await put('/distributions/cities', weighted({ cluster: 'h1' }));
    await put('', { safety: { minServingClusters: 2 } });
    expect((await put('/distributions/cities', weighted({ cluster: 'h2' }))).status).toBe(200);
  });

  it('judge a cluster that moves elsewhere by what that leaves of its site', async () => {
    await put('', { safety: { minServingClusters: 2 } });
    await put('/distributions/cities', weighted({ city: 'hangzhou' }));
    expectRefusal(await put('/clusters/h2', { ...cluster, joins: 'at-once' }), 409, 'rule-violated', [
      `fleets/${name}#/safety/minServingClusters`,
    ]);
  });

  it('judge the loads that a distribution brings to a cluster', async () => {
    const rules = [{ ...route.rules[0], peakRequestsPerSecond: 600 }];
    await put('/routes/checkout', routeOf('checkout', { rules, distribution: { ref: 'cities' } }));
    const second = routeOf('second', { rules, distribution: { ref: 'cities' } });
    await create(harness, `${path}/routes/second`, second);
    const capacity = { requestsPerSecond: 1000 };
    await put('/clusters/s1', { ...cluster, joins: 'at-once', ...PLACES['s1'], capacity });
    expectRefusal(await put('/distributions/cities', weighted({ cluster: 's1' })), 409, 'rule-violated', [place]);
  });
});

describe('a manifest', () => {
  const document = (kind: string, as: string, spec: Json): Json => ({
    ...{ apiVersion: API_VERSION, kind, metadata: { name: as } },
    spec,
  });
  const apply = async (items: Json[], query = '') => {
    const body = { apiVersion: API_VERSION, kind: 'List', items };
    const answer = await harness.call('PUT', `${path}/manifest${query}`, { body });
    if (answer.status !== 202) return answer;
    const { body: operation } = await harness.call('GET', answer.headers.get('Location') ?? '');
    return { ...answer, body: operation };
  };

  it('brings a fleet, its default distribution and what uses it at once, and reads as it was written', async () => {
    const { body } = await harness.call('GET', `${path}/manifest`, { headers: { Accept: 'application/json' } });
    const others = body.items.filter(({ kind }: Json) => !['Fleet', 'Gateway', 'Route'].includes(kind));
    path = `${path}-copy`;
    const items = [
      document('Route', 'silent', routeOf('copy')),
      ...others,
      document('Gateway', 'edge', gateway('copy')),
      document('Fleet', `${name}-copy`, { defaultDistribution: 'cities' }),
    ];
    const answer = await apply(items);
    expect([answer.status, answer.body.problem]).toEqual([202, undefined]);
    expect(await sharesOf('silent')).toEqual({ h1: 30, h2: 30, s1: 40 });
    const copy = await harness.call('GET', `${path}/manifest`, { headers: { Accept: 'application/json' } });
    expect(copy.body.items.map(({ kind }: Json) => kind).slice(-2)).toEqual(['Distribution', 'Route']);
    expect((await apply(copy.body.items, '?prune=true')).body.changes).toEqual([]);
  });

  it('turns a fleet from one distribution to another that comes with it, and lets the first go', async () => {
    await put('', { defaultDistribution: 'cities' });
    const next = weighted({ city: 'shanghai' });
    const items = [
      document('Fleet', name, { defaultDistribution: 'next' }),
      document('Distribution', 'next', next),
      document('Route', 'checkout', routeOf('checkout')),
    ];
    const kept = await harness.call('GET', `${path}/manifest`, { headers: { Accept: 'application/json' } });
    const others = kept.body.items.filter(({ kind }: Json) => ['Cluster', 'Gateway', 'Service'].includes(kind));
    const answer = await apply([...items, ...others], '?prune=true');
    expect([answer.status, answer.body.problem]).toEqual([202, undefined]);
    expect((await get('/distributions')).items.map((item: Json) => item.name)).toEqual(['next']);
    expect(await sharesOf('checkout')).toEqual({ s1: 100 });
    expectRefusal(await remove('/distributions/next'), 409, 'still-referenced', [
      `fleets/${name}#/defaultDistribution`,
    ]);
  });

  it('takes a city away together with the distributions that name it', async () => {
    const items = [
      document('Distribution', 'cities', weighted({ city: 'hangzhou' }, { cluster: 'free', weight: 0 })),
      document('Service', 'checkout', {
        ...service,
        exports: [{ cluster: 'h1' }, { cluster: 'h2' }, { cluster: 'free' }],
      }),
      document('Cluster', 's1', { ...cluster, joins: 'at-once' }),
    ];
    expect((await apply(items)).status).toBe(202);
    expect(await sharesOf('checkout')).toEqual({ h1: 50, h2: 50, free: 0 });
    expect((await put('/distributions/cities', weighted({ city: 'hangzhou' }, { cluster: 'free' }))).status).toBe(200);
    const back = document('Cluster', 'h1', { ...cluster, joins: 'at-once' });
    const other = document('Cluster', 'h2', { ...cluster, joins: 'at-once' });
    expectRefusal(await apply([back, other]), 409, 'still-referenced', ['distributions/cities#/clusters/0/city']);
    const named = document('Distribution', 'cities', weighted({ city: 'hangzhou' }, { cluster: 'free', tier: 1 }));
    expectRefusal(await apply([back, other, named]), 422, 'unknown-reference', ['documents/2#/spec/clusters/0/city']);
  });
});
