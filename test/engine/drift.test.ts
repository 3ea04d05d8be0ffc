import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { matrix } from '../matrix.ts';
import { EDITS } from './console.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

const SWEEP_AFTER_MS = 301_000;

describe.each(matrix(['alb', 'mse'] as const, 1))('what somebody changes at %s itself', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    await EDITS[provider](harness);
    harness.clock.advance(1_000);
    await harness.cloud.runDue();
    harness.forgetCalls();
  });
  afterEach(() => harness.close());

  const gateway = async (): Promise<Json> => (await harness.api('GET', `${FLEET}/gateways/edge`)).body;
  const drifted = async () => (await gateway()).conditions.find((condition: Json) => condition.type === 'Drifted');

  async function setPolicy(drift: string): Promise<void> {
    const { target } = await gateway();
    await harness.put(`${FLEET}/gateways/edge`, { target, drift });
    harness.forgetCalls();
  }

  async function sweepLater(): Promise<void> {
    harness.clock.advance(SWEEP_AFTER_MS);
    await sweep(harness.deps());
  }

  it('is found by the sweep, said, and left alone by policy alert, also when something else is published', async () => {
    await sweepLater();
    expect(harness.writes()).toEqual([]);
    expect((await gateway()).sync).toMatchObject({ state: 'Diverged', reason: 'Drifted' });
    const { deviations } = (await gateway()).reading;
    expect(deviations.length).toBeGreaterThan(0);
    for (const deviation of deviations) {
      expect(deviation).toMatchObject({ reason: 'Drifted', verb: 'update', changes: [expect.objectContaining({})] });
    }
    expect(await drifted()).toMatchObject({ status: 'True', reason: 'ChangedAtGateway' });

    await harness.put(`${FLEET}/routes/ledger`, { ...ROUTES.ledger, hostnames: ['books.example.com'] });
    expect(await harness.edge.get('books.example.com', '/v1')).toMatchObject({ cluster: 'a' });
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
    expect((await harness.api('GET', `${FLEET}/routes/ledger`)).body.conditions).toContainEqual(
      expect.objectContaining({ type: 'Programmed', status: 'True' }),
    );
    expect((await gateway()).sync).toMatchObject({ state: 'Diverged', reason: 'Drifted' });
  });

  it('is undone by an apply, after which the gateway is verified again', async () => {
    const plan = (await harness.api('POST', `${FLEET}/gateways/edge/plan`)).body;
    expect(plan.changes.length).toBeGreaterThan(0);
    expect(plan.drift).toEqual(plan.changes.filter(({ cause }: Json) => cause === 'drift'));
    expect(plan.notices).toContainEqual(expect.objectContaining({ code: 'reverts-drift' }));
    const operation = (await harness.api('POST', `${FLEET}/gateways/edge/apply?digest=${plan.digest}`)).body;
    expect(operation).toMatchObject({ state: 'Succeeded' });
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ a: 6, b: 4 });
    expect((await gateway()).sync).toMatchObject({ state: 'Verified' });
    expect(await drifted()).toMatchObject({ status: 'False' });
  });

  it('is undone by the sweep by policy revert', async () => {
    await setPolicy('revert');
    await sweepLater();
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ a: 6, b: 4 });
    expect((await gateway()).sync).toMatchObject({ state: 'Verified' });
  });

  it('is accepted by policy adopt until what is declared for it changes', async () => {
    await setPolicy('adopt');
    await sweepLater();
    await sweepLater();
    expect(harness.writes()).toEqual([]);
    expect((await gateway()).sync).toMatchObject({ state: 'Verified' });
    expect((await gateway()).reading.deviations).toContainEqual(expect.objectContaining({ reason: 'Adopted' }));
    expect(await drifted()).toMatchObject({ status: 'True', reason: 'Adopted' });
    await harness.edge.clusters.b.fail('refuse');
    const { body } = await harness.api('GET', `${FLEET}/services/shop`);
    const { ports, exports } = body;
    await harness.put(`${FLEET}/services/shop`, { ports, exports, healthCheck: { type: 'tcp', intervalSeconds: 9 } });
    expect((await reconcileGateway(harness.deps(), 'prod', 'edge')).state).toBe('Verified');
  });
});
