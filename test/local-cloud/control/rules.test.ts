import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway, createGroup, hostRule, type Nested, startTestCloud, type TestCloud } from './harness.ts';

let cloud: TestCloud;
let listenerId: string;
let groups: string[];

beforeAll(async () => {
  cloud = await startTestCloud({ throttle: false });
  const gateway = await createGateway(cloud);
  listenerId = gateway.listenerId;
  groups = [gateway.serverGroupId];
  for (let count = 0; count < 5; count += 1) groups.push(await createGroup(cloud));
});

afterAll(() => cloud.close());

type Fields = { [name: string]: Nested };

const create = (fields: Fields): Fields => ({ ListenerId: listenerId, ...hostRule(5000, groups[0] ?? ''), ...fields });
const tuples = (...weights: (number | undefined)[]): Nested =>
  weights.map((Weight, index) => ({
    ServerGroupId: groups[index] ?? '',
    ...(Weight === undefined ? {} : { Weight }),
  }));
const forwardTo = (ServerGroupTuples: Nested, Order = 10): Fields => ({
  Type: 'ForwardGroup',
  Order,
  ForwardGroupConfig: { ServerGroupTuples },
});
const condition = (Type: string, Values: Nested): Fields => ({
  RuleConditions: [{ Type, [`${Type}Config`]: { Values } }],
});
const insert = (Order: number, Key = 'x-a'): Fields => ({
  Type: 'InsertHeader',
  Order,
  InsertHeaderConfig: { Key, Value: 'a', ValueType: 'UserDefined' },
});
const remove = (Order: number, Key: string): Fields => ({ Type: 'RemoveHeader', Order, RemoveHeaderConfig: { Key } });
const rewrite = (Order: number, Path: string): Fields => ({ Type: 'Rewrite', Order, RewriteConfig: { Path } });
const cors = (AllowOrigin: string[]): Fields => ({
  RuleActions: [{ Type: 'Cors', Order: 1, CorsConfig: { AllowOrigin, AllowMethods: ['GET'] } }, forwardTo(tuples(1))],
});
const maintenance = (Order: number): Fields => ({
  Type: 'FixedResponse',
  Order,
  FixedResponseConfig: { HttpCode: '503', Content: 'closed', ContentType: 'text/plain' },
});

