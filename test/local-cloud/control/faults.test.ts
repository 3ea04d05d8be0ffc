import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGateway, createGroup, hostRule, server, startTestCloud, type TestCloud } from './harness.ts';

let cloud: TestCloud;

beforeEach(async () => {
  cloud = await startTestCloud();
});

afterEach(() => cloud.close());

describe('throttling', () => {
  test('admits 200 calls of an action in any 60 seconds, each action and region by itself', async () => {
    for (let count = 0; count < 200; count += 1) await cloud.call('ListRules');
    const { code, status, headers } = await cloud.refusal('ListRules');
    expect([code, status]).toEqual(['Throttling.User', 400]);
    expect(headers['x-acs-retry-after']).toBe('60000');
    await cloud.call('ListListeners');
    await cloud.call('ListRules', { RegionId: 'cn-beijing' });
    cloud.advance(59_999);
    expect(await cloud.refusal('ListRules')).toMatchObject({ code: 'Throttling.User' });
    cloud.advance(1);
    await cloud.call('ListRules');
  });

  test('slides: half the calls come back when the older half is 60 seconds old', async () => {
    const own = await startTestCloud({ throttle: { limit: 2, perSeconds: 60 } });
    try {
      await own.call('ListRules');
      own.advance(30_000);
      await own.call('ListRules');
      own.advance(30_000);
      await own.call('ListRules');
      expect(await own.refusal('ListRules')).toMatchObject({ code: 'Throttling.User' });
    } finally {
      await own.close();
    }
  });
});

describe('an injected fault', () => {
  const add = (ServerGroupId: string, ...ids: string[]) => ({ ServerGroupId, Servers: ids.map((id) => server(id)) });

  test('throttle hits the named action as often as asked for', async () => {
    cloud.faults.add({ kind: 'throttle', action: 'ListRules', times: 2 });
    await cloud.call('ListListeners');
    expect(await cloud.refusal('ListRules')).toMatchObject({ code: 'Throttling.User' });
    expect(await cloud.refusal('ListRules')).toMatchObject({ code: 'Throttling.User' });
    await cloud.call('ListRules');
    expect(cloud.faults.list()).toEqual([]);
  });

  test('error refuses with its code and applies nothing', async () => {
    cloud.faults.add({ kind: 'error', code: 'SystemBusy' });
    const group = { ServerGroupName: 'pool', VpcId: 'vpc-1', HealthCheckConfig: { HealthCheckEnabled: true } };
    expect(await cloud.refusal('CreateServerGroup', group)).toMatchObject({ code: 'SystemBusy', status: 503 });
    expect(cloud.state.serverGroups.size).toBe(0);
  });

  test('latency answers in the end', async () => {
    cloud.faults.add({ kind: 'latency', latencyMs: 5 });
    expect(await cloud.call('ListRules')).toMatchObject({ TotalCount: 0 });
    expect(cloud.log.entries.at(-1)).toMatchObject({ fault: 'latency', status: 200 });
  });

  test('lost-response does the work once, and the same ClientToken finds its answer', async () => {
    const serverGroupId = await createGroup(cloud);
    const call = { ...add(serverGroupId, '10.0.0.1'), ClientToken: 'lost' };
    cloud.faults.add({ kind: 'lost-response' });
    await expect(cloud.call('AddServersToServerGroup', call)).rejects.toThrow();
    const { JobId } = await cloud.call('AddServersToServerGroup', call);
    await cloud.finishJobs();
    expect((await cloud.call('ListAsynJobs', { JobIds: [JobId] })).Jobs).toMatchObject([{ Status: 'Succeeded' }]);
    expect(cloud.state.serverGroups.get(serverGroupId)?.Servers).toHaveLength(1);
  });

  test('drop does nothing', async () => {
    const serverGroupId = await createGroup(cloud);
    cloud.faults.add({ kind: 'drop' });
    await expect(cloud.call('AddServersToServerGroup', add(serverGroupId, '10.0.0.1'))).rejects.toThrow();
    expect(cloud.state.serverGroups.get(serverGroupId)?.ServerGroupStatus).toBe('Available');
    expect(cloud.log.entries.at(-1)).toMatchObject({ fault: 'drop', status: 0 });
  });

  test('stale-read shows the state as it was when the fault was set, jobs too, and writes go through', async () => {
    const serverGroupId = await createGroup(cloud);
    const servers = async () =>
      (await cloud.call('ListServerGroupServers', { ServerGroupId: serverGroupId })).TotalCount;
    cloud.faults.add({ kind: 'stale-read', times: 2 });
    const { JobId } = await cloud.call('AddServersToServerGroup', add(serverGroupId, '10.0.0.1'));
    await cloud.finishJobs();
    expect(await servers()).toBe(0);
    expect((await cloud.call('ListAsynJobs', { JobIds: [JobId] })).Jobs).toEqual([]);
    expect(cloud.log.entries.at(-1)).toMatchObject({ fault: 'stale-read', status: 200 });
    expect(await servers()).toBe(1);
  });

  test('html answers with a page instead of JSON', async () => {
    cloud.faults.add({ kind: 'html' });
    await expect(cloud.call('ListRules')).rejects.toMatchObject({ name: 'SyntaxError' });
  });

  test('partial-batch applies the first half of a batch, then fails the job and frees the group', async () => {
    const serverGroupId = await createGroup(cloud);
    await cloud.call('AddServersToServerGroup', add(serverGroupId, '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'));
    await cloud.finishJobs();
    cloud.faults.add({ kind: 'partial-batch' });
    await cloud.call('ListServerGroups');
    const { JobId } = await cloud.call('UpdateServerGroupServersAttribute', {
      ServerGroupId: serverGroupId,
      Servers: [1, 2, 3, 4].map((last) => server(`10.0.0.${last}`, { Weight: 0 })),
    });
    await cloud.finishJobs();
    expect((await cloud.call('ListAsynJobs', { JobIds: [JobId] })).Jobs).toMatchObject([
      { Status: 'Failed', ErrorCode: 'InternalError', ErrorMessage: '2 of 4 items were applied.' },
    ]);
    const group = cloud.state.serverGroups.get(serverGroupId);
    expect(group?.Servers.map(({ Weight, Status }) => [Weight, Status])).toEqual([
      [0, 'Available'],
      [0, 'Available'],
      [100, 'Available'],
      [100, 'Available'],
    ]);
    expect(group?.ServerGroupStatus).toBe('Available');
  });

  test('partial-batch of new rules leaves the others out altogether', async () => {
    const { listenerId, serverGroupId } = await createGateway(cloud);
    cloud.faults.add({ kind: 'partial-batch', action: 'CreateRules' });
    const Rules = [hostRule(1, serverGroupId), hostRule(2, serverGroupId)];
    await cloud.call('CreateRules', { ListenerId: listenerId, Rules });
    await cloud.finishJobs();
    expect((await cloud.call('ListRules')).Rules.map(({ Priority }) => Priority)).toEqual([1]);
    await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(2, serverGroupId) });
  });
});

