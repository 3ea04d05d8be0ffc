import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayConfig, Member, Pool, Rule } from '../../../functions/core/model/ir.ts';
import { type Alb, member, pool, poolKey, rule, type SharesOf, startAlb } from './harness.ts';

/** A server group lives on when weights, tiers or members of its pool change, which gives the pool another key. */

const octets = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from);
const weighted = (cd: number, sh: number, count = 1): Member[] => [
  member('cd', octets(count), { weight: cd }),
  member('sh', octets(count, 101), { weight: sh }),
];
const shop = (members: Member[], more: Partial<Pool> = {}) => pool(poolKey('shop', 80, members), members, more);
const routes = (count: number, key: string, from = 0): Rule[] =>
  octets(count, from).map((index) =>
    rule('/', { [key]: 100 }, { key: `r${index}`, hostname: `h${index}.example.com` }),
  );
const configOf = (one: Pool, count: number): GatewayConfig => ({ pools: [one], rules: routes(count, one.key) });

/** More servers than the quota of a load balancer would hold, for their count is not what these tests are about. */
const ROOMY = { serversPerLoadBalancer: 100_000 };

let alb: Alb;
afterEach(() => alb.close());
const ours = () => [...alb.cloud.state.serverGroups.values()].filter((one) => one.ServerGroupName !== 'default-group');
const references = () => {
  const ids = [...alb.cloud.state.rules.values()].flatMap(({ RuleActions }) =>
    RuleActions.flatMap((one) => [
      ...(one.ForwardGroupConfig?.ServerGroupTuples ?? []),
      ...(one.TrafficMirrorConfig?.MirrorGroupConfig.ServerGroupTuples ?? []),
    ]),
  );
  return [...Map.groupBy(ids, (one) => one.ServerGroupId).values()].map((some) => some.length).sort((a, b) => b - a);
};

describe('an edit of weights', () => {
  test.each([
    [1, 1, 1],
    [20, 1, 1],
    [20, 50, 3],
    [80, 1, 2],
    [80, 50, 6],
  ])(
    'of a pool with %i routes and %i servers in each cluster takes %i writes, none of them to rules',
    async (count, servers, writes) => {
      alb = await startAlb({ quotas: ROOMY });
      await alb.reconcile(configOf(shop(weighted(70, 30, servers)), count));
      alb.writes();
      const { left, planned } = await alb.reconcile(configOf(shop(weighted(30, 70, servers)), count));
      expect(left.changes).toEqual([]);
      expect(alb.writes()).toEqual(Array.from({ length: writes }, () => 'UpdateServerGroupServersAttribute'));
      expect(planned).toHaveLength(writes);
    },
  );

  test('and a failover after it, which knows no rules, write to the same groups', async () => {
    alb = await startAlb();
    await alb.reconcile(configOf(shop(weighted(60, 40)), 60));
    const before = ours();
    const edited = configOf(shop(weighted(50, 50)), 60);
    await alb.reconcile(edited);
    const failed: SharesOf = () => ['cd', 'sh'].map((cluster) => ({ cluster, percent: cluster === 'sh' ? 100 : 0 }));
    alb.writes();
    const { left } = await alb.reconcile({ ...edited, rules: [] }, { scope: 'pools', shares: failed });
    expect(left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['UpdateServerGroupServersAttribute', 'UpdateServerGroupServersAttribute']);
    expect(ours()).toEqual(before);
    for (const { Servers } of ours()) expect(Servers.map((server) => server.Weight)).toEqual([0, 100]);
  });

  test('of some of the routes of a pool leaves the group to the others', async () => {
    alb = await startAlb();
    const [old, edited] = [shop(weighted(60, 40)), shop(weighted(50, 50))];
    await alb.reconcile({ pools: [old], rules: routes(5, old.key) });
    const [group] = ours();
    const rules = [...routes(2, edited.key), ...routes(3, old.key, 2)];
    const { left, config } = await alb.reconcile({ pools: [old, edited], rules });
    expect(left.changes).toEqual([]);
    expect(
      config.pools.map(({ objects }) => objects?.map(({ remoteId }) => remoteId === group?.ServerGroupId)),
    ).toEqual([[true], [false]]);
  });
});

