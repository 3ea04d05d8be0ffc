import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { person, seedAccess, storedToken } from '../api/access.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json } from './harness.ts';

const ALB = {
  provider: 'alb',
  regionId: 'cn-hangzhou',
  vpcId: 'vpc-1',
  zones: [
    { zoneId: 'cn-hangzhou-h', vSwitchId: 'vsw-h' },
    { zoneId: 'cn-hangzhou-i', vSwitchId: 'vsw-i' },
  ],
  listeners: [{ port: 80 }, { port: 8080 }],
};

const CREATES = /^Create(LoadBalancer|Listener|ServerGroup)$/;

describe('a load balancer that is created for a gateway', () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ mayProvision: true });
    harness.forgetCalls();
  });
  afterEach(() => harness.close());

  const gateway = async (): Promise<Json> => (await harness.api('GET', `${FLEET}/gateways/own`)).body;

  async function untilVerified(seen: (gateway: Json) => void = () => undefined): Promise<Json> {
    for (let round = 0; round < 40; round++) {
      const now = await gateway();
      seen(now);
      if (now.sync.state === 'Verified') return now;
      harness.clock.advance(6000);
      await sweep(harness.deps());
    }
    throw new Error(`not verified: ${JSON.stringify(await gateway())}`);
  }

  it('comes step by step, says how far it is, and then carries routes', async () => {
    await harness.put(`${FLEET}/gateways/own`, { provision: ALB });
    const steps: string[] = [];
    const done = await untilVerified(({ sync }) => {
      if (sync.progress) steps.push(`${sync.progress.done}/${sync.progress.total}`);
      if (sync.progress) expect(sync).toMatchObject({ state: 'Pending', reason: 'Provisioning' });
    });
    expect(new Set(steps).size).toBeGreaterThanOrEqual(3);
    expect(done.instance.listenerIds).toHaveLength(2);
    expect(done.sync.progress).toBeUndefined();
    expect(harness.cloud.log.entries.filter((entry) => entry.action === 'CreateLoadBalancer')).toHaveLength(1);

    await harness.put(`${FLEET}/routes/own`, { ...ROUTES.shop, gateways: ['own'], hostnames: ['own.example.com'] });
    expect((await gateway()).sync.state).toBe('Verified');
    const { revision, ...shown } = await gateway();
    expect(shown).toMatchObject({ provision: ALB, instance: done.instance });
    const path = `${FLEET}/gateways/own`;
    const back = await harness.api('PUT', path, shown, { 'if-match': `"${revision}"` });
    expect(back).toMatchObject({ status: 200, body: { revision } });
    const rules = [...harness.cloud.state.rules.values()].filter((rule) =>
      done.instance.listenerIds.includes(rule.ListenerId),
    );
    expect(rules).toHaveLength(2);
  });

  it('has HTTPS listeners with the certificate that was named', async () => {
    const listeners = [{ port: 80 }, { port: 443, protocol: 'HTTPS', certificateId: 'cert-1' }];
    await harness.put(`${FLEET}/gateways/own`, { provision: { ...ALB, listeners } });
    const { instance } = await untilVerified();
    const created = instance.listenerIds.map((id: string) => harness.cloud.state.listeners.get(id));
    expect(created).toMatchObject([
      { ListenerPort: 80, ListenerProtocol: 'HTTP' },
      { ListenerPort: 443, ListenerProtocol: 'HTTPS', Attributes: { Certificates: [{ CertificateId: 'cert-1' }] } },
    ]);
    const naked = { ...ALB, listeners: [{ port: 443, protocol: 'HTTPS' }] };
    const refused = await harness.api('PUT', `${FLEET}/gateways/naked`, { provision: naked });
    expect(refused).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/provision/listeners/0/certificateId' }] },
    });
  });

  it('is not created twice when answers are lost', async () => {
    for (const action of ['CreateLoadBalancer', 'CreateServerGroup', 'CreateListener']) {
      harness.cloud.faults.add({ kind: 'lost-response', action });
    }
    const before = { ...counts() };
    await harness.put(`${FLEET}/gateways/own`, { provision: ALB });
    await untilVerified();
    expect(counts()).toEqual({
      balancers: before.balancers + 1,
      listeners: before.listeners + 2,
      groups: before.groups + 1,
    });
  });

  const counts = () => ({
    balancers: harness.cloud.state.loadBalancers.size,
    listeners: harness.cloud.state.listeners.size,
    groups: harness.cloud.state.serverGroups.size,
  });

  it('is deleted on the explicit word only', async () => {
    const before = counts();
    await harness.put(`${FLEET}/gateways/own`, { provision: ALB });
    await untilVerified();
    const answer = await harness.api('DELETE', `${FLEET}/gateways/own?deleteInstance=true`, undefined, {
      'if-match': '*',
    });
    expect(answer.status).toBe(204);
    expect(counts()).toEqual(before);
  });

  it('is untouched as long as nobody else has approved its deletion', async () => {
    await seedAccess(harness.deps().store, [person('bob')]);
    const { automation, health, failover } = (await harness.api('GET', FLEET)).body;
    await harness.put(FLEET, { automation, health, failover, approvals: { required: ['delete-instance'] } });
    const before = counts();
    await harness.put(`${FLEET}/gateways/own`, { provision: ALB });
    await untilVerified();
    const [made, headers] = [counts(), { 'if-match': '*' }];
    const path = `${FLEET}/gateways/own?deleteInstance=true`;
    const { body } = await harness.api('DELETE', path, undefined, headers);
    expect(body.code).toBe('approval-required');
    expect(counts()).toEqual(made);
    const { id, digest } = body.approval;
    const authorization = `Bearer ${storedToken('bob')}`;
    await harness.api('POST', `${FLEET}/approvals/${id}/approve`, { digest }, { authorization });
    // The process ends when the instance is gone, and the gateway is still declared.
    const { store } = harness.deps();
    const dying = createApi(
      harness.deps({ store: { ...store, commit: () => Promise.reject(new Error('the process ended')) } }),
    );
    expect((await dying('DELETE', path, undefined, headers)).status).toBe(500);
    expect(counts()).toEqual(before);
    const told = async () => (await harness.api('GET', `${FLEET}/audit?action=gateway.delete-instance`)).body.items;
    expect(await told()).toMatchObject([
      { actor: 'api', target: { name: 'own' }, approval: { id, approvedBy: 'bob' } },
    ]);
    expect((await harness.api('DELETE', path, undefined, headers)).status).toBe(204);
    expect((await harness.api('GET', `${FLEET}/approvals/${id}`)).body.state).toBe('used');
  });

  it('stays when the gateway alone is deleted', async () => {
    await harness.put(`${FLEET}/gateways/own`, { provision: ALB });
    await untilVerified();
    const before = counts();
    expect((await harness.api('DELETE', `${FLEET}/gateways/own`, undefined, { 'if-match': '*' })).status).toBe(204);
    expect(counts()).toEqual(before);
  });

  it('is never an adopted one', async () => {
    const answer = await harness.api('DELETE', `${FLEET}/gateways/edge?deleteInstance=true`, undefined, {
      'if-match': '*',
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'conflicting-declaration' } });
    expect(harness.writes()).toEqual([]);
  });

  it('cannot be asked for and named at once, nor changed afterwards', async () => {
    const { body: edge } = await harness.api('GET', `${FLEET}/gateways/edge`);
    const both = await harness.api('PUT', `${FLEET}/gateways/own`, { target: edge.target, provision: ALB });
    expect(both.status).toBe(400);
    await harness.put(`${FLEET}/gateways/own`, { provision: ALB });
    const other = { ...ALB, vpcId: 'vpc-2' };
    const changed = await harness.api('PUT', `${FLEET}/gateways/own`, { provision: other }, { 'if-match': '*' });
    expect(changed).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/provision' }] } });
  });

  it('says so when the cloud refuses it', async () => {
    harness.cloud.faults.add({
      kind: 'error',
      action: 'CreateLoadBalancer',
      code: 'QuotaExceeded.LoadBalancersNum',
      times: 100,
    });
    await harness.put(`${FLEET}/gateways/own`, { provision: ALB });
    expect((await gateway()).sync).toMatchObject({ state: 'Failed', reason: 'QuotaExceeded' });
    expect(harness.writes().filter((action) => CREATES.test(action))).toEqual(['CreateLoadBalancer']);
  });
});