describe('a rule is refused when', () => {
  const cases: [string, () => Fields, string][] = [
    ['a condition lacks its configuration', () => ({ RuleConditions: [{ Type: 'Host' }] }), 'MissingParam.HostConfig'],
    [
      'a condition has a foreign configuration',
      () => ({ RuleConditions: [{ Type: 'Host', HostConfig: { Values: ['a.b'] }, PathConfig: { Values: ['/'] } }] }),
      'IllegalParam.PathConfig',
    ],
    ['a host is too short', () => condition('Host', ['ab']), 'IllegalParam.Values'],
    ['a path does not begin with /', () => condition('Path', ['shop']), 'IllegalParam.Values'],
    ['a pattern cannot be read', () => condition('Path', ['~[']), 'IllegalParam.Values'],
    ['a path is too long', () => condition('Path', [`/${'a'.repeat(128)}`]), 'IllegalParam.Values'],
    ['a method is unknown', () => condition('Method', ['BREW']), 'IllegalParam.Values'],
    ['a cookie has no value', () => condition('Cookie', [{ Key: 'a' }]), 'MissingParam.Value'],
    ['a source is everything', () => condition('SourceIp', ['0.0.0.0/0']), 'IllegalParam.Values'],
    ['a source is no CIDR block', () => condition('SourceIp', ['10.0.0.0/40']), 'IllegalParam.Values'],
    [
      'a header is Host',
      () => ({ RuleConditions: [{ Type: 'Header', HeaderConfig: { Key: 'Host', Values: ['a'] } }] }),
      'IllegalParam.Key',
    ],
    [
      'a header has no key',
      () => ({ RuleConditions: [{ Type: 'Header', HeaderConfig: { Values: ['a'] } }] }),
      'MissingParam.Key',
    ],
    ['a request is asked for its status', () => condition('ResponseStatusCode', ['500']), 'IllegalParam.Type'],
    [
      'match values are more than 10',
      () =>
        condition(
          'Path',
          Array.from({ length: 11 }, (_, index) => `/${index}`),
        ),
      'QuotaExceeded.RuleMatchValuesNum',
    ],
    ['orders are equal', () => ({ RuleActions: [insert(1), forwardTo(tuples(1), 1)] }), 'IllegalParam.Order'],
    ['no action is final', () => ({ RuleActions: [insert(1)] }), 'IllegalParam.Order'],
    ['two actions are final', () => ({ RuleActions: [maintenance(1), forwardTo(tuples(1))] }), 'IllegalParam.Order'],
    [
      'the final action is not the last',
      () => ({ RuleActions: [forwardTo(tuples(1), 1), insert(2)] }),
      'IllegalParam.Order',
    ],
    [
      'groups are more than 5',
      () => ({ RuleActions: [forwardTo(tuples(1, 1, 1, 1, 1, 1))] }),
      'IllegalParam.ServerGroupTuples',
    ],
    ['a weight is above 100', () => ({ RuleActions: [forwardTo(tuples(101))] }), 'IllegalParam.Weight'],
    [
      'one of several weights is missing',
      () => ({ RuleActions: [forwardTo(tuples(1, undefined))] }),
      'MissingParam.Weight',
    ],
    [
      'a group is unknown',
      () => ({ RuleActions: [forwardTo([{ ServerGroupId: 'sgp-none' }])] }),
      'ResourceNotFound.ServerGroup',
    ],
    [
      'a reserved header is inserted',
      () => ({ RuleActions: [insert(1, 'X-Forwarded-For'), forwardTo(tuples(1))] }),
      'IllegalParam.Key',
    ],
    [
      'a redirect changes nothing',
      () => ({ RuleActions: [{ Type: 'Redirect', Order: 1, RedirectConfig: { HttpCode: '302' } }] }),
      'IllegalParam.RedirectConfig',
    ],
    [
      'a rewrite forwards nowhere',
      () => ({ RuleActions: [{ Type: 'Rewrite', Order: 1, RewriteConfig: { Path: '/a' } }, maintenance(2)] }),
      'IllegalParam.RuleActions',
    ],
    [
      'a reserved header is removed',
      () => ({ RuleActions: [remove(1, 'Host'), forwardTo(tuples(1))] }),
      'IllegalParam.Key',
    ],
    [
      'a header is inserted twice',
      () => ({ RuleActions: [insert(1, 'x-a'), insert(2, 'X-A'), forwardTo(tuples(1))] }),
      'IllegalParam.RuleActions',
    ],
    [
      'a request is rewritten twice',
      () => ({ RuleActions: [rewrite(1, '/a'), rewrite(2, '/b'), forwardTo(tuples(1))] }),
      'IllegalParam.RuleActions',
    ],
    [
      'a path asks for a variable',
      () => ({ RuleActions: [rewrite(1, `/\${query}`), forwardTo(tuples(1))] }),
      'IllegalParam.Path',
    ],
    ['every origin is allowed beside another', () => cors(['*', 'https://a.example.com']), 'IllegalParam.AllowOrigin'],
    ['an origin has no scheme', () => cors(['a.example.com']), 'IllegalParam.AllowOrigin'],
    ['no origin is allowed', () => cors([]), 'MissingParam.AllowOrigin'],
    ['a cookie has capitals', () => condition('Cookie', [{ Key: 'Id', Value: '1' }]), 'IllegalParam.Values'],
    ['a response is forwarded', () => ({ Direction: 'Response' }), 'IllegalParam.Type'],
    ['the priority is 0', () => ({ Priority: 0 }), 'IllegalParam.Priority'],
  ];
  test.each(cases)('%s', async (_, fields, code) => {
    expect(await cloud.refusal('CreateRule', create(fields()))).toMatchObject({ code });
  });

  test('its group is in another VPC', async () => {
    const elsewhere = await createGroup(cloud, { VpcId: 'vpc-2' });
    const refused = await cloud.refusal('CreateRule', { ListenerId: listenerId, ...hostRule(5000, elsewhere) });
    expect(refused).toMatchObject({ code: 'OperationDenied.VpcNotMatch' });
  });

  test('its group speaks HTTPS and its listener HTTP', async () => {
    const https = await createGroup(cloud, { Protocol: 'HTTPS' });
    const refused = await cloud.refusal('CreateRule', { ListenerId: listenerId, ...hostRule(5000, https) });
    expect(refused).toMatchObject({ code: 'OperationDenied.ProtocolNotMatch' });
  });
});

