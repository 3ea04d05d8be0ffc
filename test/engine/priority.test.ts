import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe.ts';
import { reconcileGateway } from '../../functions/engine/reconcile.ts';
import { declareFleet, FLEET, ROUTES } from './fleet.ts';
import { type Harness, quietApi, startHarness } from './harness.ts';

/** Enough pools for several batches. */
const SERVICES = 50;

const CALLS = {
  alb: { publish: 'CreateServerGroup', move: 'UpdateServerGroupServersAttribute' },
  mse: { publish: 'ImportServices', move: 'UpdateGatewayService' },
};

describe.each(['alb', 'mse'] as const)('while much is published to %s', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startHarness({ provider, jobLatencyMs: 50 });
    await declareFleet(harness);
    for (let round = 0; round < 3; round++) await runProbeRound(harness.deps());
    const api = quietApi(harness);
    const exports = [{ cluster: 'a' }, { cluster: 'b' }];
    for (let index = 0; index < SERVICES; index++) {
      await api('PUT', `${FLEET}/services/s${index}`, { ports: [{ name: 'http', port: 80 }], exports });
      const rules = [{ backendRefs: [{ service: `s${index}`, port: 80 }] }];
      await api('PUT', `${FLEET}/routes/s${index}`, { ...ROUTES.shop, hostnames: [`s${index}.example.com`], rules });
    }
    harness.forgetCalls();
  });
  afterEach(() => harness.close());

  it('a failover does not wait for the end of it, and both are done in the end', async () => {
    const { publish, move } = CALLS[provider];
    const actions = () => harness.cloud.log.entries.map((entry) => entry.action);
    const publishing = reconcileGateway(harness.deps(), 'prod', 'edge');
    while (!actions().includes(publish)) await new Promise((resolve) => setTimeout(resolve, 1));
    await harness.edge.clusters.a.fail('refuse');
    await runProbeRound(harness.deps());
    const result = await publishing;
    expect(result.state).toBe('Verified');

    const seen = actions();
    expect(seen.indexOf(move), 'the pools that serve have moved').toBeGreaterThan(-1);
    expect(seen.indexOf(move), 'before the last pool was published').toBeLessThan(seen.lastIndexOf(publish));
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
    expect(await harness.edge.split(10, 's49.example.com')).toEqual({ b: 10 });
  });
});
