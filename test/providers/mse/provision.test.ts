import { afterEach, beforeEach, expect, test } from 'vitest';
import { mse as provider } from '../../../functions/providers/mse/index.ts';
import { ramPolicies } from '../../../infra/policies.ts';
import { MseProvision } from '../../../schemas/gateway.ts';
import { type Mse, startMse } from './harness.ts';

const WANTED = MseProvision.parse({
  provider: 'mse',
  regionId: 'cn-hangzhou',
  vpcId: 'vpc-1',
  zones: [{ zoneId: 'cn-hangzhou-h', vSwitchId: 'vsw-1' }],
});

let mse: Mse;
beforeEach(async () => {
  mse = await startMse({ policies: [ramPolicies.routing, ramPolicies.provisioning] });
});
afterEach(() => mse.close());

async function ready() {
  const session = mse.session();
  for (let tries = 0; tries < 10; tries++) {
    const state = await provider.provision(WANTED, session);
    if (state.ready) return state.target;
    expect(state.progress.step).toContain('creating');
    await session.clock.sleep(1000);
  }
  throw new Error('the gateway did not get ready');
}

test('a gateway is created once, whatever became of the answer, and is then the target', async () => {
  mse.cloud.faults.add({ kind: 'lost-response', action: 'AddGateway' });
  const target = await ready();
  expect(await ready()).toEqual(target);
  expect(mse.cloud.mse.gateways.size).toBe(2);
  expect(mse.cloud.mse.gateways.get(target.gatewayUniqueId)).toMatchObject({
    Vpc: 'vpc-1',
    Spec: 'MSE_GTW_4_8_200_c',
    Replica: 3,
    Tags: [{ Key: 'fairlead-owner', Value: 'fairlead/prod/edge/instance' }],
  });
});

test('only what was created is deleted', async () => {
  const session = mse.session();
  const target = await ready();
  await provider.destroy(mse.target, session);
  expect(mse.calls('write')).not.toContain('DeleteGateway');
  await provider.destroy(target, session);
  await provider.destroy(target, { ...session, owner: 'fairlead/prod/other' });
  expect(mse.calls('write')).toEqual(['DeleteGateway']);
});