test('all kinds of conditions and actions of a request are accepted and read back as sent', async () => {
  const RuleConditions = [
    { Type: 'Host', HostConfig: { Values: ['*.example.com'] } },
    { Type: 'Path', PathConfig: { Values: ['/a', '~^/b'] } },
    { Type: 'Header', HeaderConfig: { Key: 'x-a', Values: ['1'] } },
    { Type: 'QueryString', QueryStringConfig: { Values: [{ Key: 'a', Value: '1' }] } },
    { Type: 'Method', MethodConfig: { Values: ['GET', 'HEAD'] } },
    { Type: 'Cookie', CookieConfig: { Values: [{ Key: 'a', Value: '1' }] } },
    { Type: 'SourceIp', SourceIpConfig: { Values: ['10.0.0.0/8'] } },
  ];
  const RuleActions = [
    { Type: 'Rewrite', Order: 1, RewriteConfig: { Path: '/c' } },
    insert(2),
    { Type: 'RemoveHeader', Order: 3, RemoveHeaderConfig: { Key: 'x-b' } },
    { Type: 'TrafficLimit', Order: 4, TrafficLimitConfig: { QPS: 100 } },
    forwardTo(tuples(0, 100), 5),
  ];
  const { RuleId } = await cloud.call('CreateRule', create({ Priority: 4000, RuleConditions, RuleActions }));
  await cloud.finishJobs();
  expect((await cloud.call('ListRules', { RuleIds: [RuleId] })).Rules).toMatchObject([{ RuleConditions, RuleActions }]);
});

test('CORS, mirrors and captures are accepted and read back as sent', async () => {
  const RuleActions = [
    {
      Type: 'Cors',
      Order: 1,
      CorsConfig: {
        AllowOrigin: ['https://*.example.com', 'http://a.example.com:8080'],
        AllowMethods: ['GET', 'PUT'],
        AllowHeaders: ['x-a'],
        ExposeHeaders: ['x-b'],
        AllowCredentials: 'on',
        MaxAge: 600,
      },
    },
    rewrite(2, `/b\${1}`),
    {
      Type: 'TrafficMirror',
      Order: 3,
      TrafficMirrorConfig: {
        TargetType: 'ForwardGroupMirror',
        MirrorGroupConfig: { ServerGroupTuples: [{ ServerGroupId: groups[1] ?? '' }] },
      },
    },
    forwardTo(tuples(100), 4),
  ];
  const { RuleId } = await cloud.call('CreateRule', create({ Priority: 4001, RuleActions }));
  await cloud.finishJobs();
  expect((await cloud.call('ListRules', { RuleIds: [RuleId] })).Rules).toMatchObject([{ RuleActions }]);
});

