import { type AttributeValue, DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest } from '../../functions/core/model/digest.ts';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { DEFAULT_TABLE_NAME as TableName } from '../../infra/table.ts';
import { matrix } from '../matrix.ts';
import { FLEET, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

type Item = Record<string, AttributeValue>;

let harness: Harness;
let client: ReturnType<Harness['connect']>;

async function begin(provider: 'alb' | 'mse' = 'alb'): Promise<void> {
  harness = await startFleet({ provider });
  client = harness.connect();
  await rounds(4);
}

afterEach(async () => {
  client.destroy();
  await harness.close();
});

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(harness.deps());
    harness.clock.advance(5000);
  }
}

async function get(path: string): Promise<Json> {
  return (await harness.api('GET', `${FLEET}${path}`)).body;
}

async function items(): Promise<Item[]> {
  const found: Item[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName, ExclusiveStartKey }));
    found.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return found;
}

const keyOf = ({ pk, sk }: Item) => `${pk?.S} ${sk?.S}`;

/** Returns the whole table, in the order of its keys. */
async function table(): Promise<string[]> {
  return (await items()).map((item) => `${keyOf(item)} ${digest(item)}`).sort();
}

/** Changes items in the table without the store; at least one item must match. */
async function tamper(isMeant: (item: Item) => boolean, from: string, to: string): Promise<void> {
  const found = (await items()).filter((item) => isMeant(item) && item['body']?.S?.includes(from));
  expect(found).not.toEqual([]);
  for (const item of found) {
    const body = { S: item['body']?.S?.replace(from, to) ?? '' };
    await client.send(new PutItemCommand({ TableName, Item: { ...item, body } }));
  }
}

const isDecision = (id: string) => (item: Item) => /^DECISION/.test(item['pk']?.S ?? '') && keyOf(item).includes(id);
const isInputs = (id: string) => (item: Item) => keyOf(item).startsWith('INPUTS') && keyOf(item).includes(id);

describe('a recorded decision', () => {
  let newest: string;
  let oldest: string;

  beforeEach(async () => {
    await begin();
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    await harness.edge.clusters.a.recover();
    await rounds(20);
    const decisions: Json[] = (await get('/decisions')).items;
    expect(decisions.length).toBeGreaterThan(1);
    [newest, oldest] = [decisions[0].id, decisions.at(-1).id];
  });

  it('is the same when it is taken once more upon the same inputs', async () => {
    for (const { id } of (await get('/decisions')).items) {
      const replay = await get(`/decisions/${id}/replay`);
      expect(replay).toMatchObject({ digestMatches: true, hashMatches: true, chainMatches: true, differences: [] });
      expect(replay.isSame).toBe(true);
      expect(replay.replayed).toEqual(replay.recorded);
    }
    expect(await get('/ledger')).toMatchObject({ isIntact: true, newest, oldest });
  });

  it('is found out when its inputs were altered, and is not taken upon those', async () => {
    await tamper(isInputs(newest), '"healthy"', '"unhealthy"');
    const replay = await get(`/decisions/${newest}/replay`);
    expect(replay).toMatchObject({ isSame: false, digestMatches: false, hashMatches: true });
    expect(replay.replayed).toBeUndefined();
  });

  it('is found out when it was altered itself, by the replay of the next one too', async () => {
    await tamper(isDecision(oldest), '"actor":"automation"', '"actor":"somebody"');
    expect(await get(`/decisions/${oldest}/replay`)).toMatchObject({ isSame: false, hashMatches: false });
    expect(await get('/ledger')).toMatchObject({ isIntact: false, broken: { decision: oldest, reason: 'altered' } });
    const { items: decisions } = await get('/decisions');
    expect(await get(`/decisions/${decisions.at(-2).id}/replay`)).toMatchObject({ isSame: false, chainMatches: false });
  });

  it('is missed when it was removed, be it the newest', async () => {
    const [item] = (await items()).filter(isDecision(newest));
    const { pk, sk } = item ?? {};
    await client.send(new DeleteItemCommand({ TableName, Key: { pk, sk } as Item }));
    expect(await get('/ledger')).toMatchObject({ isIntact: false, broken: { decision: newest, reason: 'missing' } });
  });

  it('is linked to the one before it across the pages of the ledger', async () => {
    let token: string | undefined = '';
    let checked = 0;
    while (token !== undefined) {
      const page: Json = await get(`/ledger?pageSize=1${token && `&pageToken=${encodeURIComponent(token)}`}`);
      expect(page).toMatchObject({ isIntact: true, checked: 1 });
      checked += page.checked;
      token = page.nextPageToken;
    }
    expect(checked).toBe((await get('/decisions')).items.length);
  });

  it('has to be there', async () => {
    expect((await harness.api('GET', `${FLEET}/decisions/dec_none/replay`)).status).toBe(404);
    expect((await harness.api('GET', '/v1/fleets/none/ledger')).status).toBe(404);
  });
});

