import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../functions/deps.ts';
import { API_VERSION } from '../../schemas/manifest.ts';
import { conditionOf, create, createShop, fleet, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, inProcess, startHarness } from './harness.ts';

let harness: Harness;
let shop: string;

const overwrite = { 'If-Match': '*' };
const oneCluster = {
  ...route,
  distribution: { strategy: 'weighted', clusters: [{ cluster: 'one' }] },
};

beforeAll(async () => {
  harness = await startHarness();
  shop = await createShop(harness, 'shop');
  await put('', { ...fleet, safety: { minServingClusters: 2 } });
});

afterAll(async () => await harness.close());

async function put(path: string, body: unknown, query = ''): Promise<Answer> {
  return await harness.call('PUT', `${shop}${path}${query}`, { body, headers: overwrite });
}

function expectRefusal(answer: Answer, places: string[]): void {
  expect([answer.status, answer.body.code]).toEqual([409, 'rule-violated']);
  expect(pointers(answer.body)).toEqual(places);
  expect(answer.body.errors[0].detail).toMatch(/^min-serving: .* by 1 cluster, and at least 2 must serve it$/);
}

describe('safety rules', () => {
  it('hold for a route that is changed, and for one that is new', async () => {
    expectRefusal(await put('/routes/checkout', oneCluster), ['#/distribution']);
    const answer = await harness.call('PUT', `${shop}/routes/new`, {
      body: { ...oneCluster, hostnames: ['new.example.com'] },
    });
    expectRefusal(answer, ['#/distribution']);
    expect((await harness.call('GET', `${shop}/routes/new`)).status).toBe(404);
  });

  it('hold for a service that loses a cluster', async () => {
    expectRefusal(await put('/services/checkout', { ...service, exports: [{ cluster: 'two' }] }), ['#/exports']);
  });

  it('hold for a manifest as a whole', async () => {
    const document = { apiVersion: API_VERSION, kind: 'Route', metadata: { name: 'checkout' }, spec: oneCluster };
    const answer = await put('/manifest', { apiVersion: API_VERSION, kind: 'List', items: [document] });
    expectRefusal(answer, ['fleets/shop#/safety/minServingClusters']);
  });

  it('hold in a dry run, which leaves no trace', async () => {
    const refusals = async () => (await harness.call('GET', `${shop}/audit?action=route.refused`)).body.items.length;
    const before = await refusals();
    expect(before).toBeGreaterThan(0);
    expectRefusal(await put('/routes/checkout', oneCluster, '?dryRun=true'), ['#/distribution']);
    expect(await refusals()).toBe(before);
  });

  it('do not keep anybody from what does not move requests', async () => {
    expect(
      (await put('/routes/checkout', { ...route, hostnames: ['shop.example.com', 'other.example.com'] })).status,
    ).toBe(200);
  });

  inProcess.it('are looked at again when traffic has moved since: nothing slips in between', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const glass = { rules: ['min-serving'], reason: 'a move', expiresAt };
    await create(harness, `${shop}/break-glasses/move`, glass);
    let commits = 0;
    const { store } = harness.deps;
    const commit: Store['commit'] = async (change) => {
      if (commits++ === 0) await harness.call('DELETE', `${shop}/break-glasses/move`);
      return await store.commit(change);
    };
    const body = { ...oneCluster, hostnames: ['late.example.com'] };
    const answer = await harness.call('PUT', `${shop}/routes/late`, { body }, { store: { ...store, commit } });
    expectRefusal(answer, ['#/distribution']);
    expect(commits).toBe(1);
  });

  it('that a live break-glass names are set aside', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    await create(harness, `${shop}/break-glasses/next`, { rules: ['min-serving'], reason: 'a move', expiresAt });
    expect((await put('/routes/checkout', oneCluster)).status).toBe(200);
  });
});

describe('the policy of a fleet', () => {
  it('names what there is', async () => {
    const answer = await put('', {
      ...fleet,
      voters: [
        { name: 'edge', type: 'edge', clusters: ['three'] },
        { name: 'view', type: 'gateway-view', gateway: 'none' },
      ],
      safety: { exclusive: [['one', 'four']], gates: [{ name: 'freeze', clusters: ['five'] }] },
      drills: [{ name: 'lose', cluster: 'six' }],
      notifications: [{ target: 'nobody' }],
    });
    expect([answer.status, answer.body.code]).toEqual([422, 'unknown-reference']);
    expect(pointers(answer.body).sort()).toEqual([
      '#/drills/0/cluster',
      '#/notifications/0/target',
      '#/safety/exclusive/0/1',
      '#/safety/gates/0/clusters/0',
      '#/voters/0/clusters/0',
      '#/voters/1/gateway',
    ]);
  });

  it('says in its condition that it moves traffic and tells nobody, by what one voter sees', async () => {
    expect((await put('', { ...fleet, automation: 'automatic' })).status).toBe(200);
    const { status, message } = conditionOf((await harness.call('GET', shop)).body, 'PolicySound');
    expect(status).toBe('False');
    expect(message).toContain('#/notifications: the fleet moves traffic by itself, and no notification target is told');
    expect(message).toContain('#/voters: The edge alone decides upon');
  });

  it('says in its condition what an earlier release knew and this one reads for a time', async () => {
    const failover = { panic: { mode: 'hold', thresholdPercent: 50 }, correlation: { action: 'halt' } };
    expect((await put('', { ...fleet, failover, safety: { maxRemoved: { percent: 50 } } })).status).toBe(200);
    const { body } = await harness.call('GET', shop);
    const { status, message } = conditionOf(body, 'PolicySound');
    expect(status).toBe('False');
    for (const pointer of ['#/failover/panic', '#/failover/correlation/action', '#/safety/maxRemoved/percent']) {
      expect(message).toContain(pointer);
    }
  });
});
