import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweepManifestWrites } from '../../functions/engine/schedule/manifest-writes.ts';
import { cluster, create, createShop, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;
let serial = 0;
let name: string;
let fleet: string;

beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(async () => {
  name = `shop-${++serial}`;
  fleet = await createShop(harness, name, `${name}.example.com`);
});
afterAll(async () => await harness.close());

const document = (kind: string, as: string, spec: Json): Json => ({
  apiVersion: 'fairlead.dev/v1',
  kind,
  metadata: { name: as },
  spec,
});

const documents = [
  document('Cluster', 'one', { ...cluster, region: 'cn-hangzhou' }),
  document('Service', 'cart', service),
];

const put = (overrides = {}): Promise<Answer> =>
  harness.call(
    'PUT',
    `${fleet}/manifest`,
    { body: { apiVersion: 'fairlead.dev/v1', kind: 'List', items: documents } },
    overrides,
  );

async function latestOperation(): Promise<Json> {
  const { body } = await harness.call('GET', `${fleet}/operations`);
  return body.items.find((item: Json) => item.target.kind === 'fleet');
}

async function overwrite(path: string, body: unknown): Promise<void> {
  const answer = await harness.call('PUT', path, { body, headers: { 'If-Match': '*' } });
  expect(answer.status).toBeLessThan(300);
}

inProcess.describe('other writers, while a manifest is being written', () => {
  /** A process that does something else before it writes its first batch. */
  const interrupted = (work: () => Promise<void>) => {
    const { store } = harness.deps;
    let isDone = false;
    const advance: typeof store.advance = async (rollout, commits) => {
      if (!isDone) await work();
      isDone = true;
      return await store.advance(rollout, commits);
    };
    return { store: { ...store, advance } };
  };

  it('who change what it is about to change stop it: it says which, lets go, and converges when applied again', async () => {
    const answer = await put(
      interrupted(() => overwrite(`${fleet}/clusters/one`, { ...cluster, region: 'cn-beijing' })),
    );
    expect(answer.status).toBe(202);
    expect(await latestOperation()).toMatchObject({
      state: 'Failed',
      problem: { code: 'write-conflict', errors: [{ pointer: 'clusters/one' }] },
      endedAt: expect.any(String),
    });
    expect((await harness.call('GET', `${fleet}/clusters/one`)).body).toMatchObject({
      revision: 2,
      region: 'cn-beijing',
    });
    expect(await harness.deps.store.hold(name)).toBeUndefined();
    expect((await put()).status).toBe(202);
    expect((await harness.call('GET', `${fleet}/clusters/one`)).body).toMatchObject({
      revision: 3,
      region: 'cn-hangzhou',
    });
    expect((await put()).body.changes).toEqual([]);
  });

  it('who delete what it is about to refer to stop it', async () => {
    await harness.call('DELETE', `${fleet}/routes/checkout`, { headers: { 'If-Match': '*' } });
    await harness.call('DELETE', `${fleet}/services/checkout`, { headers: { 'If-Match': '*' } });
    const items = [document('Service', 'cart', { ...service, exports: [{ cluster: 'one' }, { cluster: 'two' }] })];
    await harness.call(
      'PUT',
      `${fleet}/manifest`,
      { body: { apiVersion: 'fairlead.dev/v1', kind: 'List', items } },
      interrupted(async () => {
        const deleted = await harness.call('DELETE', `${fleet}/clusters/two`, { headers: { 'If-Match': '*' } });
        expect(deleted.status).toBe(204);
      }),
    );
    expect(await latestOperation()).toMatchObject({
      state: 'Failed',
      problem: { code: 'unknown-reference', errors: [{ pointer: 'clusters/two' }] },
    });
  });

  it('of another manifest wait until it has ended, and the sweep ends it', async () => {
    const { store } = harness.deps;
    const stalled = { store: { ...store, acquire: async () => undefined } };
    expect((await put(stalled)).status).toBe(202);
    expect(await latestOperation()).toMatchObject({ state: 'Running', step: 'writing changes: 0 of 2' });
    const second = await put();
    expect(second.status).toBe(409);
    expect(second.body.code).toBe('write-conflict');
    expect(second.headers.get('Retry-After')).toBe('1');
    await sweepManifestWrites(harness.deps, Number.POSITIVE_INFINITY);
    expect((await put()).body.changes).toEqual([]);
  });
});

describe('a fleet that is rolled back to a time', () => {
  const rollback = (at: string, query = '', overrides = {}): Promise<Answer> =>
    harness.call('POST', `${fleet}/manifest/rollback${query}`, { body: { at } }, overrides);

  async function exported(): Promise<Json[]> {
    const headers = { Accept: 'application/json' };
    return (await harness.call('GET', `${fleet}/manifest`, { headers })).body.items;
  }

  /** Events within one millisecond cannot be told apart by time. */
  async function now(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const at = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    return at;
  }

  it('is what it was: changes are undone, what is new goes, what was deleted comes back', async () => {
    const before = await exported();
    const at = await now();
    await overwrite(`${fleet}/clusters/one`, { ...cluster, region: 'cn-hangzhou' });
    await create(harness, `${fleet}/services/cart`, service);
    const rules = [{ backendRefs: [{ service: 'cart', port: 80 }] }];
    await overwrite(`${fleet}/routes/checkout`, { ...route, hostnames: [`${name}.example.com`], rules });
    await harness.call('DELETE', `${fleet}/services/checkout`, { headers: { 'If-Match': '*' } });
    const later = await now();
    const between = await exported();

    const answer = await rollback(at, '?reason=it%20was%20better');
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ action: 'fleet.rollback', reason: `rollback to ${at}: it was better` });
    expect(await exported()).toEqual(before);
    expect((await rollback(at)).body.changes).toEqual([]);
    expect((await rollback(later)).status).toBe(202);
    expect(await exported()).toEqual(between);
  });

  it('must have been there then, and the time must have come', async () => {
    for (const at of ['2001-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z']) {
      const answer = await rollback(at);
      expect(answer.status).toBe(422);
      expect(pointers(answer.body)).toEqual(['#/at']);
    }
    expect((await rollback('yesterday')).body.code).toBe('invalid-request');
  });

  inProcess.it('is told which references are gone', async () => {
    const { settings } = harness.deps;
    const target = { provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId: `gw-${serial}` };
    const body = { target, credentials: 'blue' };
    const blue = { settings: { ...settings, credentials: ['default', 'blue'] } };
    expect((await harness.call('PUT', `${fleet}/gateways/west`, { body }, blue)).status).toBe(201);
    const at = await now();
    await overwrite(`${fleet}/gateways/west`, { target });
    const answer = await rollback(at);
    expect(answer.body.code).toBe('unknown-reference');
    expect(pointers(answer.body)).toEqual(['gateways/west#/credentials']);
  });

  it('takes the digest of its own plan only', async () => {
    const at = await now();
    await overwrite(`${fleet}/clusters/one`, { ...cluster, region: 'cn-hangzhou' });
    const refused = await rollback(at, `?digest=${'0'.repeat(64)}`);
    expect(refused.body.code).toBe('stale-plan');
    const digest = /[0-9a-f]{64}/.exec(refused.body.detail)?.[0];
    expect((await rollback(at, `?digest=${digest}`)).status).toBe(202);
  });
});