describe.each(matrix(['alb', 'mse'] as const, 1))('behind %s, a route', (provider) => {
  beforeEach(() => begin(provider));

  it('explains why a cluster has lost its share, and that the gateway follows', async () => {
    await harness.edge.clusters.a.fail('brownout');
    await rounds(1);
    const { backends, gateways, decision } = await get('/routes/shop/explain');
    const steps: Json[] = backends[0].steps;
    expect(steps.filter(({ step }) => step === 'declared').map(({ cluster, after }) => [cluster, after])).toEqual([
      ['a', 60],
      ['b', 40],
    ]);
    expect(steps.find(({ step, cluster }) => step === 'withdrawal' && cluster === 'a')).toMatchObject({
      before: 60,
      after: 0,
      withdrawal: { cause: 'failure', percent: 0, decision },
      votes: [{ voter: 'edge', state: 'unhealthy', isFresh: true }],
    });
    expect(gateways).toMatchObject([{ gateway: 'edge', provider, state: 'Verified' }]);
    expect(gateways[0].backends[0].clusters).toEqual([
      { cluster: 'a', wantedPercent: 0, verifiedPercent: 0 },
      { cluster: 'b', wantedPercent: 100, verifiedPercent: 100 },
    ]);
  });

  it('says that the gateway has yet to follow while the cloud is away', async () => {
    harness.cloud.faults.add({ kind: 'drop', times: 100_000 });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    const { gateways } = await get('/routes/shop/explain');
    expect(gateways).toMatchObject([{ state: 'Failed', requestedAt: expect.any(String) }]);
    expect(gateways[0].text).toContain('The gateway cannot be read');
    expect(gateways[0].backends[0].clusters).toEqual([
      { cluster: 'a', wantedPercent: 0, verifiedPercent: 60 },
      { cluster: 'b', wantedPercent: 100, verifiedPercent: 40 },
    ]);
  });

  it('is foretold by a simulation, which writes nothing, what a real failure then leads to', async () => {
    const input = { scenario: { type: 'fail', clusters: ['a'] }, durationSeconds: 60 };
    // The remembered facts of the gateway have expired by now, so that they have to be read again.
    harness.clock.advance(2 * 3_600_000);
    await rounds(4);
    const before = await table();
    harness.forgetCalls();
    const { status, body } = await harness.api('POST', `${FLEET}/simulations`, input);
    expect(status).toBe(200);
    expect(await table(), 'the table is as it was').toEqual(before);
    expect(harness.writes(), 'nothing is written to the cloud').toEqual([]);
    const { phases, pushes, decisions } = body.today;
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    const real = (await get('/routes/shop')).shares[0].clusters.map((share: Json) => ({
      cluster: share.cluster,
      percent: share.effectivePercent,
    }));
    const foretold = phases.at(-1).shares.map(({ clusters }: Json) => clusters);
    expect(foretold).toContainEqual(real);
    expect(pushes).toMatchObject([{ gateway: 'edge', pushes: 1, calls: harness.writes().length }]);
    const [recorded] = (await get('/decisions')).items;
    expect(decisions[0].changes.map(({ cluster, toPercent }: Json) => [cluster, toPercent])).toEqual(
      recorded.changes.map(({ cluster, toPercent }: Json) => [cluster, toPercent]),
    );
  });
});

