import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

/** Two services with one split stand in one placement until a shift moves one of them by itself. */
describe.each(['alb', 'mse'] as const)('behind %s, a shift of one service', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider });
    const { distribution } = ROUTES.shop;
    const rules = [{ backendRefs: [{ service: 'pay', port: 80 }] }];
    await harness.put(`${FLEET}/routes/ledger`, {
      gateways: ['edge'],
      hostnames: ['pay.example.com'],
      rules,
      distribution,
    });
    const { health } = await get('');
    const failover = { failback: { mode: 'ramp', rampSeconds: 20, stepPercent: 40 } };
    await harness.put(FLEET, { automation: 'automatic', health, failover });
    await rounds(3);
  });
  afterEach(() => harness.close());

  async function rounds(n: number): Promise<void> {
    for (let round = 0; round < n; round++) {
      await runProbeRound(harness.deps());
      harness.clock.advance(5000);
    }
  }

  const get = async (path: string): Promise<Json> => (await harness.api('GET', `${FLEET}${path}`)).body;
  const until = () => new Date(harness.clock.now() + 3_600_000).toISOString();
  const put = (name: string, fields: object = {}) =>
    harness.api('PUT', `${FLEET}/shifts/${name}`, {
      cluster: 'a',
      service: 'shop',
      reason: 'r',
      expiresAt: until(),
      ...fields,
    });
  const post = (path: string, body: object) => harness.api('POST', `${FLEET}${path}`, { reason: 'flood', ...body });
  const splits = async () => [
    await harness.edge.split(50, 'shop.example.com'),
    await harness.edge.split(50, 'pay.example.com'),
  ];
  const shareOf = async (route: string) => (await get(`/routes/${route}`)).shares[0].clusters[0];

  it('moves its traffic and no other, tells so everywhere, and comes back by steps', async () => {
    expect(await splits()).toEqual([
      { a: 30, b: 20 },
      { a: 30, b: 20 },
    ]);
    expect((await put('off')).status).toBe(201);
    await rounds(2);
    expect(await splits()).toEqual([{ b: 50 }, { a: 30, b: 20 }]);
    expect(await get('/shifts/off')).toMatchObject({
      ...{ service: 'shop', state: 'applied', currentPercent: 0, conditions: [{ status: 'True' }] },
      gateways: [{ gateway: 'edge', pools: 1, maxPercent: 0 }],
    });
    const a = { cluster: 'a', declaredPercent: 60 };
    expect(await shareOf('shop')).toMatchObject({
      ...{ ...a, effectivePercent: 0, reason: 'Drained' },
      message: 'Somebody has taken it out by the shift off, as long as others can serve.',
    });
    expect(await shareOf('ledger')).toMatchObject({ ...a, effectivePercent: 60, reason: 'AsDeclared' });
    const { backends } = await get('/routes/shop/explain');
    expect(backends[0].steps).toContainEqual(
      expect.objectContaining({ step: 'withdrawal', cluster: 'a', before: 60, after: 0, reason: 'Drained' }),
    );
    expect(await get('/clusters/a')).toMatchObject({ standing: { state: 'up' } });
    expect(await get('/status')).toMatchObject({
      shifts: [{ shift: 'off', service: 'shop', cluster: 'a' }],
      calls: [{ path: `${FLEET}/returns`, body: { cluster: 'a', service: 'shop' } }],
      summary: expect.stringMatching(/^a: the shift off of api drains shop until /),
    });
    await harness.api('DELETE', `${FLEET}/shifts/off`);
    const seen: number[] = [];
    for (let round = 0; round < 10; round++) {
      seen.push((await shareOf('shop')).effectivePercent);
      const { state, currentPercent } = await get('/shifts/off');
      if (seen.at(-1) !== 60) expect([state, currentPercent]).toEqual(['returning', expect.any(Number)]);
      await rounds(1);
    }
    expect([...new Set(seen)].length, `by steps: ${seen}`).toBeGreaterThan(2);
    expect(seen.every((own, index) => own - (seen[index - 1] ?? 0) <= 24)).toBe(true);
    expect(await get('/shifts/off')).toMatchObject({ state: 'ended', endedBy: 'api', currentPercent: 100 });
    expect(await splits()).toEqual([
      { a: 30, b: 20 },
      { a: 30, b: 20 },
    ]);
    expect((await harness.deps().store.traffic('prod')).allocation.backends).toEqual([]);
  });

  it('is an evacuation and a return of one service, too', async () => {
    const { body } = await post('/evacuations', { cluster: 'a', service: 'shop' });
    expect(body).toMatchObject({ clusters: [{ cluster: 'a', shift: 'evacuation-a-shop' }] });
    expect(body.points).toContainEqual({
      cluster: 'a',
      before: { minPercent: 60, maxPercent: 60 },
      after: { minPercent: 0, maxPercent: 60 },
    });
    expect((await post('/evacuations', { cluster: 'a', service: 'shop' })).body.decision, 'sent again').toBeUndefined();
    await rounds(2);
    expect(await splits()).toEqual([{ b: 50 }, { a: 30, b: 20 }]);
    const back = await post('/returns', { cluster: 'a', service: 'shop', reason: undefined });
    expect(back.body.clusters).toMatchObject([
      { cluster: 'a', standing: 'up', endedShifts: ['evacuation-a-shop'], waitsFor: [{ reason: 'Ramping' }] },
    ]);
    expect((await get('/status')).summary).toContain('shop is to have');
    await rounds(10);
    expect(await splits()).toEqual([
      { a: 30, b: 20 },
      { a: 30, b: 20 },
    ]);
  });

  it('is refused of a service that is not there, with keep, and where nobody would be left to serve it', async () => {
    const unknown = await put('off', { service: 'nope' });
    expect([unknown.status, unknown.body.errors]).toMatchObject([422, [{ pointer: '#/service' }]]);
    for (const path of ['/evacuations', '/returns']) {
      const answer = await post(path, {
        cluster: 'a',
        service: 'nope',
        ...(path === '/returns' && { reason: undefined }),
      });
      expect([answer.status, answer.body.errors]).toMatchObject([422, [{ pointer: '#/service' }]]);
    }
    for (const fields of [{ mode: 'keep' }, { percent: 100 }]) {
      const kept = await put('off', fields);
      expect([kept.status, kept.body.errors]).toMatchObject([
        400,
        [{ pointer: '#/service', detail: expect.stringContaining('health is known of clusters, not of services') }],
      ]);
    }
    expect((await put('off', { mode: 'isolate' })).status).toBe(201);
    const last = await put('off-b', { cluster: 'b', mode: 'isolate' });
    expect([last.status, last.body.detail]).toMatchObject([
      409,
      expect.stringContaining('no cluster would be left that may serve shop'),
    ]);
    expect((await put('pay', { cluster: 'b', service: 'pay', mode: 'isolate' })).status, 'of another service').toBe(
      201,
    );
    const second = await put('more', {});
    expect([second.status, second.body.code]).toEqual([409, 'already-live']);
  });

  it('may be rehearsed: a drill of one service passes on what was read of its pools', async () => {
    const { health } = await get('');
    const drills = [{ name: 'lose-shop', cluster: 'a', service: 'shop', durationSeconds: 10 }];
    const failover = { failback: { mode: 'ramp', rampSeconds: 10, stepPercent: 100 } };
    await harness.put(FLEET, { automation: 'automatic', health, failover, drills });
    await rounds(1);
    const started = await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-shop' });
    expect(started.body).toMatchObject({ cluster: 'a', service: 'shop', clusters: ['a'] });
    await rounds(2);
    expect(await splits()).toEqual([{ b: 50 }, { a: 30, b: 20 }]);
    await rounds(8);
    const run = await get(`/drill-runs/${started.body.id}`);
    expect(run).toMatchObject({ state: 'passed', percent: 100 });
    const { shares } = await get(`/drill-runs/${run.id}/report`);
    expect(shares.every(({ backends }: Json) => backends.every(({ services }: Json) => services[0] === 'shop'))).toBe(
      true,
    );
    expect(await splits()).toEqual([
      { a: 30, b: 20 },
      { a: 30, b: 20 },
    ]);
  });
});
