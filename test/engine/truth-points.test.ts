import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';
import { type Said, saidOf } from './said.ts';
import { deleteServiceOf, editPercentages } from './tamper.ts';
import { withdraw } from './withdraw.ts';

let harness: Harness;
let said: Said;

async function readAgain(): Promise<void> {
  harness.clock.advance(60_000);
  await sweep(harness.deps());
}

const EDGE = { fleet: 'prod', gateways: ['edge'] };
const ALWAYS = 1_000_000;
const onlyTo = (cluster: string) => ({
  ...ROUTES.shop,
  distribution: { strategy: 'weighted', clusters: [{ cluster }] },
});

describe.each(matrix(['mse', 'alb'] as const, 1))('the points that are told of %s', (provider) => {
  beforeEach(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    said = saidOf(harness);
  });
  afterEach(() => harness.close());

  it('name a cluster that is no member any more for as long as it gets requests', async () => {
    for (const action of [
      'UpdateServerGroupServersAttribute',
      'AddServersToServerGroup',
      'RemoveServersFromServerGroup',
      'ReplaceServersInServerGroup',
      'UpdateGatewayRoute',
      'UpdateGatewayService',
    ]) {
      harness.cloud.faults.add({ kind: 'throttle', action, times: ALWAYS });
    }
    await harness.put(`${FLEET}/routes/shop`, onlyTo('b'));
    await readAgain();
    expect((await harness.edge.split(10, 'shop.example.com'))['a']).toBe(6);
    const { a = 'cannot be told', b } = await said.points('shop');
    expect([a, b]).toEqual(provider === 'alb' ? ['0/60', '100/40'] : ['cannot be told', '100/undefined']);
    expect(await said.condition('/clusters/a', 'Following')).not.toBe('True Following');
    expect(await said.condition('/gateways/edge', 'Programmed')).not.toBe('True Programmed');
    harness.cloud.faults.clear();
    await readAgain();
    expect(await said.points('shop')).not.toHaveProperty('a', '0/60');
    expect(await said.parent('shop', 'Following')).toBe('True Following');
  });
});

describe('the points that are told of mse', () => {
  beforeEach(async () => {
    harness = await startFleet({ provider: 'mse', jobLatencyMs: 20 });
    said = saidOf(harness);
  });
  afterEach(() => harness.close());

  it('are not told from what is declared while a route was found with other percentages, a failover or not', async () => {
    editPercentages(harness.cloud, [99, 1]);
    await readAgain();
    expect(await said.parent('shop', 'Following')).toBe('False Drifted');
    await withdraw(harness, EDGE, []);
    expect(await said.parent('shop', 'Following')).toBe('False Drifted');
    expect(await said.points('shop')).toEqual({ a: '60/undefined', b: '40/undefined' });
  });

  it('are told as soon as an apply has made again what somebody deleted', async () => {
    deleteServiceOf(harness.cloud, '-shop-');
    await harness.api('POST', `${FLEET}/gateways/edge/apply`);
    expect(await said.parent('shop', 'Programmed')).toBe('True Programmed');
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ a: 6, b: 4 });
    expect(await said.points('shop')).toEqual({ a: '60/60', b: '40/40' });
    for (const place of ['/gateways/edge', '/routes/shop']) {
      expect(await said.condition(place, 'Following'), place).toBe('True Following');
    }
  });

  it('are told again as soon as an apply has undone what somebody edited', async () => {
    editPercentages(harness.cloud, [99, 1]);
    await harness.api('POST', `${FLEET}/gateways/edge/apply`);
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ a: 6, b: 4 });
    expect(await said.points('shop')).toEqual({ a: '60/60', b: '40/40' });
    expect(await said.parent('shop', 'Following')).toBe('True Following');
  });
});