describe('a simulation', () => {
  beforeEach(() => begin());

  const simulate = (body: unknown) => harness.api('POST', `${FLEET}/simulations`, body);

  it('tells of a candidate what it does beside the policy of today', async () => {
    const { body } = await simulate({
      scenario: { type: 'fail', clusters: ['a'] },
      durationSeconds: 120,
      policy: { automation: 'recommend' },
    });
    expect(body.today.decisions).toMatchObject([{ outcome: 'applied' }]);
    expect(body.candidate.decisions).toMatchObject([{ outcome: 'withheld' }]);
    expect(body.candidate.phases).toHaveLength(1);
  });

  it('of a city is that of its clusters, and of one service tells of the shares of that service alone', async () => {
    const { kind, ingress, probes } = await get('/clusters/a');
    await harness.put(`${FLEET}/clusters/a`, { kind, ingress, probes, site: 'north-1', city: 'north' });
    const [city, named] = await Promise.all(
      [{ city: 'north' }, { clusters: ['a'] }].map((place) => {
        return simulate({ scenario: { type: 'fail', ...place }, service: 'pay', durationSeconds: 120 });
      }),
    );
    expect(city?.body.today).toEqual(named?.body.today);
    const { phases } = city?.body.today ?? {};
    expect(phases.map(({ shares }: Json) => shares.map(({ services }: Json) => services))).toEqual([
      [['pay']],
      [['pay']],
    ]);
    expect(phases.at(-1).shares[0].clusters).toContainEqual({ cluster: 'a', percent: 0 });
    const flapping = await simulate({ scenario: { type: 'flap', site: 'north-1', periodSeconds: 60, times: 2 } });
    expect(flapping.body.today.detections).toMatchObject([{ cluster: 'a' }]);
    for (const [scenario, service, pointer] of [
      [{ type: 'fail', site: 'nowhere' }, undefined, '#/scenario/site'],
      [{ type: 'fail', clusters: ['a', 'z'] }, undefined, '#/scenario/clusters/1'],
      [{ type: 'flap', city: 'nowhere', periodSeconds: 60, times: 2 }, undefined, '#/scenario/city'],
      [{ type: 'fail', clusters: ['a'] }, 'nope', '#/service'],
    ]) {
      const refused = await simulate({ scenario, service });
      expect([refused.status, refused.body.errors]).toMatchObject([422, [{ pointer }]]);
    }
    expect((await simulate({ scenario: { type: 'fail', clusters: ['a'], city: 'north' } })).status).toBe(400);
  });

  it('replays what was observed, as it led to a failover', async () => {
    const from = new Date(harness.clock.now()).toISOString();
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    await harness.edge.clusters.a.recover();
    const to = new Date(harness.clock.now()).toISOString();
    await rounds(20);
    const { body } = await simulate({ scenario: { type: 'replay', from, to } });
    expect(body.today.detections).toMatchObject([{ cluster: 'a' }]);
    expect(body.today.decisions).toMatchObject([{ outcome: 'applied', changes: [{ cluster: 'a', toPercent: 0 }] }]);
  });

  it('names every cluster and gateway that there is not', async () => {
    const voters = [{ name: 'path', type: 'gateway-path', gateway: 'none', url: 'http://shop.example.com/' }];
    const { status, body } = await simulate({ scenario: { type: 'fail', clusters: ['a', 'x'] }, policy: { voters } });
    expect(status).toBe(422);
    expect(body.errors.map(({ pointer }: Json) => pointer)).toEqual([
      '#/scenario/clusters/1',
      '#/policy/voters/0/gateway',
    ]);
  });

  it('refuses a candidate that contradicts itself, and says where', async () => {
    const policy = { safety: { minServingClusters: 5 } };
    const { status, body } = await simulate({ scenario: { type: 'fail', clusters: ['a'] }, policy });
    expect([status, body.code]).toEqual([422, 'conflicting-declaration']);
    expect(body.errors[0].pointer).toBe('#/policy/safety/minServingClusters');
  });

  it('says so when a gateway cannot be looked at, and tells the rest', async () => {
    harness.cloud.faults.add({ kind: 'error', code: 'Forbidden.RAM', times: 100_000 });
    const { body } = await simulate({ scenario: { type: 'fail', clusters: ['a'] }, durationSeconds: 60 });
    expect(body.today.pushes).toMatchObject([{ gateway: 'edge', problem: expect.stringContaining('Forbidden.RAM') }]);
    expect(body.today.phases).toHaveLength(2);
  });
});
