import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { type Harness, quietApi } from './harness.ts';
import { type Said, saidOf } from './said.ts';
import { deleteRules, dropTags, movePoints } from './tamper.ts';
import { withdraw } from './withdraw.ts';

const EDGE = { fleet: 'prod', gateways: ['edge'] };
const ALWAYS = 1_000_000;
const NEW = { ...ROUTES.shop, hostnames: ['new.example.com'] };
const EXPIRED = { kind: 'error', code: 'InvalidSecurityToken.Expired', times: ALWAYS } as const;

describe.each(matrix(['mse', 'alb'] as const, 1))('bad input at %s', (provider) => {
  let harness: Harness;
  let said: Said;

  beforeEach(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    said = saidOf(harness);
    harness.forgetCalls();
  });
  afterEach(() => harness.close());

  async function sweepFor(seconds: number, each: () => unknown = () => undefined): Promise<void> {
    const untilMs = harness.clock.now() + seconds * 1000;
    while (harness.clock.now() < untilMs) {
      await each();
      await sweep(harness.deps());
      harness.clock.advance(5_000);
    }
  }

  it('a second gateway on one instance is refused where it is written', async () => {
    const { status } = await harness.api('PUT', `${FLEET}/gateways/twin`, { target: harness.edge.target });
    expect([409, 422]).toContain(status);
    expect((await harness.api('GET', `${FLEET}/gateways/twin`)).status).toBe(404);
  });

  it('an instance that is deleted while it serves is told within a minute, and so is its return', async () => {
    const { state, mse } = harness.cloud;
    const objects = [state.loadBalancers, state.listeners, state.rules, mse.gateways] as Map<string, unknown>[];
    const kept = objects.map((map) => [...map]);
    for (const map of objects) map.clear();
    await sweepFor(75);
    for (const place of ['', '/gateways/edge', '/routes/shop', '/clusters/a']) {
      expect(await said.condition(place, 'Programmed'), place).toBe('Unknown NotReadable');
      expect(await said.condition(place, 'Following'), place).toBe('Unknown NotReadable');
    }
    objects.forEach((map, index) => {
      for (const [id, object] of kept[index] ?? []) map.set(id, object);
    });
    await sweepFor(30);
    expect(await said.condition('/routes/shop', 'Programmed')).toBe('True Programmed');
  });

  it('keys that expire in the middle of a push are no refusal of what is pushed', async () => {
    const action = { alb: 'CreateRules', mse: 'AddGatewayRoute' }[provider];
    harness.cloud.faults.add({ ...EXPIRED, action });
    await harness.put(`${FLEET}/routes/new`, { ...NEW, rules: [{ backendRefs: [{ service: 'pay', port: 80 }] }] });
    const { sync, reading } = await said.get('/gateways/edge');
    expect(sync.state).toBe('Failed');
    expect(reading.deviations.filter(({ reason }: { reason: string }) => reason === 'Refused')).toEqual([]);
    expect(await said.parent('new', 'Programmed')).not.toMatch(/^True/);
    expect(await said.parent('shop', 'Programmed')).toBe('True Programmed');
    harness.cloud.faults.clear();
    await sweepFor(30);
    expect(await said.parent('new', 'Programmed')).toBe('True Programmed');
    expect((await harness.edge.get('new.example.com')).status).toBe(200);
  });

  it('a gateway that another controller edits every few seconds is told, and not fought over', async () => {
    let turn = 0;
    const edit = () => {
      turn++;
      movePoints(harness.cloud, '', (_, n) => (n === 0 ? 1 : 10 + turn), [`10.0.0.${turn}:80`]);
    };
    await sweepFor(120, edit);
    expect(harness.writes()).toEqual([]);
    expect(await said.condition('/gateways/edge', 'Drifted')).toBe('True ChangedAtGateway');
    expect(await said.condition('/gateways/edge', 'Following')).toBe('False Drifted');
  });

  it('a route that is deleted right after a shift is gone, and the others follow the shift', async () => {
    const round = () => runProbeRound(harness.deps());
    await sweepFor(15, round);
    const quiet = quietApi(harness);
    const expiresAt = new Date(harness.clock.now() + 3_600_000).toISOString();
    const rules = ['exclusive', 'min-serving', 'min-base'];
    await quiet('PUT', `${FLEET}/break-glasses/night`, { rules, reason: 'a test', expiresAt });
    await quiet('PUT', `${FLEET}/shifts/off`, { cluster: 'a', reason: 'a test', expiresAt });
    await quiet('DELETE', `${FLEET}/routes/ledger`, undefined, { 'if-match': '*' });
    await sweepFor(60, round);
    expect(await said.points('shop')).toEqual({ a: '0/0', b: '100/100' });
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
    expect((await harness.edge.get('x.ledger.example.com', '/v1')).status).not.toBe(200);
    expect((await said.get('/gateways/edge')).sync.state).toBe('Verified');
    expect((await said.get('/shifts/off')).state).toBe('applied');
  });

  it('a cluster that is withdrawn and serves all the same, since nobody else can, is told with its points', async () => {
    await withdraw(harness, EDGE, ['a', 'b']);
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ a: 6, b: 4 });
    expect(await said.points('shop')).toEqual({ a: '60/60', b: '40/40' });
    for (const cluster of ['a', 'b']) {
      expect(await said.condition(`/clusters/${cluster}`, 'Serving'), cluster).toBe('False StillServing');
    }
    expect((await said.get('/clusters/a')).gateways).toMatchObject([{ gateway: 'edge', maxPercent: 100 }]);
  });

  it('whatever is wrong with the objects of other routes, a failover is verified as soon as without it', async () => {
    const faults: Record<string, (at: Harness) => void> = {
      'nothing is wrong': () => undefined,
      'rules are gone': ({ cloud }) => deleteRules(cloud, 'ledger'),
      'tags are gone': ({ cloud }) => dropTags(cloud, 'pay'),
      'points are edited': ({ cloud }) => movePoints(cloud, 'pay', () => 7, ['10.9.9.9:80']),
      'new rules are refused': ({ cloud }) => {
        for (const action of ['CreateRules', 'AddGatewayRoute']) {
          cloud.faults.add({ kind: 'error', action, code: 'OperationDenied.Injected', times: ALWAYS });
        }
      },
    };
    const elapsed: Record<string, number> = {};
    for (const [name, plant] of Object.entries(faults)) {
      const other = await startFleet({ provider, jobLatencyMs: 20 });
      plant(other);
      await quietApi(other)('PUT', `${FLEET}/routes/new`, NEW);
      const startedMs = other.clock.now();
      await withdraw(other, EDGE, ['a']);
      elapsed[name] = other.clock.now() - startedMs;
      expect(await other.edge.split(10, 'shop.example.com'), name).toEqual({ b: 10 });
      expect(await saidOf(other).points('pinned'), name).toEqual({ b: '100/100' });
      await other.close();
    }
    for (const [name, ms] of Object.entries(elapsed))
      expect(ms, name).toBeLessThanOrEqual(elapsed['nothing is wrong'] ?? 0);
  });
});
