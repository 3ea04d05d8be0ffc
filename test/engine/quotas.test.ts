import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { commitRoute } from './commit-route.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

describe('the quotas of a gateway', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startFleet({ jobLatencyMs: 20 });
  });
  afterAll(() => harness.close());

  /**
   * Declares the routes from one number to another, each with a host name of its own. Two services share them, because
   * 50 rules may refer to a group.
   */
  async function declareRoutes(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      const rules = [{ backendRefs: [{ service: index % 2 ? 'shop' : 'pay', port: 80 }] }];
      const spec = { ...ROUTES.shop, hostnames: [`q${index}.example.com`], rules };
      await commitRoute(harness.deps(), { fleet: 'prod', name: `q${index}` }, spec);
    }
  }

  const gateway = async (): Promise<Json> => (await harness.api('GET', `${FLEET}/gateways/edge`)).body;
  const withinQuotas = async () =>
    (await gateway()).conditions.find((condition: Json) => condition.type === 'WithinQuotas');

  it('are shown with their use, and say nothing while there is room', async () => {
    expect(await withinQuotas()).toMatchObject({ status: 'True', reason: 'Room' });
    expect((await gateway()).sync.quotas).toContainEqual({
      quota: 'rules of the load balancer',
      used: 3,
      allowed: 100,
    });
  });

  it('warn from four fifths on, in the plan and at the gateway', async () => {
    await declareRoutes(0, 80);
    const plan = (await harness.api('POST', `${FLEET}/gateways/edge/plan`)).body;
    expect(plan.notices).toContainEqual({
      code: 'near-quota',
      message: 'rules of the load balancer: 83 of 100 would be in use.',
    });
    expect(await reconcileGateway(harness.deps(), 'prod', 'edge')).toMatchObject({ state: 'Verified' });
    expect(await withinQuotas()).toMatchObject({
      status: 'True',
      reason: 'NearQuota',
      message: expect.stringContaining('rules of the load balancer: 83 of 100.'),
    });
  });

  it('keep out what exceeds them and nothing else, by name, use and the gateways that would hold it', async () => {
    await declareRoutes(80, 105);
    harness.forgetCalls();
    const refused = await reconcileGateway(harness.deps(), 'prod', 'edge');
    expect(refused).toMatchObject({ state: 'Diverged', reason: 'Refused' });
    expect(refused.message).toContain('rules of the load balancer: 108 used, 100 allowed');
    expect(refused.message).toMatch(/2 gateways like this one would hold it/);
    const created = refused.changes.filter(({ verb, kind }) => verb === 'create' && kind === 'Rule');
    expect(created).toHaveLength(17);
    expect(await withinQuotas()).toMatchObject({ status: 'False', reason: 'Exceeded' });
    expect(await harness.edge.get('q79.example.com')).toMatchObject({ status: 200 });
    const plan = (await harness.api('POST', `${FLEET}/gateways/edge/plan`)).body;
    expect(plan.findings).toContainEqual(expect.objectContaining({ code: 'quota-exceeded' }));
  });
});
