import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json } from './harness.ts';
import { type Said, saidOf } from './said.ts';
import { deleteRules, movePoints } from './tamper.ts';
import { withdraw } from './withdraw.ts';

const EDGE = { fleet: 'prod', gateways: ['edge'] };
const ALWAYS = 1_000_000;

/** What is looked at: the fleet, both clusters, the gateway and the route. */
const PLACES = ['', '/clusters/a', '/clusters/b', '/gateways/edge', '/routes/shop'];

describe.each(['alb', 'mse'] as const)('what is said of %s', (provider) => {
  let harness: Harness;
  let said: Said;

  beforeEach(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    said = saidOf(harness);
    harness.forgetCalls();
  });
  afterEach(() => harness.close());

  async function sweepFor(seconds: number): Promise<void> {
    const untilMs = harness.clock.now() + seconds * 1000;
    while (harness.clock.now() < untilMs) {
      await sweep(harness.deps());
      harness.clock.advance(5_000);
    }
  }

  it('T-1: a failover that the cloud throttles is shown as wanted beside verified, by conditions that are not true, and as an event', async () => {
    const settings = { ...harness.deps().settings, notificationTargets: ['pager'] };
    const { automation, health, failover } = await said.get('');
    const api = createApi(harness.deps({ settings }));
    await api(
      'PUT',
      FLEET,
      { automation, health, failover, notifications: [{ target: 'pager' }] },
      { 'if-match': '*' },
    );
    await sweepFor(10);
    harness.cloud.faults.add({ kind: 'throttle', times: ALWAYS });
    await withdraw(harness, EDGE, ['a']);
    await sweepFor(60);
    expect(await said.points('shop')).toEqual({ a: '0/60', b: '100/40' });
    for (const place of PLACES) {
      expect(await said.condition(place, 'Following'), place).toMatch(/^(False|Unknown) (NoProgress|NotReadable)$/);
    }
    expect((await said.get('/clusters/a')).gateways).toMatchObject([
      { gateway: 'edge', maxPercent: expect.any(Number) },
    ]);
    expect(await said.condition('/clusters/a', 'Serving')).toBe('False StillServing');
    await notifyIncidents(harness.deps());
    const { items } = await harness.deps().store.pendingDocuments('delivery', 100);
    const types = items.map(({ body }) => body.event.type);
    expect(types.some((type) => type === 'gateway.stalled' || type === 'gateway.unreadable')).toBe(true);

    harness.cloud.faults.clear();
    await sweepFor(30);
    expect(await said.points('shop')).toEqual({ a: '0/0', b: '100/100' });
    for (const place of PLACES) expect(await said.condition(place, 'Following'), place).toBe('True Following');
    const { conditions } = await said.get('/routes/shop');
    const { readAt } = (await said.get('/gateways/edge')).reading;
    expect(conditions.find(({ type }: Json) => type === 'Programmed').observedAt).toBe(readAt);
  });

  it('T-3: a route whose objects somebody deleted is not programmed, whatever else is published, and explain says so', async () => {
    deleteRules(harness.cloud, 'ledger');
    harness.clock.advance(60_000);
    await sweep(harness.deps());
    const ledger = async () => ({
      isServed: (await harness.edge.get('x.ledger.example.com', '/v1')).status === 200,
      isSaid: (await said.parent('ledger', 'Programmed')) === 'True Programmed',
      isExplained: (await said.get('/routes/ledger/explain')).gateways[0].state === 'Verified',
    });
    expect(await ledger()).toEqual({ isServed: false, isSaid: false, isExplained: false });
    for (const place of ['/routes/ledger', '/gateways/edge', '']) {
      expect(await said.condition(place, 'Programmed'), place).toBe('False Drifted');
    }
    await harness.put(`${FLEET}/routes/other`, { ...ROUTES.shop, hostnames: ['other.example.com'] });
    const { isServed } = await ledger();
    expect(await ledger()).toEqual({ isServed, isSaid: isServed, isExplained: isServed });
    expect(await said.parent('other', 'Programmed')).toBe('True Programmed');
    expect(await said.parent('shop', 'Following')).toBe('True Following');
  });

  it('an edit that waits is not programmed, although what was there before it is', async () => {
    harness.cloud.faults.add({ kind: 'drop', times: ALWAYS });
    await harness.put(`${FLEET}/routes/shop`, { ...ROUTES.shop, hostnames: ['edited.example.com'] });
    for (const place of ['/routes/shop', '/gateways/edge', '']) {
      expect(await said.condition(place, 'Programmed'), place).toMatch(/^(False|Unknown) /);
    }
    expect(await said.parent('ledger', 'Programmed')).toBe('True Programmed');
  });

  it('points that are not the wanted ones are not followed, whatever waits or does not', async () => {
    await withdraw(harness, { fleet: 'prod', gateways: [] }, ['a']);
    expect(await said.points('shop')).toEqual({ a: '0/60', b: '100/40' });
    expect(await said.parent('shop', 'Following')).toBe('False Pending');
  });

  it('what nobody has read for a while is not known', async () => {
    harness.clock.advance(600_000);
    for (const place of PLACES) {
      for (const type of ['Programmed', 'Following']) {
        expect(await said.condition(place, type), place).toBe('Unknown Stale');
      }
    }
  });

  it('T-8: a dry run of a new route says that nothing was pushed', async () => {
    const spec = { ...ROUTES.shop, hostnames: ['new.example.com'] };
    const { status, body } = await harness.api('PUT', `${FLEET}/routes/new?dryRun=true`, spec);
    expect(status).toBe(200);
    const told = [...body.conditions, ...body.parents.flatMap(({ conditions }: Json) => conditions)];
    for (const condition of told.filter(({ type }: Json) => type === 'Programmed' || type === 'Following')) {
      expect(condition).toMatchObject({ status: 'False', reason: 'DryRun' });
    }
    expect((await harness.api('GET', `${FLEET}/routes/new`)).status).toBe(404);
  });

  it('T-9: of two shifts that leave nobody, none is applied whose cluster is served from all the same', async () => {
    const expiresAt = new Date(harness.clock.now() + 3_600_000).toISOString();
    const rules = ['exclusive', 'min-serving', 'min-base', 'never-empty'];
    await harness.put(`${FLEET}/break-glasses/night`, { rules, reason: 'a long night', expiresAt });
    for (const cluster of ['a', 'b']) {
      await harness.api('PUT', `${FLEET}/shifts/off-${cluster}`, { cluster, reason: 'a long night', expiresAt });
      harness.clock.advance(1_000);
    }
    const served = await harness.edge.split(20, 'shop.example.com');
    for (const cluster of ['a', 'b']) {
      const { body } = await harness.api('GET', `${FLEET}/shifts/off-${cluster}`);
      if (body.state === 'applied') expect(served[cluster] ?? 0, `${cluster} is said to be empty`).toBe(0);
    }
    expect(Object.values(served).reduce((sum, count) => sum + count, 0)).toBe(20);
  });

  it('T-14: a plan right after drift tells the drift with its fields, and promises to undo it only where that is done', async () => {
    movePoints(harness.cloud, '', ({ Weight }, n) => (n === 0 ? 1 : Weight), ['10.9.9.9:80']);
    harness.clock.advance(60_000);
    await sweep(harness.deps());
    const { reading } = await said.get('/gateways/edge');
    expect(reading.deviationCount).toBeGreaterThan(0);
    const dry = await harness.api('PUT', `${FLEET}/routes/new?dryRun=true`, {
      ...ROUTES.shop,
      hostnames: ['new.example.com'],
    });
    const [plan] = dry.body.dryRun.plans;
    expect(plan.drift).toHaveLength(reading.deviationCount);
    for (const { before, after, cause } of plan.drift)
      expect({ before, after, cause }).toMatchObject({ before: {}, after: {}, cause: 'drift' });
    const codes = plan.notices.map(({ code }: Json) => code);
    expect(codes).toContain('leaves-drift');
    expect(codes).not.toContain('reverts-drift');
  });
});

