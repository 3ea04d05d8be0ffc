import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CARRIED } from '../../../infra/local/cloud/alb/actions/index.ts';
import { TABLE } from '../../../infra/local/cloud/alb/table.ts';
import type { ParameterNode } from '../../../infra/local/cloud/table.ts';
import {
  createGateway,
  createGroup,
  hostRule,
  LOAD_BALANCER,
  type Nested,
  server,
  startTestCloud,
  type TestCloud,
} from './harness.ts';

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await startTestCloud({ throttle: false });
});

afterAll(() => cloud.close());

const group = { ServerGroupName: 'pool', VpcId: 'vpc-1', HealthCheckConfig: { HealthCheckEnabled: true } };

describe('a parameter is refused when', () => {
  const cases: [string, string, { [name: string]: Nested }, string][] = [
    ['it is missing', 'DeleteRule', {}, 'MissingParam.RuleId'],
    [
      'a member is missing',
      'CreateServerGroup',
      { ...group, UchConfig: { Type: 'QueryString' } },
      'MissingParam.Value',
    ],
    ['an object is missing', 'CreateServerGroup', { ServerGroupName: 'pool' }, 'MissingParam.HealthCheckConfig'],
    ['it is empty', 'DeleteRule', { RuleId: '' }, 'MissingParam.RuleId'],
    ['no action knows it', 'DeleteRule', { RuleId: 'r', Force: true }, 'InvalidParameter'],
    ['a member is unknown', 'CreateServerGroup', { ...group, SlowStartConfig: { Fast: true } }, 'InvalidParameter'],
    ['it is no integer', 'ListRules', { MaxResults: 'ten' }, 'IllegalParam.MaxResults'],
    ['it is a fraction', 'ListRules', { MaxResults: 1.5 }, 'IllegalParam.MaxResults'],
    ['it is too great', 'ListRules', { MaxResults: 101 }, 'IllegalParam.MaxResults'],
    ['it is too small', 'ListRules', { MaxResults: 0 }, 'IllegalParam.MaxResults'],
    ['it is no boolean', 'CreateServerGroup', { ...group, CrossZoneEnabled: 'yes' }, 'IllegalParam.CrossZoneEnabled'],
    ['it is none of the values', 'ListRules', { Direction: 'Sideways' }, 'IllegalParam.Direction'],
    [
      'it is too long',
      'CreateServerGroup',
      { ...group, ServerGroupName: 'x'.repeat(129) },
      'IllegalParam.ServerGroupName',
    ],
    [
      'a text stands for an object',
      'CreateServerGroup',
      { ...group, SlowStartConfig: 'on' },
      'IllegalParam.SlowStartConfig',
    ],
    ['a text stands for a list', 'ListRules', { RuleIds: 'rule-1' }, 'IllegalParam.RuleIds'],
    ['a text stands for an item', 'ListRules', { Tag: ['owner'] }, 'IllegalParam.Tag'],
    ['indexes have a gap', 'ListRules', { RuleIds: { 1: 'a', 3: 'b' } }, 'IllegalParam.RuleIds'],
    ['indexes begin at 0', 'ListRules', { RuleIds: { 0: 'a' } }, 'IllegalParam.RuleIds'],
    [
      'a health page is too long',
      'GetListenerHealthStatus',
      { ListenerId: 'l', MaxResults: 31 },
      'IllegalParam.MaxResults',
    ],
    [
      'a name begins with a digit',
      'CreateServerGroup',
      { ...group, ServerGroupName: '1pool' },
      'IllegalParam.ServerGroupName',
    ],
    ['a tag is reserved', 'CreateServerGroup', { ...group, Tag: [{ Key: 'acs:x', Value: '' }] }, 'IllegalParam.Key'],
    [
      'zones are too few',
      'CreateLoadBalancer',
      { ...LOAD_BALANCER, ZoneMappings: LOAD_BALANCER.ZoneMappings.slice(1) },
      'IllegalParam.ZoneMappings',
    ],
  ];
  test.each(cases)('%s: %s', async (_, action, parameters, code) => {
    expect(await cloud.refusal(action, parameters)).toMatchObject({ code, status: 400 });
  });

  test.each([
    ['AddServersToServerGroup', 'Servers', 200],
    ['RemoveServersFromServerGroup', 'Servers', 200],
    ['UpdateServerGroupServersAttribute', 'Servers', 40],
    ['CreateRules', 'Rules', 10],
    ['UpdateRulesAttribute', 'Rules', 10],
    ['DeleteRules', 'RuleIds', 100],
  ])('%s has more %s than %i', async (action, list, most) => {
    const parameters = { ServerGroupId: 'sgp-1', ListenerId: 'lsn-1' };
    const items = Array.from({ length: most + 1 }, (_, index) => `item-${index}`);
    const owner = action.includes('Server') ? 'ServerGroupId' : 'ListenerId';
    const own = ['UpdateRulesAttribute', 'DeleteRules'].includes(action) ? {} : { [owner]: parameters[owner] };
    const { code, message } = await cloud.refusal(action, { ...own, [list]: items });
    expect(code).toBe(`IllegalParam.${list}`);
    expect(message).toContain(`at most ${most}`);
  });
});