describe('the group of a pool', () => {
  beforeEach(async () => {
    alb = await startAlb();
    await alb.reconcile(configOf(shop(weighted(60, 40)), 3));
  });

  test('stays when members come and go', async () => {
    const before = ours().map((one) => one.ServerGroupId);
    const members = [member('cd', [1]), member('bj', [7]), member('gz', [8], { tier: 1 })];
    expect((await alb.reconcile(configOf(shop(members), 3))).left.changes).toEqual([]);
    expect(ours().map((one) => one.ServerGroupId)).toEqual(before);
  });

  test('keeps its key when another pool comes that would have it', async () => {
    const [old, edited] = [shop(weighted(60, 40)), shop(weighted(50, 50))];
    await alb.reconcile(configOf(edited, 3));
    const rules = [...routes(3, edited.key), ...routes(1, old.key, 3)];
    const { config, left } = await alb.reconcile({ pools: [old, edited], rules });
    expect(left.changes).toEqual([]);
    expect(config.pools.map(({ objects }) => objects?.map(({ key }) => key))).toEqual([
      [`pool/${old.key}~2`],
      [`pool/${old.key}`],
    ]);
    expect(ours().map((one) => one.ServerGroupName)).toEqual([`fairlead-${old.key}`, `fairlead-${old.key}_2`]);
  });

  test('is not taken for another port of the service, though the rules are the same', async () => {
    const [before] = ours();
    const members = weighted(60, 40);
    const other = pool(poolKey('shop', 81, members), members, { port: 81 });
    expect((await alb.reconcile(configOf(other, 3))).left.changes).toEqual([]);
    await alb.runDue();
    expect(ours().map((one) => one.ServerGroupId)).not.toContain(before?.ServerGroupId);
  });
});

describe('more than 50 references to a pool', () => {
  test('are shared out between groups: 64 rules of one host each fit', async () => {
    alb = await startAlb();
    const one = shop(weighted(60, 40));
    const { left, refused } = await alb.reconcile(configOf(one, 64));
    expect([...left.changes, ...refused]).toEqual([]);
    expect(alb.cloud.state.rules.size).toBe(64);
    expect(references()).toEqual([50, 14]);
    expect(ours().map(({ Servers }) => Servers.map((server) => server.Weight))).toEqual([
      [60, 40],
      [60, 40],
    ]);
  });

  test('move no rule when one comes or goes', async () => {
    alb = await startAlb();
    const one = shop(weighted(60, 40));
    await alb.reconcile(configOf(one, 64));
    alb.writes();
    expect((await alb.reconcile(configOf(one, 65))).left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['CreateRules']);
    const rules = routes(65, one.key).filter((_, index) => index !== 3);
    expect((await alb.reconcile({ pools: [one], rules })).left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['DeleteRules']);
  });

  test('that have become fewer go back to one group', async () => {
    alb = await startAlb();
    const one = shop(weighted(60, 40));
    await alb.reconcile(configOf(one, 64));
    expect((await alb.reconcile(configOf(one, 40))).left.changes).toEqual([]);
    await alb.runDue();
    expect(references()).toEqual([40]);
    expect(ours()).toHaveLength(1);
  });

  test('are counted at every listener', async () => {
    alb = await startAlb({ listeners: 2 });
    expect((await alb.reconcile(configOf(shop(weighted(60, 40)), 30))).left.changes).toEqual([]);
    expect(references()).toEqual([50, 10]);
  });

  test('are counted for mirrors, too', async () => {
    alb = await startAlb();
    const [one, other] = [
      shop(weighted(60, 40)),
      pool(poolKey('next', 80, []), [member('cd', [9])], { service: 'next' }),
    ];
    const rules = [
      ...routes(30, one.key),
      ...routes(30, other.key, 30).map((mirrored) => ({ ...mirrored, mirror: one.key })),
    ];
    expect((await alb.reconcile({ pools: [one, other], rules })).left.changes).toEqual([]);
    expect(references()).toEqual([50, 30, 10]);
  });
});
