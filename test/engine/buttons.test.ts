import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await startFleet({ jobLatencyMs: 20 });
});

afterEach(() => harness.close());

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(harness.deps());
    harness.clock.advance(5000);
  }
}

const post = (path: string, body?: object) => harness.api('POST', `${FLEET}${path}`, body);
const get = async (path: string): Promise<Json> => (await harness.api('GET', `${FLEET}${path}`)).body;
const split = () => harness.edge.split(50, 'shop.example.com');
const mode = async (automation: string) => {
  const { health, failover } = await get('');
  await harness.put(FLEET, { automation, health, failover });
};
const evacuate = (place: object, query = '') => post(`/evacuations${query}`, { reason: 'flood', ...place });

describe('an evacuation', () => {
  it('of everything is refused as a whole, with the services that nobody would serve; a dry run tells the same', async () => {
    await evacuate({ cluster: 'a' });
    const before = await harness.deps().store.traffic('prod');
    const answer = await evacuate({ cluster: 'b' });
    expect([answer.status, answer.body.code]).toEqual([409, 'rule-violated']);
    expect(answer.body.detail).toContain('never-empty (b): no cluster would be left that may serve pay, shop');
    const dry = await evacuate({ cluster: 'b' }, '?dryRun=true');
    expect([dry.status, dry.body.decision]).toEqual([200, undefined]);
    expect(dry.body.heldBy.map(({ rule }: Json) => rule)).toContain('never-empty');
    expect(await harness.deps().store.traffic('prod')).toEqual(before);
  });

  it('in a dry run holds loads against capacities, and says which rule it would break', async () => {
    for (const name of ['a', 'b'] as const) {
      const { host, port } = harness.edge.clusters[name].address;
      const capacity = { requestsPerSecond: name === 'a' ? 1000 : 500 };
      const ingress = { endpoints: [{ address: host, port }] };
      await harness.put(`${FLEET}/clusters/${name}`, {
        kind: 'kubernetes',
        ingress,
        capacity,
        site: 'east',
        probes: [],
      });
    }
    const rules = [{ ...ROUTES.shop.rules[0], peakRequestsPerSecond: 800 }];
    await harness.put(`${FLEET}/routes/shop`, { ...ROUTES.shop, rules });
    const dry = await evacuate({ cluster: 'a' }, '?dryRun=true');
    expect(dry.body).toMatchObject({
      loads: [
        { cluster: 'a', before: 480, after: 0, capacity: 1000, isOverloaded: false },
        { cluster: 'b', before: 320, after: 800, capacity: 500, isOverloaded: true },
      ],
    });
    expect(dry.body.heldBy.map(({ rule }: Json) => rule)).toEqual(['capacity']);
    expect((await evacuate({ cluster: 'a' })).status).toBe(409);
  });

  it('moves traffic, also where automation only recommends, and a return gives it back', async () => {
    await mode('recommend');
    await rounds(2);
    expect((await evacuate({ cluster: 'a' })).body.points).toContainEqual({
      cluster: 'a',
      before: { minPercent: 60, maxPercent: 100 },
      after: { minPercent: 0, maxPercent: 0 },
    });
    await rounds(2);
    expect(await split()).toEqual({ b: 50 });
    expect((await post('/returns', { cluster: 'a' })).body.clusters).toMatchObject([
      { cluster: 'a', endedShifts: ['evacuation-a'], points: { minPercent: 60, maxPercent: 100 }, waitsFor: [] },
    ]);
    await rounds(2);
    expect(await split()).toEqual({ a: 30, b: 20 });
  });
});

describe('a return', () => {
  it('gives consent where failback is manual, and says what the cluster waits for still', async () => {
    const { health } = await get('');
    const failover = { cooldownSeconds: 0, failback: { mode: 'manual', rampSeconds: 600 } };
    await harness.put(FLEET, { automation: 'automatic', health, failover });
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    await harness.edge.clusters.a.recover();
    await rounds(20);
    const { body } = await post('/returns', { cluster: 'a' });
    expect(body.clusters).toMatchObject([
      { cluster: 'a', standing: 'ramping', endedShifts: [], waitsFor: [{ reason: 'Ramping' }] },
    ]);
    expect((await get('/clusters/a')).standing.state).toBe('ramping');
  });
});

describe('applying a recommendation', () => {
  const decisions = async (): Promise<Json[]> => (await get('/decisions')).items;
  const apply = (id: string) => post(`/decisions/${id}/apply`);

  beforeEach(async () => {
    await mode('recommend');
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
  });

  it('gives gateways what the decision recommends, and a second time answers that it is in force', async () => {
    const [{ id, recommended }] = await decisions();
    expect(recommended.clusters).toMatchObject([
      { cluster: 'a', before: { maxPercent: 100 }, after: { maxPercent: 0 } },
      { cluster: 'b', after: { minPercent: 100 } },
    ]);
    const applied = await apply(id);
    expect([applied.status, applied.body.decision.outcome]).toEqual([200, 'applied']);
    expect(await split()).toEqual({ b: 50 });
    const before = await harness.deps().store.traffic('prod');
    const again = await apply(id);
    expect([again.status, again.body]).toEqual([200, { note: expect.stringContaining(id) }]);
    expect(await harness.deps().store.traffic('prod')).toEqual(before);
  });

  it('of an older decision is done where that recommends the same, whatever was decided since', async () => {
    const [{ id }] = await decisions();
    const expiresAt = new Date(harness.clock.now() + 3_600_000).toISOString();
    await harness.put(`${FLEET}/break-glasses/night`, { rules: ['gate'], reason: 'night', expiresAt });
    expect((await decisions())[0].id).not.toBe(id);
    expect((await apply(id)).status).toBe(200);
    expect(await split()).toEqual({ b: 50 });
  });

  it('that is not true any more is refused, with what each cluster was to have and is to have now', async () => {
    const [{ id }] = await decisions();
    await harness.edge.clusters.a.recover();
    await rounds(10);
    await harness.edge.clusters.b.fail('refuse');
    await rounds(4);
    const [{ id: newest }] = await decisions();
    const { status, body } = await apply(id);
    expect([status, body.code]).toEqual([409, 'stale-recommendation']);
    expect(body.detail).toContain(newest);
    expect(body.errors).toEqual([
      {
        pointer: 'clusters/a',
        code: 'stale-recommendation',
        reason: 'OtherPoints',
        detail: 'It was to have 0 %, and is to have 100 % now.',
      },
      expect.objectContaining({ pointer: 'clusters/b' }),
    ]);
    expect((await get('/audit?action=apply.refused')).items).toHaveLength(1);
    expect(await split(), 'nothing has moved').toEqual({ a: 30, 502: 20 });
  });

  it('when all is well again is refused, and so is a decision that recommends nothing', async () => {
    const [{ id }] = await decisions();
    await harness.edge.clusters.a.recover();
    await rounds(20);
    const late = await apply(id);
    expect([late.status, late.body.detail]).toEqual([409, expect.stringContaining('Nothing is recommended now')]);
    expect(late.body.errors[0]).toMatchObject({
      pointer: 'clusters/a',
      detail: 'It was to have 0 %, and is to keep 60 to 100 % now.',
    });
    const [{ id: last }] = await decisions();
    expect((await apply(last)).body.detail).toContain('recommends nothing');
    expect((await apply('dec_none')).status).toBe(404);
  });
});