/** Returns every required parameter of a table, with some value that it accepts. */
function required(members: Map<string, ParameterNode>): { [name: string]: Nested } {
  const needed = [...members].filter(([, { spec }]) => spec.required);
  return Object.fromEntries(needed.map(([name, node]) => [name, sample(node)]));
}

function sample({ spec, members }: ParameterNode): Nested {
  if (spec.type === 'object') return required(members);
  if (spec.type === 'array<object>') return [required(members)];
  if (spec.type === 'array<string>') return ['one'];
  if (spec.type === 'integer') return spec.range?.[0] ?? 1;
  if (spec.type === 'boolean') return true;
  return spec.enum?.[0] ?? 'sample';
}

const all = [...TABLE.actions.values()].map((spec) => [spec.name, spec] as const);

test('the table holds the 85 actions of the API', () => {
  expect(TABLE.actions.size).toBe(85);
  expect([...CARRIED.keys()].filter((name) => !TABLE.actions.has(name))).toEqual([]);
});

test.each(all)('%s refuses a parameter that it does not have, and changes nothing', async (name, spec) => {
  const before = JSON.stringify(Object.values(cloud.state).map((map) => [...map]));
  expect(await cloud.refusal(name, { ...required(spec.members), Bogus: 1 })).toMatchObject({
    code: 'InvalidParameter',
  });
  expect(JSON.stringify(Object.values(cloud.state).map((map) => [...map]))).toBe(before);
});

test.each(all.filter(([name]) => !CARRIED.has(name)))('%s is checked, then refused by name', async (name, spec) => {
  const { code, message } = await cloud.refusal(name, required(spec.members));
  expect(code).toBe('UnsupportedOperation');
  expect(message).toContain(name);
});

test('a list has 20 entries by default and is read whole by its tokens, each entry once', async () => {
  const own = await startTestCloud();
  try {
    for (let count = 0; count < 45; count += 1) {
      await own.call('CreateServerGroup', { ...group, ServerGroupName: `pool-${count}` });
    }
    const first = await own.call('ListServerGroups');
    expect(first).toMatchObject({ MaxResults: 20, TotalCount: 45, NextToken: expect.any(String) });
    const names = first.ServerGroups.map(({ ServerGroupName }) => ServerGroupName);
    let token = first.NextToken;
    while (token) {
      const next = await own.call('ListServerGroups', { NextToken: token });
      names.push(...next.ServerGroups.map(({ ServerGroupName }) => ServerGroupName));
      token = next.NextToken;
    }
    expect(names).toEqual(Array.from({ length: 45 }, (_, count) => `pool-${count}`));
    expect((await own.call('ListServerGroups', { MaxResults: 45 })).NextToken).toBeUndefined();
    expect(await own.refusal('ListServerGroups', { NextToken: 'made-up' })).toMatchObject({
      code: 'IllegalParam.NextToken',
    });
  } finally {
    await own.close();
  }
});

test('a ClientToken gives the same answer for the same parameters and is refused for others', async () => {
  const call = { ...group, ClientToken: 'token-1' };
  const before = cloud.state.serverGroups.size;
  const first = await cloud.call('CreateServerGroup', call);
  const second = await cloud.call('CreateServerGroup', call);
  expect([second.ServerGroupId, second.JobId]).toEqual([first.ServerGroupId, first.JobId]);
  expect(cloud.state.serverGroups.size).toBe(before + 1);
  expect(await cloud.refusal('CreateServerGroup', { ...call, ServerGroupName: 'other' })).toMatchObject({
    code: 'IdempotentParameterMismatch',
  });
});

test('a refused write leaves its ClientToken free', async () => {
  const serverGroupId = await createGroup(cloud);
  const servers = [server('10.0.0.1')];
  const call = { ServerGroupId: serverGroupId, Servers: servers, ClientToken: 'token-2' };
  await cloud.call('AddServersToServerGroup', { ...call, ClientToken: 'token-3', Servers: [server('10.0.0.2')] });
  expect(await cloud.refusal('AddServersToServerGroup', call)).toMatchObject({ code: 'IncorrectStatus.ServerGroup' });
  await cloud.finishJobs();
  expect(await cloud.call('AddServersToServerGroup', call)).toMatchObject({ JobId: expect.any(String) });
});

test('DryRun checks as a real call does, says DryRunOperation and changes nothing', async () => {
  const { listenerId, serverGroupId } = await createGateway(cloud);
  const rule = { ListenerId: listenerId, ...hostRule(10, serverGroupId), DryRun: true };
  expect(await cloud.refusal('CreateRule', rule)).toMatchObject({ code: 'DryRunOperation', status: 400 });
  expect(await cloud.refusal('CreateRule', { ...rule, ListenerId: 'lsn-none' })).toMatchObject({
    code: 'ResourceNotFound.Listener',
  });
  expect(await cloud.call('ListRules', { ListenerIds: [listenerId] })).toMatchObject({ TotalCount: 0 });
  expect(await cloud.call('GetListenerAttribute', { ListenerId: listenerId })).toMatchObject({
    ListenerStatus: 'Running',
  });
});
