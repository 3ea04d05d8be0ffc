import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { matrix, scale } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json } from './harness.ts';
import { withdraw } from './withdraw.ts';

const DRY_RUNS = scale(200, 40);
const MOVES = { alb: 'UpdateServerGroupServersAttribute', mse: 'UpdateGatewayService' };

describe.each(matrix(['mse', 'alb'] as const, 1))('dry runs before %s, whose rates count', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider, throttle: true });
  }, 120_000);
  afterEach(() => harness.close());

  /** Each is a request of its own, with budgets of its own. */
  const dryRun = async (): Promise<Json> => {
    const api = createApi(harness.deps());
    const { status, body } = await api('POST', `${FLEET}/gateways/edge/plan`);
    return { status, basis: body.basis };
  };

  /** Moves the pools away from a cluster, and returns how long the pushes took. */
  const failOver = async (): Promise<number> => {
    const orderedMs = harness.clock.now();
    await withdraw(harness, { fleet: 'prod', gateways: ['edge'] }, ['a']);
    const moves = harness.cloud.log.entries.filter(({ action }) => action === MOVES[provider]);
    expect(moves.length).toBeGreaterThan(0);
    return Math.max(...moves.map(({ at }) => Date.parse(at))) - orderedMs;
  };

  it('all are answered, and a failover that is pushed meanwhile is held up by none of them', {
    timeout: 300_000,
  }, async () => {
    await harness.clock.sleep(120_000);
    harness.forgetCalls();
    const dryRuns = Promise.all(Array.from({ length: DRY_RUNS }, dryRun));
    const tookMs = await failOver();
    const answers = await dryRuns;
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const bases = Map.groupBy(answers, ({ basis }) => basis);
    expect([...bases.keys()].filter((basis) => basis !== 'live' && basis !== 'last-read')).toEqual([]);
    expect(bases.get('last-read')?.length ?? 0, 'more than the budget has room for').toBeGreaterThan(0);
    expect(harness.cloud.log.entries.filter(({ code }) => code === 'Throttling.User')).toEqual([]);
    expect(tookMs).toBeLessThan(5_000);
    // Previews leave enough for everybody else.
    await harness.put(`${FLEET}/routes/shop`, { ...ROUTES.shop, hostnames: ['another.example.com'] });
    const { state } = await reconcileGateway(harness.deps(), 'prod', 'edge');
    expect(state).toBe('Verified');
  });
});
