import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_POINTS, noReading, type Reading } from '../../functions/core/gateway/reading.ts';
import type { HealthRecord } from '../../functions/core/health/types.ts';
import type { OutboxRow } from '../../functions/deps.ts';
import { recording, trafficWithout } from '../store/fixtures.ts';
import { cluster, conditionOf, create, createShop, gateway, route, service } from './fixtures.ts';
import { type Harness, type Json, startHarness } from './harness.ts';

let harness: Harness;
const path = '/v1/fleets/shop';

beforeAll(async () => {
  harness = await startHarness();
  await createShop(harness, 'shop');
});

afterAll(async () => await harness.close());

const get = async (place: string): Promise<Json> => (await harness.call('GET', `${path}${place}`)).body;

const now = () => new Date(harness.deps.clock.now()).toISOString();

async function acknowledge(rows: OutboxRow[], verifiedAt: string): Promise<void> {
  const lease = await harness.deps.store.acquire(`test/${harness.deps.ids.ulid()}`, 'test', 60_000, Date.now());
  if (lease === undefined) throw new Error('A new lease is free.');
  await harness.deps.store.acknowledge(rows, verifiedAt, lease);
}

/** As if the gateways had been read back and found equal. */
async function verify(fleet: string): Promise<string> {
  const verifiedAt = now();
  await acknowledge(await harness.deps.store.outbox({ fleet }), verifiedAt);
  const gateways = await harness.deps.store.all('gateway', fleet);
  await Promise.all(gateways.map(({ name }) => read(fleet, name)));
  return verifiedAt;
}

/** As if the gateway had been read, and cluster `one` had nothing. */
async function read(fleet: string, name: string, more: Partial<Reading> = {}): Promise<void> {
  const { store, clock, ids } = harness.deps;
  const lease = await store.acquire(`test/${ids.ulid()}`, 'test', 60_000, clock.now());
  if (lease === undefined) throw new Error('A new lease is free.');
  const clusters = [{ cluster: 'one', pools: 1, unknownPools: 0, minPercent: 0, maxPercent: 0 }];
  const reading = { ...noReading(fleet, name), readAt: now(), poolsReadAt: now(), clusters, ...more };
  await store.putReading(reading, NO_POINTS, lease);
}

describe('conditions', () => {
  it('say that what was written was accepted and refers to what exists', async () => {
    for (const place of ['', '/clusters/one', '/gateways/edge', '/services/checkout', '/routes/checkout']) {
      const body = await get(place);
      for (const type of ['Accepted', 'ResolvedRefs']) {
        expect(conditionOf(body, type)).toMatchObject({
          status: 'True',
          reason: type,
          observedRevision: 1,
          lastTransitionTime: body.updatedAt,
        });
      }
    }
  });

  it('say why a gateway does not follow, on the gateway and on what it should follow', async () => {
    const edge = await get('/gateways/edge');
    expect(edge.sync).toMatchObject({ state: 'Failed', reason: 'CloudUnavailable' });
    for (const place of ['/gateways/edge', '/services/checkout', '/routes/checkout']) {
      const condition = conditionOf(await get(place), 'Programmed');
      expect(condition).toMatchObject({ status: 'Unknown', reason: 'NotReadable' });
      expect(condition.message).toContain('edge');
    }
    const { parents } = await get('/routes/checkout');
    expect(parents.map((parent: Json) => parent.gateway)).toEqual(['edge']);
    expect(conditionOf(parents[0], 'Programmed').reason).toBe('NotReadable');
  });

  it('say when a gateway was verified to follow, and that it has to follow anew after an edit', async () => {
    const verifiedAt = await verify('shop');
    expect(conditionOf(await get('/routes/checkout'), 'Programmed')).toMatchObject({
      status: 'True',
      lastTransitionTime: verifiedAt,
    });
    const body = { ...route, displayName: 'edited' };
    await harness.call('PUT', `${path}/routes/checkout`, { body, headers: { 'If-Match': '"1"' } });
    expect(conditionOf(await get('/routes/checkout'), 'Programmed')).toMatchObject({
      status: 'False',
      observedRevision: 2,
    });
  });

  it('of something that is created again do not speak of what had its name before', async () => {
    await verify('shop');
    await harness.call('DELETE', `${path}/routes/checkout`, { headers: { 'If-Match': '*' } });
    const again = await create(harness, `${path}/routes/checkout`, route);
    expect(conditionOf(again, 'Programmed').status).toBe('False');
  });

  it('ask for all gateways, and are unknown where there is none', async () => {
    await create(harness, '/v1/fleets/bare', {});
    const lonely = await create(harness, '/v1/fleets/bare/clusters/one', cluster);
    expect(conditionOf(lonely, 'Programmed')).toMatchObject({ status: 'Unknown', reason: 'NoGateway' });
    await create(harness, `${path}/gateways/second`, gateway('second'));
    await verify('shop');
    const body = { ...route, gateways: ['edge', 'second'] };
    await harness.call('PUT', `${path}/routes/checkout`, { body, headers: { 'If-Match': '*' } });
    const rows = await harness.deps.store.outbox({ fleet: 'shop', gateway: 'edge' });
    await acknowledge(rows, now());
    const { conditions, parents } = await get('/routes/checkout');
    const statuses = parents.map((parent: Json) => [parent.gateway, conditionOf(parent, 'Programmed').status]);
    expect(statuses).toEqual([
      ['edge', 'True'],
      ['second', 'False'],
    ]);
    expect(conditionOf({ conditions }, 'Programmed').status).toBe('False');
  });

  it('of a fleet tell whether automation acts', async () => {
    const cases = [
      ['automatic', 'True', 'Automatic'],
      ['recommend', 'False', 'Recommending'],
      ['paused', 'False', 'Paused'],
    ];
    for (const [automation, status, reason] of cases) {
      const { body } = await harness.call('PUT', path, { body: { automation }, headers: { 'If-Match': '*' } });
      expect(conditionOf(body, 'Automated')).toMatchObject({ status, reason });
    }
  });
});

