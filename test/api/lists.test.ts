import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cluster, create, gateway, pointers, route, service } from './fixtures.ts';
import { type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const get = (path: string, query: Record<string, string> = {}) =>
  harness.call('GET', `${path}?${new URLSearchParams(query)}`);

/** Follows the pages of a list to its end, and returns every page. `between` is called before each page but the first. */
async function pagesOf(
  path: string,
  query: Record<string, string>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Json[][]> {
  const pages: Json[][] = [];
  let token: string | undefined;
  do {
    if (pages.length > 0) await between();
    const { status, body } = await get(path, { ...query, ...(token !== undefined && { pageToken: token }) });
    expect([status, body.errors]).toEqual([200, undefined]);
    pages.push(body.items);
    token = body.nextPageToken;
  } while (token !== undefined);
  return pages;
}

const namesOf = async (path: string, query: Record<string, string>) =>
  (await pagesOf(path, query)).flat().map(({ name }) => name);

describe('a filtered list', () => {
  const path = '/v1/fleets/filtered';

  beforeAll(async () => {
    await create(harness, path, { labels: { team: 'shop' }, automation: 'automatic' });
    await create(harness, `${path}/clusters/a`, {
      ...cluster,
      city: 'Hangzhou',
      site: 'hz-a',
      labels: { env: 'prod' },
    });
    await create(harness, `${path}/clusters/b`, {
      ...cluster,
      city: 'Hangzhou',
      site: 'hz-b',
      labels: { env: 'test' },
    });
    await create(harness, `${path}/clusters/c`, { ...cluster, city: 'Beijing' });
    await create(harness, `${path}/gateways/edge`, gateway('edge'));
    await create(harness, `${path}/services/pay`, { ...service, exports: [{ cluster: 'a' }] });
    await create(harness, `${path}/services/shop`, { ...service, exports: [{ cluster: 'a' }, { cluster: 'b' }] });
    await create(harness, `${path}/distributions/all`, { strategy: 'replicas', clusters: [] });
    await create(harness, `${path}/distributions/half`, { strategy: 'weighted', clusters: [{ cluster: 'a' }] });
    const to = (name: string) => [{ backendRefs: [{ service: name, port: 80 }] }];
    await create(harness, `${path}/routes/exact`, { ...route, hostnames: ['shop.example.com'], rules: to('shop') });
    const wild = { ...route, hostnames: ['*.example.com'], rules: to('pay'), distribution: { ref: 'half' } };
    await create(harness, `${path}/routes/wild`, wild);
    await create(harness, `${path}/routes/any`, { ...route, hostnames: [], rules: to('pay') });
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['clusters', {}, ['a', 'b', 'c']],
    ['clusters', { city: 'Hangzhou' }, ['a', 'b']],
    ['clusters', { city: 'Hangzhou', site: 'hz-b' }, ['b']],
    ['clusters', { labelSelector: 'env' }, ['a', 'b']],
    ['clusters', { labelSelector: 'env!=prod' }, ['b', 'c']],
    ['clusters', { labelSelector: 'env in (prod,test),!team', city: 'Beijing' }, []],
    ['clusters', { health: 'unknown' }, ['a', 'b', 'c']],
    ['clusters', { health: 'unhealthy' }, []],
    ['clusters', { standing: 'up', labelSelector: 'env=prod' }, ['a']],
    ['clusters', { standing: 'down' }, []],
    ['clusters', { orderBy: '-name' }, ['c', 'b', 'a']],
    ['clusters', { orderBy: '-createdAt', city: 'Hangzhou' }, ['b', 'a']],
    ['gateways', { provider: 'alb' }, ['edge']],
    ['gateways', { provider: 'mse' }, []],
    ['gateways', { state: 'Verified' }, []],
    ['services', { cluster: 'b' }, ['shop']],
    ['services', { cluster: 'a' }, ['pay', 'shop']],
    ['distributions', { strategy: 'replicas' }, ['all']],
    ['distributions', { cluster: 'a' }, ['half']],
    ['distributions', { cluster: 'b' }, []],
    ['routes', { gateway: 'edge' }, ['any', 'exact', 'wild']],
    ['routes', { gateway: 'other' }, []],
    ['routes', { service: 'pay' }, ['any', 'wild']],
    ['routes', { distribution: 'half' }, ['wild']],
    ['routes', { host: 'shop.example.com' }, ['any', 'exact', 'wild']],
    ['routes', { host: 'www.example.com' }, ['any', 'wild']],
    ['routes', { host: 'example.com' }, ['any']],
    ['routes', { host: '*.example.com' }, ['any', 'wild']],
    ['routes', { host: 'shop.example.com', service: 'shop' }, ['exact']],
  ])('of %s shows what all of %o hold for, in order', async (kind, query, expected) => {
    for (const pageSize of ['1', '200']) {
      expect(await namesOf(`${path}/${kind}`, { ...query, pageSize }), pageSize).toEqual(expected);
    }
  });

  it('of fleets shows those that may be read and fit', async () => {
    await create(harness, '/v1/fleets/another', { automation: 'recommend' });
    expect(await namesOf('/v1/fleets', { automation: 'automatic' })).toEqual(['filtered']);
    expect(await namesOf('/v1/fleets', { labelSelector: '!team' })).toEqual(['another']);
  });

  it('refuses what is no filter, no order and no selector, all at once, and says what was meant', async () => {
    const answer = await get(`${path}/clusters`, { citty: 'x', orderBy: 'updatedAt', labelSelector: 'env is prod' });
    expect(answer.status).toBe(400);
    expect(pointers(answer.body).sort()).toEqual(['query/citty', 'query/labelSelector', 'query/orderBy']);
    const told = Object.fromEntries(answer.body.errors.map(({ pointer, detail }: Json) => [pointer, detail]));
    expect(told['query/citty']).toContain('Did you mean city?');
    expect(told['query/labelSelector']).toContain('at character 5');
    expect(told['query/orderBy']).toContain('"-createdAt"');
    const twice = await harness.call('GET', `${path}/clusters?city=a&city=b`);
    expect([twice.status, pointers(twice.body)]).toEqual([400, ['query/city']]);
  });

  it('goes on by a token of the same filters and the same order only, and by none that was altered', async () => {
    const asked = { city: 'Hangzhou', orderBy: '-createdAt', pageSize: '1' };
    const token = (await get(`${path}/clusters`, asked)).body.nextPageToken;
    expect((await get(`${path}/clusters`, { ...asked, pageToken: token })).body.items[0].name).toBe('a');
    const [seal, position] = JSON.parse(atob(token.replaceAll('-', '+').replaceAll('_', '/')));
    const altered = btoa(JSON.stringify([seal, position.replace(/.$/, 'a')]));
    const others: [Record<string, string>, string][] = [
      [{ ...asked, city: 'Beijing' }, token],
      [{ ...asked, orderBy: 'createdAt' }, token],
      [{ pageSize: '1' }, token],
      [asked, altered],
      [asked, token.slice(0, -1)],
      [asked, `${token}A`],
      [asked, 'nonsense'],
    ];
    for (const [query, pageToken] of others) {
      const answer = await get(`${path}/clusters`, { ...query, pageToken });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-page-token']);
      expect(pointers(answer.body)).toEqual(['query/pageToken']);
    }
  });
});

describe('pages of a list that others write to', () => {
  const path = '/v1/fleets/busy';
  const place = `${path}/clusters`;
  const labelsOf = (name: string) => ({ parity: Number.parseInt(name.slice(1), 36) % 2 === 0 ? 'even' : 'odd' });
  const put = (name: string) => create(harness, `${place}/${name}`, { ...cluster, labels: labelsOf(name) });
  const remove = (name: string) => harness.call('DELETE', `${place}/${name}`, { headers: { 'If-Match': '*' } });
  /** The clusters that are there all the time; those between them come and go. */
  const LASTING = ['c1', 'c2', 'c5', 'c6', 'ca', 'cb', 'ce'];
  const OTHERS = ['c0', 'c3', 'c4', 'c7', 'c8', 'c9', 'cc', 'cf'];

  beforeAll(async () => {
    await create(harness, path, {});
    for (const name of LASTING) await put(name);
  });

  it('neither skip nor repeat what is there all the time, and end, in every order', async () => {
    const writes = fc.array(fc.array(fc.constantFrom(...OTHERS), { maxLength: 3 }), { minLength: 1, maxLength: 6 });
    const orders = fc.constantFrom('name', '-name', 'createdAt', '-createdAt');
    const sizes = fc.constantFrom('1', '2', '3');
    const selectors = fc.constantFrom('', 'parity=even', 'parity!=even');
    const there = new Set<string>();
    await fc.assert(
      fc.asyncProperty(orders, sizes, selectors, writes, async (orderBy, pageSize, labelSelector, rounds) => {
        const left = [...rounds];
        const write = async () => {
          for (const name of left.shift() ?? []) {
            if (there.has(name)) await remove(name);
            else await put(name);
            if (!there.delete(name)) there.add(name);
          }
        };
        const pages = await pagesOf(place, { orderBy, pageSize, labelSelector }, write);
        const seen = pages.flat().map(({ name }) => name);
        const fits = (name: string) =>
          labelSelector === '' || (labelsOf(name).parity === 'even') === (labelSelector === 'parity=even');
        const lasting = seen.filter((name) => LASTING.includes(name));
        expect([...lasting].sort()).toEqual(LASTING.filter(fits));
        expect(seen.every(fits)).toBe(true);
        const placeOf = (item: Json) => (orderBy.endsWith('name') ? item.name : `${item.createdAt} ${item.name}`);
        const values = pages.flat().map(placeOf);
        expect(values).toEqual(orderBy.startsWith('-') ? [...values].sort().reverse() : [...values].sort());
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

inProcess.describe('a filter that nothing fits', () => {
  it('is answered with a bounded number of reads, and the list ends', async () => {
    const path = '/v1/fleets/large';
    const [fleetName, total] = ['large', 1100];
    await create(harness, path, {});
    await create(harness, `${path}/clusters/one`, cluster);
    const [one] = await harness.deps.store.all('cluster', fleetName);
    const many = Array.from({ length: total }, (_, index) => `x${String(index).padStart(4, '0')}`);
    for (let start = 0; start < many.length; start += 20) {
      await Promise.all(many.slice(start, start + 20).map((name) => declare(name, one)));
    }
    harness.meter.reset();
    const first = await get(`${path}/clusters`, { city: 'Nowhere' });
    expect(first.body.items).toEqual([]);
    expect(first.body.nextPageToken).toBeDefined();
    expect(harness.meter.read()['cluster']?.items).toBeLessThanOrEqual(510);
    expect(await pagesOf(`${path}/clusters`, { city: 'Nowhere' })).toHaveLength(3);
    expect(await pagesOf(`${path}/clusters`, { city: 'Nowhere', orderBy: '-createdAt' })).toEqual([[]]);
  });

  /** Writes a cluster without the API, whose checks are not what is asked for here. */
  async function declare(name: string, like: Json): Promise<void> {
    const at = new Date().toISOString();
    const resource = { ...like, name, uid: `cls_${name}`, createdAt: at, updatedAt: at };
    const target = { kind: 'cluster' as const, fleet: like.fleet, name };
    const audit = { id: `aud_${harness.deps.ids.ulid()}`, at, actor: 'api', action: 'cluster.create', target };
    const event = { ...audit, requestId: 'req', before: 0, after: 1, changes: [], changeCount: 0 };
    await harness.deps.store.commit({ resource, verb: 'create', references: [], audit: event, outbox: [] });
  }
});

describe('lists of what happened', () => {
  const path = '/v1/fleets/happened';
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

  beforeAll(async () => {
    await create(harness, path, { automation: 'automatic' });
    for (const name of ['a', 'b', 'c']) await create(harness, `${path}/clusters/${name}`, cluster);
    await create(harness, `${path}/gateways/edge`, gateway('happened'));
    await create(harness, `${path}/services/pay`, { ...service, exports: [{ cluster: 'a' }, { cluster: 'b' }] });
    const rules = [{ backendRefs: [{ service: 'pay', port: 80 }] }];
    await create(harness, `${path}/routes/pay`, { ...route, hostnames: ['pay.example.net'], rules });
    for (const name of ['a', 'c']) {
      const shift = { cluster: name, reason: 'upgrade', expiresAt: inAnHour() };
      await create(harness, `${path}/shifts/of-${name}`, shift);
    }
    await harness.call('DELETE', `${path}/shifts/of-a`);
  });

  it('are shown from the newest or the oldest, and within a time', async () => {
    const newest = (await pagesOf(`${path}/audit`, { pageSize: '2' })).flat();
    const oldest = (await pagesOf(`${path}/audit`, { pageSize: '2', orderBy: 'at' })).flat();
    expect(newest.length).toBeGreaterThan(5);
    expect(oldest.map(({ id }) => id)).toEqual(newest.map(({ id }) => id).reverse());
    const { at } = oldest[3];
    const since = (await pagesOf(`${path}/audit`, { since: at, orderBy: 'at' })).flat();
    expect(since.map(({ id }) => id)).toEqual(oldest.filter((event) => event.at >= at).map(({ id }) => id));
    const wrong = await get(`${path}/decisions`, { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' });
    expect([wrong.status, pointers(wrong.body)]).toEqual([400, ['query/until']]);
  });

  it('of decisions are those about a cluster, of a kind and at a time', async () => {
    const all = (await pagesOf(`${path}/decisions`, {})).flat();
    const about = (name: string) => all.filter(({ changes }) => changes.some((item: Json) => item.cluster === name));
    expect(about('c').length).toBeGreaterThan(0);
    for (const name of ['a', 'b', 'c']) {
      expect((await pagesOf(`${path}/decisions`, { cluster: name })).flat(), name).toEqual(about(name));
    }
    const until = new Date(Date.parse(all[0].decidedAt) - 60_000 * 60).toISOString();
    expect((await pagesOf(`${path}/decisions`, { until })).flat()).toEqual([]);
    const since = all.at(-1).decidedAt;
    expect((await pagesOf(`${path}/decisions`, { since, orderBy: 'decidedAt' })).flat()).toEqual(all.toReversed());
  });

  it('of operations are those of a state, of a gateway and of a target', async () => {
    const all = (await pagesOf(`${path}/operations`, {})).flat();
    expect(all.length).toBeGreaterThan(0);
    const states = [...new Set(all.map(({ state }) => state))];
    for (const state of [...states, 'Succeeded']) {
      const shown = (await pagesOf(`${path}/operations`, { state, pageSize: '1' })).flat();
      expect(shown.map(({ id }) => id)).toEqual(all.filter((item) => item.state === state).map(({ id }) => id));
    }
    expect((await pagesOf(`${path}/operations`, { gateway: 'edge' })).flat()).toHaveLength(all.length);
    expect((await pagesOf(`${path}/operations`, { gateway: 'other' })).flat()).toEqual([]);
    const named = (await pagesOf(`${path}/operations`, { name: 'pay', action: 'route.create' })).flat();
    expect(named.map(({ target }) => target)).toEqual([{ kind: 'route', name: 'pay' }]);
  });

  it('of shifts are those that are live, or of a cluster', async () => {
    const states = Object.fromEntries(
      (await pagesOf(`${path}/shifts`, {})).flat().map((item) => [item.name, item.state]),
    );
    const live = Object.keys(states).filter((name) => states[name] !== 'ended');
    expect(await namesOf(`${path}/shifts`, { live: 'true' })).toEqual(live);
    expect(await namesOf(`${path}/shifts`, { live: 'false' })).toEqual(
      Object.keys(states).filter((name) => !live.includes(name)),
    );
    expect(await namesOf(`${path}/shifts`, { cluster: 'c', orderBy: '-createdAt' })).toEqual(['of-c']);
  });

  it('of tokens and grants are those that are accepted, and those that hold somewhere', async () => {
    await create(harness, '/v1/tokens/lasting', {});
    await create(harness, '/v1/tokens/gone', {});
    await harness.call('DELETE', '/v1/tokens/gone');
    const subject = { type: 'token', token: 'lasting' };
    await create(harness, '/v1/grants/here', { subject, role: 'viewer', fleets: ['happened'] });
    await create(harness, '/v1/grants/everywhere', { subject, role: 'editor', fleets: ['*'] });
    await create(harness, '/v1/grants/elsewhere', { subject, role: 'viewer', fleets: ['busy'] });
    expect(await namesOf('/v1/tokens', { live: 'false' })).toEqual(['gone']);
    expect(await namesOf('/v1/tokens', { live: 'true' })).toContain('lasting');
    const of = { token: 'lasting', pageSize: '1' };
    expect(await namesOf('/v1/grants', { ...of, fleet: 'happened' })).toEqual(['everywhere', 'here']);
    expect(await namesOf('/v1/grants', { ...of, role: 'viewer', orderBy: '-createdAt' })).toEqual([
      'elsewhere',
      'here',
    ]);
    const alone = {
      Authorization: `Bearer ${(await harness.call('POST', '/v1/tokens/lasting/rotate', { body: {} })).body.token}`,
    };
    expect((await harness.call('GET', '/v1/fleets?labelSelector=nothing', { headers: alone })).body.items).toEqual([]);
  });
});