describe('what is said of both', () => {
  it('T-2: a server group that has lost its tag is found by its rules, moved, verified and tagged again', async () => {
    const harness = await startFleet({ jobLatencyMs: 20 });
    const said = saidOf(harness);
    const groups = [...harness.cloud.state.serverGroups.values()];
    const ours = groups.filter(({ Tags }) => Tags.length > 0);
    for (const group of ours) group.Tags = [];
    await withdraw(harness, EDGE, ['a']);
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ b: 20 });
    expect(await said.points('shop')).toEqual({ a: '0/0', b: '100/100' });
    expect(await said.parent('shop', 'Following')).toBe('True Following');
    harness.clock.advance(60_000);
    await sweep(harness.deps());
    expect(harness.cloud.state.serverGroups.size, 'no second group is made').toBe(groups.length);
    for (const { Tags } of ours) expect(Tags).toContainEqual(expect.objectContaining({ Key: 'fairlead-owner' }));
    await harness.close();
  });

  it.each(['alb', 'mse'] as const)(
    'T-13: an edit of weights changes points in place at %s and renames nothing',
    async (provider) => {
      const harness = await startFleet({ provider, jobLatencyMs: 20 });
      harness.forgetCalls();
      const clusters = ['a', 'b'].map((cluster) => ({ cluster, weight: 50 }));
      await harness.put(`${FLEET}/routes/shop`, { ...ROUTES.shop, distribution: { strategy: 'weighted', clusters } });
      const writes = { alb: ['UpdateServerGroupServersAttribute'], mse: ['UpdateGatewayRoute', 'ApplyGatewayRoute'] };
      expect(harness.writes()).toEqual(writes[provider]);
      expect(await saidOf(harness).points('shop')).toEqual({ a: '50/50', b: '50/50' });
      expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ a: 10, b: 10 });
      await harness.close();
    },
  );
});
