import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plan } from '../../../functions/core/gateway/plan.ts';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import type { CloudRequest } from '../../../functions/deps.ts';
import { alb as provider } from '../../../functions/providers/alb/index.ts';
import { RouteMatch } from '../../../schemas/route.ts';
import { type Alb, crashing, declaredShares, member, OWNER, pool, rule, type SharesOf, startAlb } from './harness.ts';

const SHOP = pool('shop-80', [member('cd', [1], { weight: 40 }), member('sh', [2], { weight: 60 })]);
const CART = pool('cart-80', [member('cd', [1, 3]), member('sh', [2, 4])]);
const CONFIG: GatewayConfig = {
  pools: [CART, SHOP],
  rules: [
    rule('/cart', { 'cart-80': 100 }),
    rule('/mix', { 'cart-80': 30, 'shop-80': 70 }),
    rule('/', { 'shop-80': 100 }),
  ],
};
const EMPTY: GatewayConfig = { pools: [], rules: [] };
const only =
  (cluster: string): SharesOf =>
  (one) =>
    one.members.map((item) => ({ cluster: item.cluster, percent: item.cluster === cluster ? 100 : 0 }));

let alb: Alb;
const weightsOf = (name: string) => {
  const group = [...alb.cloud.state.serverGroups.values()].find((one) => one.ServerGroupName === `fairlead-${name}`);
  return Object.fromEntries((group?.Servers ?? []).map((server) => [server.ServerId, server.Weight]));
};
const rulesInOrder = () =>
  [...alb.cloud.state.rules.values()]
    .sort((a, b) => a.Priority - b.Priority)
    .map((one) => one.RuleConditions.find((item) => item.Type === 'Path')?.PathConfig?.Values.join(' ') ?? '');
const ours = () => [...alb.cloud.state.serverGroups.values()].filter((one) => one.ServerGroupName !== 'default-group');

