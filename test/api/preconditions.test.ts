import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Commit } from '../../functions/deps.ts';
import type { AuditEvent } from '../../schemas/audit.ts';
import { cluster, create, createShop } from './fixtures.ts';
import { type Harness, inProcess, startHarness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, '/v1/fleets/shop', {});
});

afterAll(async () => await harness.close());

const put = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  harness.call('PUT', path, { body, headers });

describe('creating', () => {
  it('answers 201 with the place, the revision and what was declared, defaults filled in', async () => {
    const answer = await put('/v1/fleets/shop/clusters/created', cluster);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('Location')).toBe('/v1/fleets/shop/clusters/created');
    expect(answer.headers.get('ETag')).toMatch(/^"1-[0-9a-f]{8}"$/);
    expect(answer.body).toMatchObject({ fleet: 'shop', name: 'created', revision: 1, labels: {} });
    expect(answer.body.uid).toMatch(/^cls_/);
    const read = await harness.call('GET', '/v1/fleets/shop/clusters/created');
    expect(read.body).toEqual(answer.body);
  });

  it('with If-None-Match: * never replaces', async () => {
    const first = await put('/v1/fleets/shop/clusters/only', cluster, { 'If-None-Match': '*' });
    const second = await put('/v1/fleets/shop/clusters/only', cluster, { 'If-None-Match': '*' });
    expect([first.status, second.status]).toEqual([201, 412]);
  });

  it('does not happen when If-Match says that something is there', async () => {
    for (const tag of ['*', '"1"']) {
      expect((await put('/v1/fleets/shop/clusters/absent', cluster, { 'If-Match': tag })).status).toBe(412);
    }
    expect((await harness.call('GET', '/v1/fleets/shop/clusters/absent')).status).toBe(404);
  });

  it('again after a delete begins anew, under another uid', async () => {
    const path = '/v1/fleets/shop/clusters/again';
    const first = await create(harness, path, cluster);
    await harness.call('DELETE', path, { headers: { 'If-Match': '"1"' } });
    const second = await create(harness, path, cluster);
    expect(second.revision).toBe(1);
    expect(second.uid).not.toBe(first.uid);
  });
});

