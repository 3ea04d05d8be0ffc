import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';
import { type Said, saidOf } from './said.ts';
import { itemsOf, replaceItems } from './saved.ts';
import { movePoints, shadowRoute, shadowRule } from './tamper.ts';

const ALWAYS = 1_000_000;

describe.each(matrix(['mse', 'alb'] as const, 1))('objects at %s', (provider) => {
  let harness: Harness;
  let said: Said;

  beforeEach(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    said = saidOf(harness);
  });
  afterEach(() => harness.close());

  async function sweepLater(ms: number): Promise<void> {
    harness.clock.advance(ms);
    await sweep(harness.deps());
  }

  const statusOf = async (host: string) => (await harness.edge.get(host)).status;

  it('that a restored backup does not know are listed, serve on, and go when they are found again ten minutes later', async () => {
    const client = harness.connect();
    const backup = await itemsOf(client);
    await harness.put(`${FLEET}/routes/later`, { ...ROUTES.shop, hostnames: ['later.example.com'] });
    await replaceItems(client, backup);
    client.destroy();
    await sweepLater(60_000);
    expect((await said.get('/gateways/edge')).reading.orphans.length).toBeGreaterThan(0);
    await sweepLater(60_000);
    expect(await statusOf('later.example.com')).toBe(200);
    await sweepLater(600_000);
    expect(await statusOf('later.example.com')).not.toBe(200);
    expect((await said.get('/gateways/edge')).reading.orphans).toEqual([]);
    expect(await statusOf('shop.example.com')).toBe(200);
  });

  it('that serve a route stay in every run in which what takes their place is refused', async () => {
    const action = { alb: 'CreateRules', mse: 'AddGatewayRoute' }[provider];
    const code = { alb: 'OperationDenied.Injected', mse: 'NoPermission' }[provider];
    harness.cloud.faults.add({ kind: 'error', action, code, times: ALWAYS });
    const edited = { ...ROUTES.shop, hostnames: ['edited.example.com'] };
    await harness.put(`${FLEET}/routes/shop`, edited);
    for (let run = 0; run < 4; run++) {
      expect(await statusOf('shop.example.com'), `after ${run} more runs`).toBe(200);
      expect(await said.parent('shop', 'Programmed')).toBe('False Refused');
      await sweepLater(35_000);
    }
    harness.cloud.faults.clear();
    await sweepLater(900_000);
    expect(await statusOf('edited.example.com')).toBe(200);
    expect(await said.parent('shop', 'Programmed')).toBe('True Programmed');
  });

  it('whose requests a rule of somebody else takes are shadowed, and so are their routes, until it is gone', async () => {
    const { state, mse } = harness.cloud;
    const rule = [...state.rules.values()].find(({ RuleName }) => RuleName.includes('ledger'));
    const gateway = [...mse.gateways.values()][0];
    const route = [...(gateway?.routes.values() ?? [])].find(({ Name }) => Name.includes('-shop-'));
    const [name, undo] = rule
      ? ['ledger', shadowRule(state, rule)]
      : ['shop', gateway && route && shadowRoute(gateway, route)];
    await sweepLater(60_000);
    for (const type of ['Programmed', 'Following']) {
      expect(await said.parent(name, type), type).toBe('False Shadowed');
      expect(await said.condition('/gateways/edge', type), type).not.toMatch(/^True/);
    }
    undo?.();
    await sweepLater(60_000);
    expect(await said.parent(name, 'Programmed')).toBe('True Programmed');
  });

  it('that do not follow a shift keep it from being applied, and so does who edits them afterwards', async () => {
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) {
        await runProbeRound(harness.deps());
        harness.clock.advance(5_000);
      }
    };
    const shift = async () => {
      const { state, conditions } = await said.get('/shifts/off');
      return `${state}, ${conditions[0].type} ${conditions[0].status}`;
    };
    await rounds(3);
    harness.cloud.faults.add({ kind: 'drop', times: ALWAYS });
    const expiresAt = new Date(harness.clock.now() + 3_600_000).toISOString();
    await harness.put(`${FLEET}/shifts/off`, { cluster: 'a', reason: 'a test', expiresAt });
    expect(await shift()).toMatch(/^moving, Following (False|Unknown)$/);
    harness.cloud.faults.clear();
    await rounds(6);
    await sweepLater(30_000);
    await rounds(2);
    expect(await shift()).toBe('applied, Following True');
    const { host, port } = harness.edge.clusters.a.address;
    movePoints(harness.cloud, 'shop', () => 50, [`${host}:${port}`]);
    await sweepLater(60_000);
    expect(await shift()).toBe('moving, Following False');
  });
});