describe('an MSE gateway that is created for a gateway', () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider: 'mse', mayProvision: true });
  });
  afterEach(() => harness.close());

  const MSE = { provider: 'mse', regionId: 'cn-hangzhou', vpcId: 'vpc-1', zones: ALB.zones.slice(0, 1) };

  it('comes once although the answer is lost, carries routes, and goes on the explicit word', async () => {
    const certificates = [{ hostname: '*.example.com', certificateId: 'cert-1' }];
    const instances = () => harness.cloud.mse.gateways.size;
    const before = instances();
    harness.cloud.faults.add({ kind: 'lost-response', action: 'AddGateway' });
    await harness.put(`${FLEET}/gateways/own`, { provision: { ...MSE, certificates } });
    for (let round = 0; round < 10; round++) {
      harness.clock.advance(6000);
      await sweep(harness.deps());
    }
    const { body: own } = await harness.api('GET', `${FLEET}/gateways/own`);
    expect(own).toMatchObject({ instance: { provider: 'mse' }, sync: { state: 'Verified' } });
    expect(instances()).toBe(before + 1);

    await harness.put(`${FLEET}/routes/own`, { ...ROUTES.shop, gateways: ['own'], hostnames: ['own.example.com'] });
    const instance = harness.cloud.mse.gateways.get(own.instance.gatewayUniqueId);
    expect(instance?.routes.size).toBe(1);
    expect([...(instance?.domains.values() ?? [])]).toMatchObject([
      { Name: 'own.example.com', Protocol: 'HTTPS', CertIdentifier: 'cert-1' },
    ]);
    await harness.api('DELETE', `${FLEET}/routes/own`, undefined, { 'if-match': '*' });
    const gone = await harness.api('DELETE', `${FLEET}/gateways/own?deleteInstance=true`, undefined, {
      'if-match': '*',
    });
    expect(gone.status).toBe(204);
    harness.clock.advance(6000);
    await harness.cloud.runDue();
    expect(instances()).toBe(before);
  });
});