describe('replacing', () => {
  it('counts revisions and keeps uid and creation time', async () => {
    const path = '/v1/fleets/shop/clusters/replaced';
    const first = await create(harness, path, cluster);
    const second = await put(path, { ...cluster, zone: 'h' }, { 'If-Match': '"1"' });
    expect(second.status).toBe(200);
    expect(second.headers.get('ETag')).toMatch(/^"2-/);
    expect(second.body).toMatchObject({ revision: 2, zone: 'h', uid: first.uid, createdAt: first.createdAt });
    expect(second.headers.get('Location')).toBeNull();
  });

  it('by what is there already writes nothing', async () => {
    const path = '/v1/fleets/shop/clusters/same';
    await create(harness, path, cluster);
    const before = await harness.deps.store.outbox({ fleet: 'shop' });
    const same = await put(path, { ...cluster, labels: {} }, { 'If-Match': '"1"' });
    expect(same.status).toBe(200);
    expect(same.headers.get('ETag')).toMatch(/^"1-/);
    expect(await harness.deps.store.outbox({ fleet: 'shop' })).toEqual(before);
    expect((await harness.deps.store.get('cluster', 'shop', 'same'))?.revision).toBe(1);
  });

  it('lets one of two writers with the same revision win', async () => {
    const path = '/v1/fleets/shop/clusters/raced';
    await create(harness, path, cluster);
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((zone) => put(path, { ...cluster, zone }, { 'If-Match': '"1"' })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412]);
    const winner = answers.find((answer) => answer.status === 200);
    const { body } = await harness.call('GET', path);
    expect(body).toMatchObject({ revision: 2, zone: winner?.body.zone });
  });

  it('lets one of two creators win, and tells the other to look first', async () => {
    const path = '/v1/fleets/shop/clusters/born';
    const answers = await Promise.all(['a', 'b'].map((zone) => put(path, { ...cluster, zone })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 428]);
  });

  it('with If-Match: * goes through whoever else writes', async () => {
    const path = '/v1/fleets/shop/clusters/forced';
    await create(harness, path, cluster);
    const answers = await Promise.all(['a', 'b'].map((zone) => put(path, { ...cluster, zone }, { 'If-Match': '*' })));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect((await harness.call('GET', path)).body.revision).toBe(3);
  });
});

describe('an entity tag', () => {
  const noRaces = { 'If-Match': undefined };

  it('changes with what is observed, and still names the revision that a write is for', async () => {
    const path = await createShop(harness, 'tagged', 'tagged.example.com');
    const route = `${path}/routes/checkout`;
    const seen = await harness.call('GET', route);
    const etag = seen.headers.get('ETag') ?? '';
    const same = await harness.call('GET', route, { headers: { 'If-None-Match': etag } });
    expect([same.status, same.headers.get('ETag')]).toEqual([304, etag]);

    const shift = { cluster: 'one', reason: 'upgrade', expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
    const moved = await harness.call('PUT', `${path}/shifts/away`, { body: shift, headers: noRaces });
    expect(moved.status).toBe(201);
    const after = await harness.call('GET', route, { headers: { 'If-None-Match': etag } });
    expect(after.status, 'the shares have changed').toBe(200);
    expect(after.body.revision).toBe(seen.body.revision);
    expect(after.headers.get('ETag')).not.toBe(etag);

    const { gateways, hostnames, rules } = seen.body;
    const edited = { gateways, hostnames, rules, labels: { a: 'b' } };
    expect((await put(route, edited, { 'If-Match': etag })).status).toBe(200);
    expect((await put(route, { ...edited, labels: {} }, { 'If-Match': etag })).status, 'of the revision before').toBe(
      412,
    );
  });

  it('may be the revision alone where something is replaced or deleted, and nothing else', async () => {
    const path = '/v1/fleets/shop/clusters/untagged';
    await create(harness, path, cluster);
    for (const tag of ['"1-"', '"1-0000000"', '"1-zzzzzzzz"', '"01"', '"-1"', 'W/"1"']) {
      expect((await put(path, { ...cluster, zone: 'h' }, { 'If-Match': tag })).status, tag).toBe(412);
    }
    expect((await put(path, { ...cluster, zone: 'h' }, { 'If-Match': '"7", "1"' })).status).toBe(200);
    const deleted = await harness.call('DELETE', path, { headers: { 'If-Match': '"2-0123abcd"' } });
    expect(deleted.status).toBe(204);
  });
});

describe('every write', () => {
  inProcess.it('is one transaction with an audit event that says who changed what, and when', async () => {
    const { store } = harness.deps;
    const audits: AuditEvent[] = [];
    const recording = {
      store: {
        ...store,
        commit: async (commit: Commit) => {
          audits.push(commit.audit);
          return await store.commit(commit);
        },
      },
    };
    const path = '/v1/fleets/shop/clusters/audited';
    const headers = { 'If-Match': '*', 'X-Request-Id': 'r1' };
    await create(harness, path, cluster);
    await harness.call('PUT', path, { body: { ...cluster, zone: 'h' }, headers }, recording);
    await harness.call('PUT', path, { body: { ...cluster, zone: 'h' }, headers }, recording);
    await harness.call('DELETE', path, { headers }, recording);
    const target = { kind: 'cluster', fleet: 'shop', name: 'audited' };
    expect(audits).toMatchObject([
      { actor: 'api', action: 'cluster.update', target, clientRequestId: 'r1', before: 1, after: 2 },
      { actor: 'api', action: 'cluster.delete', target, clientRequestId: 'r1', before: 2, after: 0 },
    ]);
  });

  it('leaves work for the gateways that it concerns', async () => {
    const path = await createShop(harness, 'worked');
    const rows = await harness.deps.store.outbox({ fleet: 'worked', gateway: 'edge' });
    expect(rows.map((row) => `${row.kind}/${row.name}@${row.revision}`).sort()).toEqual([
      'gateway/edge@1',
      'route/checkout@1',
      'service/checkout@1',
    ]);
    await harness.call('DELETE', `${path}/routes/checkout`, { headers: { 'If-Match': '"1"' } });
    const after = await harness.deps.store.outbox({ fleet: 'worked', gateway: 'edge' });
    expect(after.find((row) => row.kind === 'route')?.revision).toBe(2);
  });

  it('that is refused leaves nothing', async () => {
    const before = await harness.deps.store.all('cluster', 'shop');
    expect((await put('/v1/fleets/shop/clusters/raced', cluster)).status).toBe(428);
    expect((await put('/v1/fleets/shop/clusters/bad', { kind: 'none' })).status).toBe(400);
    expect(await harness.deps.store.all('cluster', 'shop')).toEqual(before);
  });
});

describe('lists', () => {
  it('go through everything by name, page by page, and refuse the token of another list', async () => {
    const path = '/v1/fleets/paged';
    await create(harness, path, {});
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await create(harness, `${path}/clusters/${name}`, cluster);
    const seen: string[] = [];
    let token = '';
    do {
      const { body } = await harness.call('GET', `${path}/clusters?pageSize=2${token && `&pageToken=${token}`}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items.map((item: { name: string }) => item.name));
      token = body.nextPageToken ?? '';
      if (token) expect((await harness.call('GET', `${path}/routes?pageToken=${token}`)).status).toBe(400);
    } while (token !== '');
    expect(seen).toEqual(names);
  });

  it('of a fleet that does not exist are not empty but absent', async () => {
    expect((await harness.call('GET', '/v1/fleets/nothing/routes')).status).toBe(404);
    expect((await put('/v1/fleets/nothing/clusters/a', cluster)).status).toBe(404);
  });
});
