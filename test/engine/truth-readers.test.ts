import { describe, expect, it } from 'vitest';
import type { Cloud } from '../../functions/deps.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { createApi, type Harness } from './harness.ts';
import { saidOf } from './said.ts';
import { withdraw } from './withdraw.ts';

const NEW = { ...ROUTES.shop, hostnames: ['new.example.com'] };
const EDGE = { fleet: 'prod', gateways: ['edge'] };

/** A cloud that runs a callback before its first answer. */
function interrupted({ call }: Cloud, first: () => Promise<unknown>): Cloud {
  let before: Promise<unknown> | undefined;
  return {
    call: async (request) => {
      before ??= first();
      await before;
      return await call(request);
    },
  };
}

async function dryRun({ api }: Pick<Harness, 'api'>) {
  return await api('PUT', `${FLEET}/routes/new?dryRun=true`, NEW);
}

describe.each(matrix(['alb', 'mse'] as const, 1))('a reader of %s', (provider) => {
  it.each([
    ['whose instance does not exist', provider === 'alb' ? 'ResourceNotFound.LoadBalancer' : 'NotFound'],
    ['whose keys are wrong', 'InvalidAccessKeyId.NotFound'],
  ])('%s answers with what was read last, its age, and that it cannot be read', async (_, code) => {
    const harness = await startFleet({ provider, jobLatencyMs: 20 });
    const said = saidOf(harness);
    const { readAt } = (await said.get('/gateways/edge')).reading;
    harness.clock.advance(60_000);
    harness.cloud.faults.add({ kind: 'error', code, times: 1_000_000 });
    const startedMs = harness.clock.now();
    const { status, body } = await dryRun(harness);
    expect(status).toBe(200);
    expect(harness.clock.now() - startedMs).toBeLessThanOrEqual(8_000);
    const [plan] = body.dryRun.plans;
    expect(plan).toMatchObject({ gateway: 'edge', basis: 'last-read', readAt });
    expect(plan.notices).toContainEqual(expect.objectContaining({ code: 'not-readable' }));

    await sweep(harness.deps());
    harness.clock.advance(40_000);
    await sweep(harness.deps());
    expect(await said.condition('/gateways/edge', 'Programmed')).toBe('Unknown NotReadable');
    const { reading } = await said.get('/gateways/edge');
    expect(reading).toMatchObject({ readAt, failure: { code } });
    await harness.close();
  });

  it('makes way for nobody: a dry run is answered although a failover moves pools meanwhile', async () => {
    const harness = await startFleet({ provider, jobLatencyMs: 20 });
    const { cloud } = harness.deps();
    const api = createApi(harness.deps({ cloud: interrupted(cloud, () => withdraw(harness, EDGE, ['a'])) }));
    expect((await dryRun({ api })).status).toBe(200);
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
    await harness.close();
  });

  it('of a gateway that was never read is told that nothing is known of it', async () => {
    const harness = await startFleet({ provider, jobLatencyMs: 20 });
    harness.cloud.faults.add({ kind: 'drop', times: 1_000_000 });
    const { target } = harness.edge;
    const other =
      target.provider === 'alb'
        ? { ...target, loadBalancerId: 'alb-other' }
        : { ...target, gatewayUniqueId: 'gw-other' };
    await harness.put(`${FLEET}/gateways/other`, { target: other });
    const said = saidOf(harness);
    for (const type of ['Programmed', 'Following']) {
      expect(await said.condition('/gateways/other', type)).toMatch(
        /^(False|Unknown) (NeverRead|NotReadable|Pending|NoProgress)$/,
      );
    }
    expect((await said.get('/gateways/other')).sync.state).not.toBe('Verified');
    await harness.close();
  });
});
