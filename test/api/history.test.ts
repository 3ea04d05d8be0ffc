import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit, recording } from '../store/fixtures.ts';
import { cluster, create, createShop, fleet, gateway, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness, TOKENS } from './harness.ts';

let harness: Harness;
let shops = 0;
let name: string;
let path: string;

beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(async () => {
  shops += 1;
  name = `shop-${shops}`;
  path = await createShop(harness, name, `${name}.example.com`);
});
afterAll(async () => await harness.close());

const get = async (place: string): Promise<Json> => {
  const answer = await harness.call('GET', `${path}${place}`);
  if (answer.status !== 200) throw new Error(`GET ${place}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const replace = (place: string, body: unknown) =>
  harness.call('PUT', `${path}${place}`, { body, headers: { 'If-Match': '*' } });
const remove = (place: string) => harness.call('DELETE', `${path}${place}`, { headers: { 'If-Match': '*' } });
const rollBack = (place: string, body: unknown, tag?: string) =>
  harness.call('POST', `${path}${place}/rollback`, { body, headers: { 'If-Match': tag } });

function expectRefusal(answer: Answer, status: number, code: string, at: string[]): void {
  expect([answer.status, answer.body?.code, answer.body && pointers(answer.body)]).toEqual([status, code, at]);
}

describe('revisions', () => {
  it('show what each write declared and in what it differs from the one before', async () => {
    await replace('/clusters/one', { ...cluster, zone: 'h', labels: { 'team/x': '1' } });
    await replace('/clusters/one', { ...cluster, zone: 'i' });
    const { items } = await get('/clusters/one/revisions');
    expect(items.map((item: Json) => [item.revision, item.spec.zone, item.deleted])).toEqual([
      [3, 'i', false],
      [2, 'h', false],
      [1, undefined, false],
    ]);
    expect(items[0].changes).toEqual([
      { pointer: '/labels/team~1x', before: '1' },
      { pointer: '/zone', before: 'h', after: 'i' },
    ]);
    expect(items[1].changes).toEqual([
      { pointer: '/labels/team~1x', after: '1' },
      { pointer: '/zone', after: 'h' },
    ]);
    expect(items[2].changes.map((change: Json) => [change.pointer, 'before' in change])).toEqual([
      ['/ingress', false],
      ['/joins', false],
      ['/kind', false],
      ['/labels', false],
      ['/probes', false],
      ['/tier', false],
    ]);
    const { createdAt, updatedAt, uid } = await get('/clusters/one');
    expect(items[0]).toMatchObject({ kind: 'cluster', fleet: name, name: 'one', uid, writtenAt: updatedAt });
    expect(items[2]).toMatchObject({ writtenAt: createdAt, changeCount: 6 });
  });

  it('are the same one by one, and page by page', async () => {
    await replace('/clusters/one', { ...cluster, zone: 'h' });
    await replace('/clusters/one', { ...cluster, zone: 'i' });
    const { items } = await get('/clusters/one/revisions');
    for (const item of items) expect(await get(`/clusters/one/revisions/${item.revision}`)).toEqual(item);
    const seen: Json[] = [];
    let token: string | undefined = '';
    while (token !== undefined) {
      const page: Json = await get(`/clusters/one/revisions?pageSize=1${token && `&pageToken=${token}`}`);
      seen.push(...page.items);
      token = page.nextPageToken;
    }
    expect(seen).toEqual(items);
  });

  it('of every kind are there, those of a deleted fleet too, and none of what never was', async () => {
    for (const place of ['', '/clusters/one', '/gateways/edge', '/services/checkout', '/routes/checkout']) {
      const { items } = await get(`${place}/revisions`);
      expect(items).toHaveLength(1);
      expect(items[0].spec).toMatchObject({ labels: {} });
      const absent = await harness.call('GET', `${path}${place}/revisions/2`);
      expectRefusal(absent, 404, 'not-found', []);
    }
    for (const place of [
      '/routes/checkout',
      '/services/checkout',
      '/gateways/edge',
      '/clusters/one',
      '/clusters/two',
    ]) {
      expect((await remove(place)).status).toBe(204);
    }
    expect((await remove('')).status).toBe(204);
    const { items } = await get('/revisions');
    expect(items.map((item: Json) => [item.revision, item.deleted])).toEqual([
      [2, true],
      [1, false],
    ]);
    expect((await get('/routes/checkout/revisions')).items).toHaveLength(2);
    for (const never of [`${path}/routes/nothing/revisions`, '/v1/fleets/nothing/revisions']) {
      expectRefusal(await harness.call('GET', never), 404, 'not-found', []);
    }
  });

  it('go on over a deletion under another uid, by which older ones are found', async () => {
    const { uid: first } = await get('/routes/checkout');
    await remove('/routes/checkout');
    const { uid: second } = await create(harness, `${path}/routes/checkout`, {
      ...route,
      hostnames: ['x.example.com'],
    });
    const { items } = await get('/routes/checkout/revisions');
    expect(items.map((item: Json) => [item.uid, item.revision, item.deleted])).toEqual([
      [second, 1, false],
      [first, 2, true],
      [first, 1, false],
    ]);
    expect(items[1].changes.every((change: Json) => 'before' in change && !('after' in change))).toBe(true);
    expect(items[0].changes.every((change: Json) => 'after' in change && !('before' in change))).toBe(true);
    expect((await get('/routes/checkout/revisions/1')).uid).toBe(second);
    expect(await get(`/routes/checkout/revisions/1?uid=${first}`)).toEqual(items[2]);
  });
});

describe('a rollback', () => {
  it.each([
    ['', fleet, { automation: 'paused' }],
    ['/clusters/one', cluster, { ...cluster, zone: 'h' }],
    ['/gateways/edge', gateway('edge'), { ...gateway('edge'), policy: 'upsert-only' }],
    ['/services/checkout', service, { ...service, displayName: 'Checkout' }],
    ['/routes/checkout', route, { ...route, labels: { a: 'b' } }],
  ])('of %j is a new revision that declares what the old one did', async (place, _, edited) => {
    const declared = async () => (await get(`${place}/revisions?pageSize=1`)).items[0].spec;
    const before = await declared();
    expect((await replace(place, edited)).status).toBe(200);
    expect(await declared()).not.toEqual(before);
    const answer = await rollBack(place, { revision: 1 }, '"2"');
    expect([answer.status, answer.body.revision]).toEqual([200, 3]);
    expect(await declared()).toEqual(before);
    expect(answer.body).toMatchObject(before);
  });

  it('needs the revision that was seen, and writes nothing when there is nothing to change', async () => {
    await replace('/clusters/one', { ...cluster, zone: 'h' });
    expectRefusal(await rollBack('/clusters/one', { revision: 1 }), 428, 'precondition-required', []);
    expectRefusal(await rollBack('/clusters/one', { revision: 1 }, '"1"'), 412, 'precondition-failed', []);
    const same = await rollBack('/clusters/one', { revision: 2 }, '"2"');
    expect([same.status, same.body.revision]).toEqual([200, 2]);
  });

  it('makes gateways follow', async () => {
    await replace('/routes/checkout', { ...route, labels: { a: 'b' } });
    await rollBack('/routes/checkout', { revision: 1 }, '*');
    const rows = await harness.deps.store.outbox({ fleet: name, gateway: 'edge' });
    expect(rows.find((row) => row.kind === 'route')).toMatchObject({ name: 'checkout', revision: 3 });
  });

  it('says in the audit log what it went back to, beside the reason', async () => {
    await replace('/clusters/one', { ...cluster, zone: 'h' });
    await harness.call('POST', `${path}/clusters/one/rollback?reason=${encodeURIComponent('误操作')}`, {
      body: { revision: 1 },
      headers: { 'If-Match': '*' },
    });
    const { items } = await get('/audit?pageSize=1');
    expect(items[0]).toMatchObject({
      action: 'cluster.update',
      reason: 'rollback to revision 1: 误操作',
      before: 2,
      after: 3,
      changes: [{ pointer: '/zone', before: 'h' }],
    });
  });

  it('creates again what was deleted, in an earlier life too', async () => {
    const { uid } = await get('/routes/checkout');
    await remove('/routes/checkout');
    expectRefusal(await rollBack('/routes/checkout', { revision: 1 }, '"1"'), 412, 'precondition-failed', []);
    const answer = await rollBack('/routes/checkout', { revision: 1 });
    expect([answer.status, answer.headers.get('Location')]).toEqual([201, `${path}/routes/checkout`]);
    expect(answer.body).toMatchObject({ revision: 1, hostnames: [`${name}.example.com`] });
    expect(answer.body.uid).not.toBe(uid);
    await replace('/routes/checkout', { ...route, hostnames: ['other.example.com'] });
    const older = await rollBack('/routes/checkout', { revision: 1, uid }, '*');
    expect([older.status, older.body.revision, older.body.hostnames]).toEqual([200, 3, [`${name}.example.com`]]);
  });

  it('to a revision whose references are gone names every place', async () => {
    await create(harness, `${path}/gateways/west`, gateway('west'));
    await create(harness, `${path}/services/cart`, { ...service, exports: [{ cluster: 'two' }] });
    await replace('/routes/checkout', {
      ...route,
      gateways: ['edge', 'west'],
      rules: [{ backendRefs: [{ service: 'cart', port: 80 }] }],
      distribution: { strategy: 'weighted', clusters: [{ cluster: 'two' }] },
    });
    await replace('/routes/checkout', route);
    for (const place of ['/services/cart', '/gateways/west']) expect((await remove(place)).status).toBe(204);
    expectRefusal(await rollBack('/routes/checkout', { revision: 2 }, '*'), 422, 'unknown-reference', [
      '#/gateways/1',
      '#/rules/0/backendRefs/0/service',
    ]);
    expect((await get('/routes/checkout')).revision).toBe(3);
  });

  it('needs a revision that is there and is no deletion, of something that was there', async () => {
    const { uid } = await get('/routes/checkout');
    await remove('/routes/checkout');
    expectRefusal(await rollBack('/routes/checkout', { revision: 7 }), 422, 'unknown-reference', ['#/revision']);
    expectRefusal(await rollBack('/routes/checkout', { revision: 2, uid }), 422, 'conflicting-declaration', [
      '#/revision',
    ]);
    expectRefusal(await rollBack('/routes/nothing', { revision: 1 }), 404, 'not-found', []);
    for (const body of [{}, { revision: 0 }, { revision: '1' }, { revision: 1, uid: '#' }]) {
      expect((await rollBack('/routes/checkout', body)).body.code).toBe('invalid-request');
    }
    expectRefusal(await harness.call('GET', `${path}/routes/checkout`), 404, 'not-found', []);
  });
});

describe('the audit log', () => {
  it('has every write with its reason, and can be read event by event', async () => {
    const reason = '迁'.repeat(256);
    const at = `${path}/clusters/one?reason=${encodeURIComponent(reason)}`;
    const headers = { 'If-Match': '*', 'X-Request-Id': 'r-1', Authorization: `Bearer ${TOKENS.ada}` };
    await harness.call('PUT', at, { body: { ...cluster, zone: 'h' }, headers });
    const { items } = await get('/audit?clientRequestId=r-1');
    expect(items).toEqual([
      {
        id: expect.stringMatching(/^aud_/),
        at: expect.stringMatching(/Z$/),
        actor: 'ada',
        action: 'cluster.update',
        target: { kind: 'cluster', fleet: name, name: 'one' },
        requestId: expect.stringMatching(/^req_/),
        clientRequestId: 'r-1',
        reason,
        before: 1,
        after: 2,
        changes: [{ pointer: '/zone', after: 'h' }],
        changeCount: 1,
      },
    ]);
    expect(await get(`/audit/${items[0].id}`)).toEqual(items[0]);
    const absent = await harness.call('GET', `${path}/audit/aud_01KAR2Z3V4W5X6Y7Z8A9B0C1D2`);
    expectRefusal(absent, 404, 'not-found', []);
  });

  it('is filtered by all that is asked for, and its pages belong to the filter', async () => {
    const actions = async (query: string) =>
      (await get(`/audit?${query}`)).items.map(({ action, target }: Json) => `${action} ${target.name}`);
    expect(await actions('')).toEqual([
      'route.create checkout',
      'service.create checkout',
      'gateway.create edge',
      'cluster.create two',
      'cluster.create one',
      `fleet.create ${name}`,
    ]);
    expect(await actions('name=checkout')).toEqual(['route.create checkout', 'service.create checkout']);
    expect(await actions('name=checkout&kind=route')).toEqual(['route.create checkout']);
    expect(await actions('name=checkout&kind=cluster')).toEqual([]);
    expect(await actions('action=cluster.create&actor=api')).toHaveLength(2);
    expect(await actions('action=cluster.create&actor=ada')).toEqual([]);
    const { at } = (await get('/audit?kind=gateway')).items[0];
    expect(await actions(`kind=gateway&since=${at}&until=${at}`)).toEqual(['gateway.create edge']);
    expect(await actions(`until=2026-01-01T00:00:00Z`)).toEqual([]);

    const { nextPageToken } = await get('/audit?kind=cluster&pageSize=1');
    expect(await actions(`kind=cluster&pageSize=1&pageToken=${nextPageToken}`)).toEqual(['cluster.create one']);
    const other = await harness.call('GET', `${path}/audit?kind=route&pageToken=${nextPageToken}`);
    expectRefusal(other, 400, 'invalid-page-token', ['query/pageToken']);
  });

  it.each([
    ['kind=nothing', 'query/kind'],
    ['since=yesterday', 'query/since'],
    ['since=2026-11-23T07:00:00.000Z&until=2026-11-23T06:00:00.000Z', 'query/until'],
    ['actor=a&actor=b', 'query/actor'],
  ])('refuses %s', async (query, pointer) => {
    expectRefusal(await harness.call('GET', `${path}/audit?${query}`), 400, 'invalid-request', [pointer]);
  });

  it('stays when the fleet is deleted, and there is none of a fleet that never was', async () => {
    const lone = `/v1/fleets/lone-${name}`;
    await create(harness, lone, {});
    await harness.call('DELETE', `${lone}?reason=closed`, { headers: { 'If-Match': '*' } });
    const { body } = await harness.call('GET', `${lone}/audit`);
    expect(body.items).toMatchObject([
      {
        action: 'fleet.delete',
        reason: 'closed',
        before: 1,
        after: 0,
        changes: expect.arrayContaining([expect.objectContaining({ pointer: '/automation' })]),
      },
      { action: 'fleet.create', before: 0, after: 1 },
    ]);
    expectRefusal(await harness.call('GET', '/v1/fleets/nothing/audit'), 404, 'not-found', []);
  });

  it('holds no write up, however much it changes', async () => {
    const endpoints = Array.from({ length: 200 }, (_, index) => ({ address: `10.0.1.${index}`, port: 80 }));
    const exports = ['one', 'two'].map((item) => ({ cluster: item, backend: { type: 'endpoints', endpoints } }));
    expect((await replace('/services/checkout', { ...service, exports })).status).toBe(200);
    const moved = exports.map((item) => ({
      ...item,
      backend: { type: 'endpoints', endpoints: endpoints.map(({ address }) => ({ address, port: 8080 })) },
    }));
    expect((await replace('/services/checkout', { ...service, exports: moved })).status).toBe(200);
    const [event] = (await get('/audit?pageSize=1')).items;
    expect([event.changes.length, event.changeCount]).toEqual([100, 400]);
  });
});

describe('without an audit event', () => {
  inProcess.it('nothing is written', async () => {
    // By an event of another kind, which has the id that each of these writes comes upon.
    const taken = audit({ kind: 'fleet', fleet: name, name }, 0, 1);
    await harness.deps.store.decide({ ...recording(1), fleet: name, audit: taken });
    const state = async () => [
      await get('/clusters'),
      await get('/clusters/one/revisions'),
      await get('/audit'),
      await harness.deps.store.outbox({ fleet: name }),
    ];
    const before = await state();
    const sameId = { ids: { ulid: () => taken.id.slice('aud_'.length) } };
    const write = (method: string, place: string, body: unknown, tag?: string) =>
      harness.call(method, `${path}${place}`, { body, headers: { 'If-Match': tag } }, sameId);
    const answers = [
      await write('PUT', '/clusters/new', cluster),
      await write('PUT', '/clusters/one', { ...cluster, zone: 'h' }, '*'),
      await write('DELETE', '/routes/checkout', undefined, '*'),
    ];
    expect(answers.map(({ body }) => body.code)).toEqual(['write-conflict', 'write-conflict', 'write-conflict']);
    expect(await state()).toEqual(before);
    expect((await get('/routes/checkout')).revision).toBe(1);
  });
});
