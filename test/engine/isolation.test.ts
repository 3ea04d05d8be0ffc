import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

const CREATIONS = { alb: 'CreateRules', mse: 'AddGatewayRoute' } as const;

describe.each(matrix(['mse', 'alb'] as const, 1))('what %s refuses', (provider) => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startFleet({ provider });
  });
  afterEach(() => harness.close());

  const condition = async (place: string, type: string): Promise<Json> => {
    const { body } = await harness.api('GET', `${FLEET}${place}`);
    return body.conditions.find((item: Json) => item.type === type);
  };

  it('of an edit leaves the rule before it, which goes on serving until the new one is there', async () => {
    harness.cloud.faults.add({ kind: 'error', action: CREATIONS[provider], code: 'IllegalParam.RuleName', times: 1 });
    await harness.put(`${FLEET}/routes/shop`, { ...ROUTES.shop, hostnames: ['new.example.com'] });
    expect(await condition('/routes/shop', 'Programmed')).toMatchObject({
      status: 'False',
      reason: 'Refused',
      arguments: expect.objectContaining({ code: 'IllegalParam.RuleName' }),
    });
    expect(await harness.edge.get('shop.example.com')).toMatchObject({ status: 200 });
    harness.clock.advance(20_000);
    await sweep(harness.deps());
    expect(await harness.edge.get('new.example.com')).toMatchObject({ status: 200 });
    expect(await harness.edge.get('shop.example.com')).not.toMatchObject({ status: 200 });
    expect((await condition('/routes/shop', 'Programmed')).status).toBe('True');
  });

  it('concerns that route alone: others are edited and deleted meanwhile, and a cluster that fails is left', async () => {
    harness.cloud.faults.add({ kind: 'error', action: CREATIONS[provider], code: 'IllegalParam.RuleName', times: 1 });
    await harness.put(`${FLEET}/routes/extra`, { ...ROUTES.ledger, hostnames: ['extra.example.com'] });
    expect((await condition('/routes/extra', 'Programmed')).reason).toBe('Refused');
    expect((await condition('/gateways/edge', 'Programmed')).reason).toBe('Refused');
    await harness.api('DELETE', `${FLEET}/routes/ledger`, undefined, { 'if-match': '*' });
    expect(await harness.edge.get('ledger.example.com', '/v1')).not.toMatchObject({ status: 200 });
    await harness.put(`${FLEET}/services/pay`, {
      ports: [{ name: 'http', port: 80 }],
      exports: [{ cluster: 'a' }, { cluster: 'b' }],
      displayName: 'Pay',
    });
    const { items: operations } = (await harness.api('GET', `${FLEET}/operations`)).body;
    expect(operations[0]).toMatchObject({ action: 'service.update', state: 'Succeeded' });
    await harness.put(`${FLEET}/distributions/main`, { strategy: 'replicas' });
    const [last] = (await harness.api('GET', `${FLEET}/operations`)).body.items;
    expect(last).toMatchObject({ action: 'distribution.create', state: 'Succeeded' });
    expect((await condition('/distributions/main', 'Programmed')).status).toBe('True');
    expect(operations.find(({ action }: Json) => action === 'route.create')).toMatchObject({ state: 'Failed' });
    await harness.put(`${FLEET}/routes/second`, { ...ROUTES.shop, hostnames: ['second.example.com'] });
    expect((await condition('/routes/second', 'Programmed')).status).toBe('True');
  });
});
