import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import { alb as provider } from '../../../functions/providers/alb/index.ts';
import type { ServerGroup } from '../../../infra/local/cloud/alb/model.ts';
import { type Alb, member, pool, poolKey, rule, type SharesOf, startAlb } from './harness.ts';

/** Server groups are found by the id that rules point to or that is known, by tag, then by name; and they get their tags back. */

const MEMBERS = [member('cd', [1], { weight: 60 }), member('sh', [2], { weight: 40 })];
const SHOP = pool(poolKey('shop', 80, MEMBERS), MEMBERS);
const KEY = `pool/${SHOP.key}`;
const CONFIG: GatewayConfig = { pools: [SHOP], rules: [rule('/', { [SHOP.key]: 100 })] };
const FORGOTTEN = { known: new Map<string, string>() };
const onlySh: SharesOf = () => ['cd', 'sh'].map((cluster) => ({ cluster, percent: cluster === 'sh' ? 100 : 0 }));
const TAGS = ['fairlead-key', 'fairlead-owner'];

let alb: Alb;
beforeEach(async () => {
  alb = await startAlb();
  await alb.reconcile(CONFIG);
  alb.writes();
});
afterEach(() => alb.close());

const ours = () => [...alb.cloud.state.serverGroups.values()].filter((one) => one.ServerGroupName !== 'default-group');
const group = () => ours()[0] as ServerGroup;
const untag = (TagKey: string[]) =>
  alb.call('UnTagResources', { ResourceType: 'servergroup', ResourceId: [group().ServerGroupId], TagKey });
const rename = (ServerGroupName: string) =>
  alb.call('UpdateServerGroupAttribute', { ServerGroupId: group().ServerGroupId, ServerGroupName });
const namedLike = async (name: string) =>
  alb.call('CreateServerGroup', {
    ServerGroupName: name,
    ServerGroupType: 'Ip',
    VpcId: 'vpc-1',
    HealthCheckConfig: { HealthCheckEnabled: false },
  });

test.each([[['fairlead-owner']], [['fairlead-key']], [TAGS]])(
  'a failover moves a group that has lost %j, and tags it again',
  async (lost) => {
    await untag(lost);
    alb.writes();
    const { left } = await alb.reconcile({ ...CONFIG, rules: [] }, { scope: 'pools', shares: onlySh });
    expect(left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['UpdateServerGroupServersAttribute', 'TagResources']);
    expect(group().Servers.map((server) => server.Weight)).toEqual([0, 100]);
    expect(
      group()
        .Tags.map(({ Key }) => Key)
        .sort(),
    ).toEqual(TAGS);
  },
);

test('a failover moves a group of which nothing is left but its id', async () => {
  await untag(TAGS);
  await rename('somebody');
  await alb.reconcile({ ...CONFIG, rules: [] }, { scope: 'pools', shares: onlySh });
  expect(group().Servers.map((server) => server.Weight)).toEqual([0, 100]);
});

test('a group without tags is found by the rule that points to it and by its name, where nothing is known of it', async () => {
  await untag(TAGS);
  alb.writes();
  expect((await alb.reconcile(CONFIG, FORGOTTEN)).left.changes).toEqual([]);
  expect(alb.writes()).toEqual(['TagResources']);
});

test('a group without tags and with another name is found by its known id', async () => {
  await untag(TAGS);
  await rename('somebody');
  alb.writes();
  expect((await alb.reconcile(CONFIG)).left.changes).toEqual([]);
  expect(alb.writes()).toEqual(['UpdateServerGroupAttribute', 'TagResources']);
  expect(group().ServerGroupName).toBe(`fairlead-${SHOP.key}`);
});

test('a tag that somebody has changed does not make another group of it', async () => {
  const Tag = [{ Key: 'fairlead-key', Value: 'pool/other' }];
  await alb.call('TagResources', { ResourceType: 'servergroup', ResourceId: [group().ServerGroupId], Tag });
  alb.writes();
  expect((await alb.reconcile(CONFIG)).left.changes).toEqual([]);
  expect(alb.writes()).toEqual(['TagResources']);
});

test('a group that somebody restored by hand is found by its name', async () => {
  const before = group().ServerGroupId;
  await alb.call('DeleteRules', { RuleIds: [...alb.cloud.state.rules.keys()] });
  await alb.call('DeleteServerGroup', { ServerGroupId: before });
  const { ServerGroupId } = await namedLike(`fairlead-${SHOP.key}`);
  const { left, config } = await alb.reconcile(CONFIG);
  expect(left.changes).toEqual([]);
  expect(ours()).toHaveLength(1);
  expect(config.pools[0]?.objects).toEqual([{ key: KEY, remoteId: ServerGroupId }]);
});

