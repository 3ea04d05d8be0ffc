import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { type Harness, quietApi } from './harness.ts';

describe('a declared fleet', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startFleet();
  });
  afterAll(() => harness.close());

  it('reaches the gateway, and says so at every resource once it is read back', async () => {
    const { body: gateway } = await harness.api('GET', `${FLEET}/gateways/edge`);
    expect(gateway.sync).toMatchObject({ state: 'Verified', attempts: 0 });
    expect(gateway.address).toContain('alb');
    for (const path of ['/routes/shop', '/services/shop', '/clusters/a', '/gateways/edge', '']) {
      const { body } = await harness.api('GET', FLEET + path);
      expect(body.conditions, path).toContainEqual(
        expect.objectContaining({ type: 'Programmed', status: 'True', observedRevision: body.revision }),
      );
    }
  });

  it('splits requests by the declared weights', async () => {
    const counts = await harness.edge.split(200, 'shop.example.com');
    expect(counts).toEqual({ a: 120, b: 80 });
  });

  it('sends the pinned header to its cluster, every time', async () => {
    expect(await harness.edge.split(100, 'shop.example.com', { 'x-pin': 'b' })).toEqual({ b: 100 });
  });

  it('serves from the first tier only, under the wildcard host and the path prefix', async () => {
    expect(await harness.edge.get('eu.ledger.example.com', '/v1/accounts')).toMatchObject({ cluster: 'a' });
    expect(await harness.edge.get('eu.ledger.example.com', '/v1')).toMatchObject({ cluster: 'a' });
    expect(await harness.edge.get('eu.ledger.example.com', '/v1x')).toMatchObject({ status: 503 });
    expect(await harness.edge.get('elsewhere.example.com')).toMatchObject({ status: 503 });
  });

  it('is reconciled a second time without a single write', async () => {
    harness.forgetCalls();
    const { body } = await harness.api('POST', `${FLEET}/gateways/edge/apply`);
    expect(body).toMatchObject({ state: 'Succeeded' });
    expect(harness.writes()).toEqual([]);
  });

  it('changes weights without touching a rule, and rules without touching a weight', async () => {
    harness.forgetCalls();
    const clusters = [
      { cluster: 'a', weight: 25 },
      { cluster: 'b', weight: 75 },
    ];
    const service = {
      ports: [{ name: 'http', port: 80 }],
      exports: [
        { cluster: 'a', replicas: 1 },
        { cluster: 'b', replicas: 3 },
      ],
    };
    await harness.put(`${FLEET}/services/shop`, service);
    expect(harness.writes()).toEqual([]);
    await harness.put(`${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames: ['extra.example.com'] });
    expect(harness.writes()).toEqual(['CreateRules']);
    expect(await harness.edge.split(10, 'extra.example.com')).toEqual({ a: 6, b: 4 });
    harness.forgetCalls();
    await harness.put(`${FLEET}/routes/extra`, {
      ...ROUTES.shop,
      hostnames: ['extra.example.com'],
      distribution: { strategy: 'weighted', clusters },
    });
    expect(await harness.edge.split(8, 'extra.example.com')).toEqual({ a: 2, b: 6 });
  });

  it('takes away what is no longer declared, and only that', async () => {
    const foreign = harness.cloud.state.serverGroups.size;
    expect((await harness.api('DELETE', `${FLEET}/routes/extra`, undefined, { 'if-match': '*' })).status).toBe(204);
    expect(await harness.edge.get('extra.example.com')).toMatchObject({ status: 503 });
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ a: 6, b: 4 });
    expect(harness.cloud.state.serverGroups.size).toBe(foreign - 1);
    const [listener] = harness.cloud.state.listeners.values();
    expect(harness.cloud.state.serverGroups.has(listener?.DefaultServerGroupId ?? '')).toBe(true);
  });

  it('gives the traffic back when its rule was deleted behind our back', async () => {
    const rule = [...harness.cloud.state.rules.values()].find((item) => JSON.stringify(item).includes('ledger'));
    harness.cloud.state.rules.delete(rule?.RuleId ?? '');
    expect(await harness.edge.get('eu.ledger.example.com', '/v1')).toMatchObject({ status: 503 });
    const plan = await harness.api('POST', `${FLEET}/gateways/edge/plan`);
    expect(plan.body.changes).toMatchObject([{ verb: 'create', kind: 'Rule' }]);
    const { body } = await harness.api('POST', `${FLEET}/gateways/edge/apply?digest=${plan.body.digest}`);
    expect(body).toMatchObject({ state: 'Succeeded' });
    expect(await harness.edge.get('eu.ledger.example.com', '/v1')).toMatchObject({ cluster: 'a' });
  });
});

describe('ownership policies', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startFleet();
  });
  afterAll(() => harness.close());

  const setPolicy = async (policy: string) => {
    const { body } = await harness.api('GET', `${FLEET}/gateways/edge`);
    await harness.put(`${FLEET}/gateways/edge`, { target: body.target, policy });
  };

  it('upsert-only adds and changes, and deletes nothing', async () => {
    await setPolicy('upsert-only');
    harness.forgetCalls();
    await harness.api('DELETE', `${FLEET}/routes/ledger`, undefined, { 'if-match': '*' });
    expect(harness.writes()).toEqual([]);
    expect(await harness.edge.get('eu.ledger.example.com', '/v1')).toMatchObject({ cluster: 'a' });
  });

  it('observe-only writes nothing, and says what differs', async () => {
    await setPolicy('observe-only');
    harness.forgetCalls();
    await harness.put(`${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames: ['extra.example.com'] });
    expect(harness.writes()).toEqual([]);
    const { body } = await harness.api('GET', `${FLEET}/gateways/edge`);
    expect(body.sync).toMatchObject({ state: 'Diverged', reason: 'ObserveOnly' });
  });
});

describe('a gateway whose changes are accepted', () => {
  it('is called pushed until they are read back, and verified only then', async () => {
    const harness = await startFleet();
    const states: string[] = [];
    const { store } = harness.deps();
    const watched = {
      ...store,
      putSync: (...args: Parameters<typeof store.putSync>) => {
        states.push(args[0].state);
        return store.putSync(...args);
      },
    };
    const deps = harness.deps({ store: watched });
    await quietApi(harness)('PUT', `${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames: ['extra.example.com'] });
    await reconcileGateway(deps, 'prod', 'edge');
    expect(states.slice(-2)).toEqual(['Pushed', 'Verified']);
    await harness.close();
  });
});