describe('one listener', () => {
  beforeEach(async () => {
    alb = await startAlb();
  });
  afterEach(() => alb.close());

  test('an empty load balancer gets everything, and a second plan is empty', async () => {
    const { plan, left } = await alb.reconcile(CONFIG);
    expect(plan.changes.map(({ verb, kind }) => `${verb} ${kind}`)).toEqual([
      ...['create ServerGroup', 'create ServerGroup'],
      ...['create Rule', 'create Rule', 'create Rule'],
    ]);
    expect(left.changes).toEqual([]);
    expect(weightsOf('shop-80')).toEqual({ '10.0.0.1': 40, '10.0.0.2': 60 });
    expect(weightsOf('cart-80')).toEqual({ '10.0.0.1': 25, '10.0.0.2': 25, '10.0.0.3': 25, '10.0.0.4': 25 });
    expect(rulesInOrder()).toEqual(['/cart /cart/*', '/mix /mix/*', '']);
    expect(alb.writes().filter((action) => action === 'CreateRules')).toHaveLength(1);
  });

  test('a change of shares is one weight call for each pool, and no rule is read', async () => {
    await alb.reconcile(CONFIG);
    alb.writes();
    const before = alb.cloud.counts().byAction['ListRules'];
    const { left } = await alb.reconcile({ ...CONFIG, rules: [] }, { shares: only('sh'), scope: 'pools' });
    expect(left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['UpdateServerGroupServersAttribute', 'UpdateServerGroupServersAttribute']);
    expect(alb.cloud.counts().byAction['ListRules']).toBe(before);
    expect(weightsOf('shop-80')).toEqual({ '10.0.0.1': 0, '10.0.0.2': 100 });
    expect((await alb.reconcile(CONFIG)).left.changes).toEqual([]);
    expect(weightsOf('shop-80')).toEqual({ '10.0.0.1': 40, '10.0.0.2': 60 });
  });

  test('when no cluster shall serve, weights stay as they are', async () => {
    await alb.reconcile(CONFIG);
    const nobody: SharesOf = (one) => one.members.map(({ cluster }) => ({ cluster, percent: 0 }));
    const { plan } = await alb.reconcile(CONFIG, { shares: nobody });
    expect(plan.changes).toEqual([]);
  });

  test('a new route is one create; others stay untouched', async () => {
    await alb.reconcile(CONFIG);
    alb.writes();
    const rules = [...CONFIG.rules.slice(0, 1), rule('/help', { 'shop-80': 100 }), ...CONFIG.rules.slice(1)];
    const { left } = await alb.reconcile({ ...CONFIG, rules });
    expect(left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['CreateRules']);
    expect(rulesInOrder()).toEqual(['/cart /cart/*', '/help /help/*', '/mix /mix/*', '']);
  });

  test('rules that change places are moved, not made anew', async () => {
    await alb.reconcile(CONFIG);
    alb.writes();
    const { left } = await alb.reconcile({ ...CONFIG, rules: [...CONFIG.rules].reverse() });
    expect(left.changes).toEqual([]);
    expect(new Set(alb.writes())).toEqual(new Set(['UpdateRulesAttribute']));
    expect(rulesInOrder()).toEqual(['', '/mix /mix/*', '/cart /cart/*']);
  });

  test('a rule that matches something else is created before the old one goes', async () => {
    await alb.reconcile(CONFIG);
    alb.writes();
    const rules = [rule('/basket', { 'cart-80': 100 }), ...CONFIG.rules.slice(1)];
    expect((await alb.reconcile({ ...CONFIG, rules })).left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['CreateRules', 'DeleteRules']);
  });

  test('new backends of a rule replace the old ones in place; groups without rules go last', async () => {
    await alb.reconcile(CONFIG);
    alb.writes();
    const rules = CONFIG.rules.map((one) => ({ ...one, backends: [{ pool: 'shop-80', weight: 100 }] }));
    const { left } = await alb.reconcile({ pools: [SHOP], rules });
    expect(left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['UpdateRulesAttribute', 'DeleteServerGroup']);
  });

  test('new servers come before weights move, and servers that leave go to 0 before they are removed', async () => {
    await alb.reconcile(CONFIG);
    alb.writes();
    const pools = [CART, pool('shop-80', [member('cd', [9], { weight: 40 }), member('sh', [2], { weight: 60 })])];
    const { left } = await alb.reconcile({ ...CONFIG, pools });
    expect(left.changes).toEqual([]);
    expect(alb.writes()).toEqual([
      'AddServersToServerGroup',
      'UpdateServerGroupServersAttribute',
      'RemoveServersFromServerGroup',
    ]);
    expect(weightsOf('shop-80')).toEqual({ '10.0.0.2': 60, '10.0.0.9': 40 });
  });

  test('a server that turns remote is removed and added: nothing else can tell ALB', async () => {
    await alb.reconcile(CONFIG);
    const remote = member('cd', [1], { weight: 40 });
    remote.endpoints = remote.endpoints.map((endpoint) => ({ ...endpoint, remote: true }));
    const pools = [CART, pool('shop-80', [remote, member('sh', [2], { weight: 60 })])];
    expect((await alb.reconcile({ ...CONFIG, pools })).left.changes).toEqual([]);
    expect(weightsOf('shop-80')).toEqual({ '10.0.0.1': 40, '10.0.0.2': 60 });
  });

  test.each([{ type: 'tcp' as const }, { type: 'http' as const, path: '/live', method: 'GET' as const }])(
    'another health check ($type) is written in place',
    async (check) => {
      await alb.reconcile(CONFIG);
      alb.writes();
      const thresholds = { intervalSeconds: 3, timeoutSeconds: 4, healthyThreshold: 5, unhealthyThreshold: 6 };
      const pools = [CART, { ...SHOP, healthCheck: { ...check, ...thresholds } }] as GatewayConfig['pools'];
      expect((await alb.reconcile({ ...CONFIG, pools })).left.changes).toEqual([]);
      expect(alb.writes()).toEqual(['UpdateServerGroupAttribute']);
    },
  );

  test('matches of every kind read back as they were written', async () => {
    const match = RouteMatch.parse({
      path: { type: 'Exact', value: '/x' },
      method: 'POST',
      headers: [
        { name: 'X-Canary', value: 'yes' },
        { name: 'X-Tenant', value: 'A b' },
      ],
      queryParams: [
        { name: 'v', value: '2' },
        { name: 'u', value: '1' },
      ],
      cookies: [
        { name: 'canary', value: 'yes' },
        { name: 'beta', value: 'no' },
      ],
    });
    const pattern = RouteMatch.parse({ path: { type: 'RegularExpression', value: '^/v[0-9]+/(a|b)$' } });
    const rules = [
      rule('/', { 'shop-80': 100 }, { match }),
      rule('/', { 'shop-80': 100 }, { match: pattern }),
      rule('/', { 'shop-80': 100 }, { hostname: '*.example.com' }),
      rule('/', { 'shop-80': 100 }, { hostname: undefined }),
    ];
    expect((await alb.reconcile({ ...CONFIG, rules })).left.changes).toEqual([]);
  });

  test('edits by others are found and set right; what is not ours is not seen', async () => {
    await alb.reconcile(CONFIG);
    await alb.reconcile(CONFIG, { session: alb.session({ owner: 'fairlead/prod/other' }) });
    const before = alb.cloud.state.rules.size;
    const [mine] = [...alb.cloud.state.rules.values()].filter((one) => one.Tags.some((tag) => tag.Value === OWNER));
    const [foreign] = [...alb.cloud.state.serverGroups.values()];
    await alb.call('UpdateRulesAttribute', {
      Rules: [
        {
          RuleId: mine?.RuleId,
          RuleName: 'renamed',
          RuleActions: [
            {
              Type: 'ForwardGroup',
              Order: 5,
              ForwardGroupConfig: {
                ServerGroupTuples: [{ ServerGroupId: foreign?.ServerGroupId, Weight: 1 }],
                ServerGroupStickySession: { Enabled: true, Timeout: 60 },
              },
            },
          ],
        },
      ],
    });
    const { plan, left } = await alb.reconcile(CONFIG);
    expect(plan.changes).toMatchObject([{ verb: 'update', reason: 'differs in RuleActions, RuleName' }]);
    expect(left.changes).toEqual([]);
    expect(alb.cloud.state.rules.size).toBe(before);
  });

  test('rules that are not ours are shown, whoever made them', async () => {
    const other = alb.session({ owner: 'fairlead/prod/other' });
    await alb.reconcile(CONFIG);
    await alb.reconcile({ ...CONFIG, rules: [rule('/other', { 'shop-80': 100 })] }, { session: other });
    const [foreign] = [...alb.cloud.state.rules.values()].filter((one) => one.RuleName.includes('other'));
    expect((await provider.observe(alb.session(), 'full', new Map())).foreign).toEqual([
      {
        kind: 'Rule',
        name: foreign?.RuleName,
        remoteId: foreign?.RuleId,
        priority: foreign?.Priority,
        conditions: ['Host: shop.example.com', 'Path: /other, /other/*'],
      },
    ]);
    expect((await provider.observe(alb.session(), 'pools', new Map())).foreign).toEqual([]);
  });

  test('the lease is kept while many groups are read', async () => {
    const pools = Array.from({ length: 45 }, (_, index) => pool(`p${index}`, [member('cd', [index + 1])]));
    await alb.reconcile({ pools, rules: [] });
    let asked = 0;
    const session = alb.session();
    session.ensureLease = async () => {
      asked++;
    };
    await provider.observe(session, 'pools', new Map());
    expect(asked).toBe(3);
  });

  test('nothing declared removes all of ours and nothing else', async () => {
    await alb.reconcile(CONFIG);
    expect((await alb.reconcile(EMPTY)).left.changes).toEqual([]);
    expect(ours()).toEqual([]);
    expect(alb.cloud.state.rules.size).toBe(0);
    expect(alb.cloud.state.serverGroups.size).toBe(1);
  });

  test('of two groups with one key the one in use is kept, though the other is older', async () => {
    const config = { pools: [SHOP], rules: [rule('/', { 'shop-80': 100 })] };
    await alb.reconcile(config);
    const [older] = ours();
    const { ServerGroupId } = await alb.call('CreateServerGroup', {
      ServerGroupName: 'twin',
      ServerGroupType: 'Ip',
      VpcId: 'vpc-1',
      HealthCheckConfig: { HealthCheckEnabled: false },
      Tag: (older?.Tags ?? []).map(({ Key, Value }) => ({ Key, Value })),
    });
    const RuleActions = [
      { Type: 'ForwardGroup', Order: 1, ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId, Weight: 100 }] } },
    ];
    const [RuleId] = [...alb.cloud.state.rules.keys()];
    await alb.call('UpdateRulesAttribute', { Rules: [{ RuleId, RuleActions }] });
    const { plan: planned, left } = await alb.reconcile(config, { known: new Map() });
    expect(planned.changes.map(({ verb, key }) => `${verb} ${key}`)).toEqual([
      'update pool/shop-80',
      `delete pool/shop-80#${older?.ServerGroupId}`,
    ]);
    expect(left.changes).toEqual([]);
    await alb.runDue();
    expect(ours().map((group) => group.ServerGroupId)).toEqual([ServerGroupId]);
    expect(weightsOf('shop-80')).toEqual({ '10.0.0.1': 40, '10.0.0.2': 60 });
  });

  test('lists longer than a page are read to the end', async () => {
    const pools = Array.from({ length: 30 }, (_, index) => pool(`p${index}`, [member('cd', [index + 1])]));
    const wide = pool('wide', [
      member(
        'cd',
        Array.from({ length: 230 }, (_, index) => index + 1),
      ),
    ]);
    const rules = pools.map((one) => rule(`/${one.key}`, { [one.key]: 100 }));
    const { left } = await alb.reconcile({ pools: [...pools, wide], rules });
    expect(left.changes).toEqual([]);
    const quiet = await alb.reconcile({ pools: [...pools, wide], rules });
    expect(quiet.plan.changes).toEqual([]);
  });

  test('a job that has made some of its rules and then failed is finished, without twins', async () => {
    alb.cloud.faults.add({ kind: 'partial-batch', action: 'CreateRules' });
    const { refused, left } = await alb.reconcile(CONFIG);
    expect([...refused, ...left.changes]).toEqual([]);
    expect(alb.cloud.state.rules.size).toBe(3);
  });

  test.each(['lost-response', 'throttle', 'drop', 'html'] as const)(
    '%s of every call changes nothing of the result',
    async (kind) => {
      const actions = [
        'CreateServerGroup',
        'AddServersToServerGroup',
        'CreateRules',
        'ListAsynJobs',
        'ListServerGroups',
      ];
      for (const action of actions) alb.cloud.faults.add({ kind, action, times: 2 });
      expect((await alb.reconcile(CONFIG)).left.changes).toEqual([]);
      expect(ours()).toHaveLength(2);
      expect(alb.cloud.state.rules.size).toBe(3);
    },
  );

  test('a batch that is applied again, by what was observed before the first time, makes no twins', async () => {
    const shares = new Map(CONFIG.pools.map((one) => [one.key, declaredShares(one)]));
    const first = alb.session({ intent: 'one' });
    const observed = await provider.observe(first, 'full', new Map());
    const { changes } = plan(
      provider.compile(provider.match(CONFIG, observed, first), shares, observed, first),
      observed.objects,
      'sync',
    );
    for (const batch of provider.batch(changes)) {
      await provider.apply(batch, observed, first);
      await provider.apply(batch, observed, alb.session({ intent: 'two' }));
    }
    expect(ours()).toHaveLength(2);
    expect(alb.cloud.state.rules.size).toBe(3);
    expect((await alb.reconcile(CONFIG)).plan.changes).toEqual([]);
  });

  test('no write happens after the lease is lost', async () => {
    let writes = 0;
    const session = alb.session();
    session.ensureLease = async () => {
      if (++writes > 3) throw new Error('lease lost');
    };
    await expect(alb.reconcile(CONFIG, { session })).rejects.toThrow('lease lost');
    const count = alb.writes().length;
    expect(count).toBeLessThanOrEqual(3);
  });
});