describe('priorities', () => {
  test('differ within a batch, against other rules, and against what the same batch gives up', async () => {
    const rule = (priority: number) => hostRule(priority, groups[0] ?? '');
    const conflict = { code: 'Conflict.Priority' };
    const batch = (Rules: Nested) => ({ ListenerId: listenerId, Rules });
    expect(await cloud.refusal('CreateRules', batch([rule(1), rule(1)]))).toMatchObject(conflict);
    const { RuleIds } = await cloud.call('CreateRules', batch([rule(1), rule(2)]));
    expect(RuleIds.map(({ Priority }) => Priority)).toEqual([1, 2]);
    await cloud.finishJobs();
    expect(await cloud.refusal('CreateRules', batch([rule(3), rule(2)]))).toMatchObject(conflict);
    const [first, second] = RuleIds.map(({ RuleId }) => RuleId);
    const Rules = [
      { RuleId: first ?? '', Priority: 2 },
      { RuleId: second ?? '', Priority: 1 },
    ];
    expect(await cloud.refusal('UpdateRulesAttribute', { Rules })).toMatchObject(conflict);
    await cloud.call('UpdateRulesAttribute', { Rules: Rules.map((one, index) => ({ ...one, Priority: 11 + index })) });
    await cloud.finishJobs();
    await cloud.call('DeleteRules', { RuleIds: [first ?? '', second ?? ''] });
    await cloud.finishJobs();
  });

  test('are counted apart for requests and responses', async () => {
    const { RuleId: request } = await cloud.call('CreateRule', create({ Priority: 1 }));
    await cloud.finishJobs();
    const onResponse = create({ Priority: 1, Direction: 'Response', RuleActions: [insert(1)] });
    const { RuleId: response } = await cloud.call('CreateRule', onResponse);
    await cloud.finishJobs();
    const idsOf = async (filter: Fields) =>
      (await cloud.call('ListRules', { RuleIds: [request, response], ...filter })).Rules.map(({ RuleId }) => RuleId);
    expect(await idsOf({})).toEqual([request]);
    expect(await idsOf({ Direction: 'Response' })).toEqual([response]);
  });
});

test('an update keeps what it leaves out and replaces the lists that it sends', async () => {
  const { RuleId } = await cloud.call(
    'CreateRule',
    create({ Priority: 100, RuleActions: [insert(1), forwardTo(tuples(1))] }),
  );
  await cloud.finishJobs();
  const before = (await cloud.call('ListRules', { RuleIds: [RuleId] })).Rules[0];
  await cloud.call('UpdateRuleAttribute', { RuleId, RuleActions: [maintenance(1)], ClientToken: 'update-1' });
  await cloud.finishJobs();
  const after = (await cloud.call('ListRules', { RuleIds: [RuleId] })).Rules[0];
  expect(after).toEqual({ ...before, RuleActions: [maintenance(1)] });
});

test('the Basic edition has fewer kinds of rules', async () => {
  const basic = await createGateway(cloud, { LoadBalancerEdition: 'Basic' });
  const rule = { ListenerId: basic.listenerId, ...hostRule(1, basic.serverGroupId) };
  const denied = { code: 'OperationDenied.EditionNotSupport' };
  expect(await cloud.refusal('CreateRule', { ...rule, ...condition('Method', ['GET']) })).toMatchObject(denied);
  expect(await cloud.refusal('CreateRule', { ...rule, RuleActions: [maintenance(1)] })).toMatchObject(denied);
  await cloud.call('CreateRule', rule);
});

test('rules and listeners are tagged at creation only', async () => {
  const { RuleId } = await cloud.call(
    'CreateRule',
    create({ Priority: 200, Tag: [{ Key: 'owner', Value: 'tagged' }] }),
  );
  await cloud.finishJobs();
  const byTag = await cloud.call('ListRules', { Tag: [{ Key: 'owner', Value: 'tagged' }] });
  expect(byTag.Rules.map((rule) => rule.RuleId)).toEqual([RuleId]);
  const tag = { ResourceType: 'rule', ResourceId: [RuleId], Tag: [{ Key: 'a', Value: 'b' }] };
  expect(await cloud.refusal('TagResources', tag)).toMatchObject({ code: 'IllegalParam.ResourceType' });
});