test('a group of our name is not taken from another load balancer', async () => {
  await alb.call('DeleteRules', { RuleIds: [...alb.cloud.state.rules.keys()] });
  await alb.call('DeleteServerGroup', { ServerGroupId: group().ServerGroupId });
  const { ServerGroupId } = await namedLike(`fairlead-${SHOP.key}`);
  const { LoadBalancerId } = await alb.call('CreateLoadBalancer', {
    LoadBalancerName: 'other',
    AddressType: 'Internet',
    VpcId: 'vpc-1',
    LoadBalancerEdition: 'Standard',
    LoadBalancerBillingConfig: { PayType: 'PostPay' },
    ZoneMappings: ['a', 'b'].map((zone) => ({ ZoneId: `cn-hangzhou-${zone}`, VSwitchId: `vsw-${zone}` })),
  });
  await alb.call('CreateListener', {
    LoadBalancerId,
    ListenerPort: 80,
    ListenerProtocol: 'HTTP',
    DefaultActions: [
      {
        Type: 'ForwardGroup',
        ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId: String(ServerGroupId) }] },
      },
    ],
  });
  const { config } = await alb.reconcile(CONFIG);
  expect(config.pools[0]?.objects?.map(({ remoteId }) => remoteId)).not.toContain(ServerGroupId);
  expect(alb.cloud.state.serverGroups.get(String(ServerGroupId))?.Servers).toEqual([]);
});

test('a group that carries the mark of another owner is left alone, though we know its id and point to it', async () => {
  const theirs = group().ServerGroupId;
  const Tag = [{ Key: 'fairlead-owner', Value: 'fairlead/prod/other' }];
  await alb.call('TagResources', { ResourceType: 'servergroup', ResourceId: [theirs], Tag });
  const before = structuredClone(group());
  const { left, config } = await alb.reconcile(CONFIG, { shares: onlySh });
  expect(left.changes).toEqual([]);
  expect(config.pools[0]?.objects?.map(({ remoteId }) => remoteId)).not.toContain(theirs);
  expect(group()).toEqual(before);
});

test('a group of somebody else to which a rule of ours was pointed is neither taken nor deleted', async () => {
  const { ServerGroupId } = await namedLike('theirs');
  const [RuleId] = [...alb.cloud.state.rules.keys()];
  const ServerGroupTuples = [{ ServerGroupId: String(ServerGroupId), Weight: 100 }];
  const RuleActions = [{ Type: 'ForwardGroup', Order: 1, ForwardGroupConfig: { ServerGroupTuples } }];
  await alb.call('UpdateRulesAttribute', { Rules: [{ RuleId, RuleActions }] });
  const before = structuredClone(alb.cloud.state.serverGroups.get(String(ServerGroupId)));
  alb.writes();
  expect((await alb.reconcile(CONFIG, FORGOTTEN)).left.changes).toEqual([]);
  expect(alb.writes()).toEqual(['UpdateRulesAttribute']);
  expect(alb.cloud.state.serverGroups.get(String(ServerGroupId))).toEqual(before);
});

test('what only puts marks back and what only moves traffic is told apart from other changes', async () => {
  await untag(TAGS);
  const session = alb.session();
  const observed = await provider.observe(session, 'full', new Map());
  const matched = provider.match(CONFIG, observed, session);
  const changeTo = (shares: SharesOf, more: object = {}) => {
    const pools = matched.pools.map((one) => ({ ...one, ...more }));
    const [after] = provider.compile({ ...matched, pools }, new Map([[SHOP.key, shares(SHOP)]]), observed, session);
    const before = observed.objects.find((one) => one.kind === 'ServerGroup');
    return { verb: 'update' as const, kind: 'ServerGroup', key: KEY, rank: 0, reason: '', before, after };
  };
  const declared: SharesOf = () => [
    { cluster: 'cd', percent: 60 },
    { cluster: 'sh', percent: 40 },
  ];
  const kinds = [changeTo(declared), changeTo(onlySh), changeTo(onlySh, { affinity: { ttlSeconds: 60 } })];
  expect(kinds.map((change) => [provider.restoresMarks(change), provider.movesPoints(change)])).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ]);
});