describe('several listeners', () => {
  beforeEach(async () => {
    alb = await startAlb({ listeners: 2 });
  });
  afterEach(() => alb.close());

  test('every listener carries the same rules; a listener given up loses them', async () => {
    expect((await alb.reconcile(CONFIG)).left.changes).toEqual([]);
    expect(alb.cloud.state.rules.size).toBe(6);
    const [first = ''] = alb.target.listenerIds;
    const session = { ...alb.session(), target: { ...alb.target, listenerIds: [first] } };
    expect((await alb.reconcile(CONFIG, { session })).left.changes).toEqual([]);
    expect([...alb.cloud.state.rules.values()].map((one) => one.ListenerId)).toEqual([first, first, first]);
  });
});

describe('an HTTPS listener', () => {
  afterEach(() => alb.close());

  test('another protocol is another group, and the rule goes over before the old one goes', async () => {
    alb = await startAlb({ https: true });
    await alb.reconcile(CONFIG);
    alb.writes();
    const pools = [CART, { ...SHOP, protocol: 'HTTPS' as const }];
    expect((await alb.reconcile({ ...CONFIG, pools })).left.changes).toEqual([]);
    expect(alb.writes()).toEqual([
      'CreateServerGroup',
      'AddServersToServerGroup',
      'UpdateRulesAttribute',
      'DeleteServerGroup',
    ]);
  });
});