describe('by HTTP under /_local/', () => {
  const json = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${cloud.url}/_local/${path}`, init);
    return { status: answer.status, body: await answer.json() };
  };
  const post = (fault: string, type = 'application/json') =>
    json('faults', { method: 'POST', headers: { 'content-type': type }, body: fault });

  test('faults are added, listed and cleared', async () => {
    const fault = { kind: 'error', action: 'ListRules', code: 'SystemBusy', times: 3 };
    expect(await post(JSON.stringify(fault))).toEqual({ status: 201, body: [fault] });
    expect(await cloud.refusal('ListRules')).toMatchObject({ code: 'SystemBusy' });
    expect(await json('faults')).toEqual({ status: 200, body: [{ ...fault, times: 2 }] });
    expect(await json('faults', { method: 'DELETE' })).toEqual({ status: 200, body: [] });
  });

  test('what is no fault, and a POST that a web page could send, are refused', async () => {
    expect((await post('{"kind":"earthquake"}')).status).toBe(400);
    expect((await post('{"kind":"drop","times":0}')).status).toBe(400);
    expect((await post('not json')).status).toBe(400);
    expect((await post('{"kind":"drop"}', 'text/plain')).status).toBe(415);
    expect(cloud.faults.list()).toEqual([]);
  });

  test('state and log are shown, without secrets and signatures', async () => {
    await createGroup(cloud);
    const state = await json('state');
    expect(state.body).toMatchObject({ serverGroups: [{ ServerGroupName: 'pool' }], rules: [] });
    const { body } = await json('log');
    expect(body).toMatchObject({
      counts: { reads: 0, writes: 1, byAction: { CreateServerGroup: 1 } },
      entries: [{ action: 'CreateServerGroup', kind: 'write', status: 200, parameters: { VpcId: 'vpc-1' } }],
    });
    expect(JSON.stringify(body)).not.toMatch(/test-key|Signature/);
    await cloud.refusal('ListRules', { Bogus: 1 });
    expect(cloud.log.entries.at(-1)).toMatchObject({ code: 'InvalidParameter', status: 400 });
    expect(cloud.counts()).toMatchObject({ reads: 1, writes: 1 });
    expect((await json('else')).status).toBe(404);
  });
});