describe('a cluster', () => {
  it('shows its health, and only its own', async () => {
    const { uid } = await get('/clusters/one');
    expect((await get('/clusters/one')).health.state).toBe('unknown');
    const sinceMs = harness.deps.clock.now();
    const observation = {
      voter: 'edge',
      observedAt: now(),
      outcome: 'fail',
      cause: 'Cluster',
      latencyMs: 3,
      detail: 'http: status 503',
    } as const;
    const vote = { voter: 'edge', state: 'unhealthy' } as const;
    const record: HealthRecord = {
      fleet: 'shop',
      cluster: 'one',
      uid,
      version: 1,
      state: 'unhealthy',
      sinceMs,
      cause: 'Cluster',
      votes: [{ ...vote, outcomes: 'offf', sinceMs, observedAtMs: sinceMs, suspectUntilMs: 0, last: observation }],
      recent: [observation],
    };
    await harness.deps.store.putHealth([{ record, observation }]);
    const shown = await get('/clusters/one');
    expect(shown.health).toEqual({
      state: 'unhealthy',
      since: new Date(sinceMs).toISOString(),
      cause: 'Cluster',
      votes: [
        {
          ...vote,
          failures: 3,
          consecutiveFailures: 3,
          consecutiveSuccesses: 0,
          since: new Date(sinceMs).toISOString(),
          observedAt: new Date(sinceMs).toISOString(),
          isFresh: true,
          isSuspect: false,
          cause: 'Cluster',
          detail: 'http: status 503',
        },
      ],
      lastObservation: observation,
    });
    expect(conditionOf(shown, 'Healthy').status).toBe('False');
    const { body } = await harness.call('GET', `${path}/clusters`);
    expect(body.items.map((item: Json) => item.health.state)).toEqual(['unhealthy', 'unknown']);
  });

  it('that is withdrawn says so, and routes show who serves instead and why', async () => {
    const { store } = harness.deps;
    const sinceMs = harness.deps.clock.now();
    const decided = { ...recording(1, ['one'], { fleet: 'shop' }), traffic: trafficWithout(1, ['one'], sinceMs) };
    expect(await store.decide(decided)).toBe(true);

    const one = await get('/clusters/one');
    expect(one.withdrawal).toEqual({
      percent: 0,
      cause: 'failure',
      since: new Date(sinceMs).toISOString(),
      reason: 'unhealthy',
      decision: 'd-1',
    });
    expect(conditionOf(one, 'Serving')).toMatchObject({ status: 'False', reason: 'Withdrawn', message: 'unhealthy' });
    expect(conditionOf(await get('/clusters/two'), 'Serving').status).toBe('True');
    const { shares } = await get('/routes/checkout');
    expect(shares).toEqual([
      {
        service: 'checkout',
        port: 80,
        clusters: [
          expect.objectContaining({ cluster: 'one', declaredPercent: 50, effectivePercent: 0 }),
          expect.objectContaining({ cluster: 'two', declaredPercent: 50, effectivePercent: 100 }),
        ],
      },
    ]);
    expect(await get(`/decisions/${decided.decision.id}`)).toEqual(decided.decision);
    expect((await get('/decisions')).items).toEqual([decided.decision]);
  });
});

describe('a service', () => {
  it('is imported from the oldest export to the youngest, those without a date last', async () => {
    for (const name of ['three', 'four']) await create(harness, `${path}/clusters/${name}`, cluster);
    const exports = [
      { cluster: 'two' },
      { cluster: 'three', exportedAt: '2026-02-01T00:00:00Z' },
      { cluster: 'one' },
      { cluster: 'four', exportedAt: '2026-01-01T00:00:00.000Z' },
    ];
    const body = await create(harness, `${path}/services/dated`, { ...service, exports });
    expect(body.import).toEqual({
      type: 'ClusterSetIP',
      ports: body.ports,
      clusters: ['four', 'three', 'one', 'two'],
    });
  });
});

describe('a gateway', () => {
  it('is pending while there is something to push, whatever it was before', async () => {
    const { store, clock } = harness.deps;
    const lease = await store.acquire('gateway/shop/edge', 'test', 60_000, clock.now());
    if (lease === undefined) throw new Error('The lease is free.');
    const sync = {
      fleet: 'shop',
      gateway: 'edge',
      state: 'Verified',
      reason: 'Programmed',
      message: '',
      attempts: 0,
    } as const;
    await store.putSync({ ...sync, verifiedAt: now() }, lease);
    expect((await get('/gateways/edge')).sync.state).toBe('Pending');
    await verify('shop');
    await read('shop', 'edge', { address: 'alb.example.com' });
    expect(await get('/gateways/edge')).toMatchObject({ address: 'alb.example.com', sync: { state: 'Verified' } });
    await store.release(lease);
  });
});