test.each([true, false])(
  'the protocols of its listeners are known by what it cannot carry (HTTPS: %s)',
  async (https) => {
    alb = await startAlb({ https, listeners: 2 });
    const { facts } = await provider.observe(alb.session(), 'full', new Map());
    const found = provider.findings({ pools: [{ ...SHOP, protocol: 'gRPC' }], rules: [] }, facts);
    expect(found.map(({ pools }) => pools)).toEqual(https ? [] : [['shop-80']]);
    await alb.close();
  },
);

describe('quotas', () => {
  afterEach(() => alb.close());

  test('when the rule quota is full, old rules make room for new ones', async () => {
    alb = await startAlb({ quotas: { rulesPerLoadBalancer: 3 } });
    await alb.reconcile(CONFIG);
    const rules = [rule('/basket', { 'cart-80': 100 }), rule('/pay', { 'cart-80': 100 }), ...CONFIG.rules.slice(2)];
    expect((await alb.reconcile({ ...CONFIG, rules })).left.changes).toEqual([]);
    expect(rulesInOrder()).toEqual(['/basket /basket/*', '/pay /pay/*', '']);
  });

  test('without anything to make room with, the rules that fit are there, and the quota is told of the others', async () => {
    alb = await startAlb({ quotas: { rulesPerLoadBalancer: 2 } });
    const { refused, left } = await alb.reconcile(CONFIG);
    expect(refused).toMatchObject([{ kind: 'Rule', code: 'QuotaExceeded.LoadBalancerRulesNum' }]);
    expect(left.changes.map(({ key }) => key)).toEqual(refused.map(({ key }) => key));
    expect(alb.cloud.state.rules.size).toBe(2);
  });
});

describe('crashes', () => {
  const NEXT: GatewayConfig = {
    pools: [pool('cart-80', [member('cd', [1, 5]), member('sh', [2])]), pool('new-80', [member('sh', [7])])],
    rules: [
      rule('/new', { 'new-80': 100 }),
      rule('/cart', { 'cart-80': 50, 'new-80': 50 }),
      rule('/', { 'cart-80': 100 }),
    ],
  };

  test.each(['before', 'after'] as const)(
    'a crash %s any write is healed by the next run, without twins',
    async (when) => {
      let crashed = true;
      for (let write = 1; crashed; write++) {
        alb = await startAlb({ jobLatencyMs: 500 });
        try {
          await alb.reconcile(CONFIG);
          const cloud = crashing(alb.client, write, when);
          crashed = await alb.reconcile(NEXT, { session: alb.session({ intent: 'next', cloud }) }).then(
            () => false,
            () => true,
          );
          const { left } = await alb.reconcile(NEXT, { session: alb.session({ intent: 'next' }) });
          expect(left.changes, `write ${write}`).toEqual([]);
          await alb.runDue();
          expect(ours()).toHaveLength(2);
          expect(rulesInOrder()).toEqual(['/new /new/*', '/cart /cart/*', '']);
        } finally {
          await alb.close();
        }
      }
    },
  );

  test('at no moment of a change is there a group in use without a server that takes traffic', async () => {
    alb = await startAlb();
    await alb.reconcile(CONFIG);
    const idle: string[] = [];
    const watch = () => {
      const used = new Set(
        [...alb.cloud.state.rules.values()].flatMap((one) =>
          one.RuleActions.flatMap((action) =>
            action.ForwardGroupConfig?.ServerGroupTuples.map((tuple) => tuple.ServerGroupId),
          ),
        ),
      );
      for (const group of ours().filter((one) => used.has(one.ServerGroupId))) {
        if (!group.Servers.some((server) => server.Weight > 0)) idle.push(group.ServerGroupName);
      }
    };
    const watched = {
      call: async (request: CloudRequest) => {
        watch();
        const answer = await alb.client.call(request);
        watch();
        return answer;
      },
    };
    const session = () => alb.session({ cloud: watched });
    await alb.reconcile(CONFIG, { shares: only('sh'), session: session() });
    await alb.reconcile(CONFIG, { shares: only('cd'), session: session() });
    await alb.reconcile(NEXT, { shares: declaredShares, session: session() });
    const many = (from: number) => Array.from({ length: 60 }, (_, index) => index + from);
    const wide = {
      ...NEXT,
      pools: [NEXT.pools[0] ?? SHOP, pool('new-80', [member('cd', many(1)), member('sh', many(101))])],
    };
    await alb.reconcile(wide, { shares: only('cd'), session: session() });
    await alb.reconcile(wide, { shares: only('sh'), session: session() });
    expect(idle).toEqual([]);
    await alb.close();
  });
});
