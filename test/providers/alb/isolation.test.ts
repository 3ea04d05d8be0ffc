import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayConfig, Member, Rule } from '../../../functions/core/model/ir.ts';
import type { Fault } from '../../../infra/local/cloud/faults.ts';
import type { RamPolicy } from '../../../infra/local/cloud/ram.ts';
import { ramPolicies } from '../../../infra/policies.ts';
import { type Alb, filters, member, pool, rule, type SharesOf, startAlb } from './harness.ts';

/** What the cloud refuses of one object stays alone; everything else is done. */

const octets = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from);
/** Pools of different services, whose groups do not take each other's place. */
const poolOf = (service: string, members: Member[]) => pool(`${service}-80-0123456789ab`, members, { service });
const A = poolOf('a', [member('cd', [1]), member('sh', [2])]);
const B = poolOf('b', [member('cd', [3])]);
/** ALB keeps this header for itself, which `check` tells people, and which nobody has asked here. */
const BAD = filters({ type: 'RequestHeaderModifier', set: [{ name: 'X-Forwarded-Port', value: '1' }] });
const routes = (paths: string[], bad: string[] = [], { key } = A): Rule[] =>
  paths.map((path) => rule(path, { [key]: 100 }, { filters: bad.includes(path) ? BAD : [] }));
const keyOf = (path: string) => `${alb.target.listenerIds[0]}/shop.example.com${path}/*`;
const onlySh: SharesOf = (one) => one.members.map(({ cluster }) => ({ cluster, percent: cluster === 'sh' ? 100 : 0 }));

let alb: Alb;
afterEach(() => alb.close());
const pathsThere = () =>
  [...alb.cloud.state.rules.values()].map(
    (one) => one.RuleConditions.find(({ Type }) => Type === 'Path')?.PathConfig?.Values[0],
  );
const groupNamed = (name: string) =>
  [...alb.cloud.state.serverGroups.values()].find((one) => one.ServerGroupName === `fairlead-${name}-80-0123456789ab`);
const weightsOf = (name: string) => groupNamed(name)?.Servers.map(({ ServerId, Weight }) => `${ServerId}=${Weight}`);

describe('a rule', () => {
  test('that the cloud refuses is alone: the others are created, and those that go are deleted', async () => {
    alb = await startAlb();
    await alb.reconcile({ pools: [A], rules: routes(['/old']) });
    const paths = octets(23).map((index) => `/r${index}`);
    const { refused, left } = await alb.reconcile({ pools: [A], rules: routes(paths, ['/r4', '/r20']) });
    expect(refused.map(({ kind, key, code }) => `${kind} ${key} ${code}`).sort()).toEqual([
      `Rule ${keyOf('/r20')} IllegalParam.Key`,
      `Rule ${keyOf('/r4')} IllegalParam.Key`,
    ]);
    expect(pathsThere().sort()).toEqual(paths.filter((path) => path !== '/r4' && path !== '/r20').sort());
    expect(left.changes.map(({ key }) => key).sort()).toEqual([keyOf('/r20'), keyOf('/r4')].sort());
  });

  test('of which an update is refused stays as it is, and the others are updated', async () => {
    alb = await startAlb();
    const paths = octets(9).map((index) => `/r${index}`);
    await alb.reconcile({ pools: [A, B], rules: routes(paths) });
    const { refused } = await alb.reconcile({ pools: [A, B], rules: routes(paths, ['/r3'], B) });
    expect(refused.map(({ key }) => key)).toEqual([keyOf('/r3')]);
    const id = groupNamed('a')?.ServerGroupId;
    const pointing = [...alb.cloud.state.rules.values()].filter((one) =>
      one.RuleActions.some((action) => action.ForwardGroupConfig?.ServerGroupTuples[0]?.ServerGroupId === id),
    );
    expect(pointing.map((one) => one.RuleName)).toEqual(['fairlead-shop.example.com-r3']);
  });

  test('that is gone when it is to be updated is told, and the next run makes it anew', async () => {
    alb = await startAlb();
    const paths = octets(5).map((index) => `/r${index}`);
    await alb.reconcile({ pools: [A, B], rules: routes(paths) });
    const rules = routes(paths, [], B);
    const client = alb.client;
    let isDeleted = false;
    const cloud = {
      call: async (request: Parameters<typeof client.call>[0]) => {
        if (request.action === 'UpdateRulesAttribute' && !isDeleted) {
          isDeleted = true;
          await alb.call('DeleteRules', { RuleIds: [...alb.cloud.state.rules.keys()].slice(0, 1) });
        }
        return client.call(request);
      },
    };
    const { refused } = await alb.reconcile({ pools: [A, B], rules }, { session: alb.session({ cloud }) });
    expect(refused).toMatchObject([{ kind: 'Rule', code: 'ResourceNotFound.Rule' }]);
    expect((await alb.reconcile({ pools: [A, B], rules })).left.changes).toEqual([]);
    expect(alb.cloud.state.rules.size).toBe(5);
  });
});

describe('a server group', () => {
  test('that could not be created is named by the rules that need it; one that would move to it stays where it is', async () => {
    alb = await startAlb({ quotas: { serverGroups: 2 } });
    await alb.reconcile({ pools: [A], rules: routes(['/r1', '/r2']) });
    const rules = [...routes(['/r1', '/new'], [], B), ...routes(['/r2', '/r3'])];
    const { refused } = await alb.reconcile({ pools: [A, B], rules });
    const codes = Object.fromEntries(refused.map(({ key, code }) => [key, code]));
    expect(codes).toEqual({
      [`pool/${B.key}`]: 'QuotaExceeded.ServerGroupsNum',
      [keyOf('/r1')]: 'DependsOnRefused',
      [keyOf('/new')]: 'DependsOnRefused',
    });
    expect(refused.find(({ key }) => key === keyOf('/r1'))?.detail).toContain(`pool/${B.key}`);
    expect(pathsThere().sort()).toEqual(['/r1', '/r2', '/r3']);
    const targets = [...alb.cloud.state.rules.values()].map(
      (one) => one.RuleActions[0]?.ForwardGroupConfig?.ServerGroupTuples[0]?.ServerGroupId,
    );
    expect(new Set(targets)).toEqual(new Set([groupNamed('a')?.ServerGroupId]));
  });

  test('that could not get its servers takes no rule over, now and in the next run', async () => {
    alb = await startAlb({ quotas: { serversPerServerGroup: 2 } });
    await alb.reconcile({ pools: [A], rules: routes(['/r1']) });
    const wide = poolOf('b', [member('cd', [3, 4, 5])]);
    for (let run = 0; run < 2; run++) {
      const { refused } = await alb.reconcile({ pools: [A, wide], rules: routes(['/r1'], [], B) });
      expect(refused.map(({ code }) => code)).toEqual(['QuotaExceeded.ServerGroupServersNum', 'DependsOnRefused']);
      expect(groupNamed('b')?.Servers).toEqual([]);
      const [only] = alb.cloud.state.rules.values();
      expect(only?.RuleActions[0]?.ForwardGroupConfig?.ServerGroupTuples[0]?.ServerGroupId).toBe(
        groupNamed('a')?.ServerGroupId,
      );
    }
  });

  test('without endpoints may be referred to: its rules answer 503, as declared', async () => {
    alb = await startAlb();
    const { refused, left } = await alb.reconcile({ pools: [poolOf('a', [])], rules: routes(['/r1']) });
    expect([...refused, ...left.changes]).toEqual([]);
  });

  test('that takes no newcomers leaves a failed cluster all the same', async () => {
    alb = await startAlb({ quotas: { serversPerServerGroup: 2 } });
    await alb.reconcile({ pools: [A], rules: routes(['/r1']) });
    const more = poolOf('a', [member('cd', [1, 3]), member('sh', [2])]);
    const { refused } = await alb.reconcile({ pools: [more], rules: routes(['/r1']) }, { shares: onlySh });
    expect(refused).toMatchObject([{ kind: 'ServerGroup', code: 'QuotaExceeded.ServerGroupServersNum' }]);
    expect(weightsOf('a')).toEqual(['10.0.0.1=0', '10.0.0.2=100']);
  });

  test('keeps the servers that newcomers were to replace while these are refused', async () => {
    alb = await startAlb({ quotas: { serversPerServerGroup: 2 } });
    await alb.reconcile({ pools: [A], rules: routes(['/r1']) });
    const other = poolOf('a', [member('cd', [8]), member('sh', [2], { weight: 25 })]);
    const { refused } = await alb.reconcile({ pools: [other], rules: routes(['/r1']) });
    expect(refused).toHaveLength(1);
    expect(weightsOf('a')).toEqual(['10.0.0.1=50', '10.0.0.2=33']);
  });

  test('of which a server was taken away by hand has the weights of the others set', async () => {
    alb = await startAlb();
    await alb.reconcile({ pools: [A], rules: routes(['/r1']) });
    const client = alb.client;
    let isTaken = false;
    const cloud = {
      call: async (request: Parameters<typeof client.call>[0]) => {
        if (request.action === 'UpdateServerGroupServersAttribute' && !isTaken) {
          isTaken = true;
          const Servers = [{ ServerType: 'Ip', ServerId: '10.0.0.1', Port: 80 }];
          const ServerGroupId = groupNamed('a')?.ServerGroupId;
          await alb.call('RemoveServersFromServerGroup', { ServerGroupId, Servers });
        }
        return client.call(request);
      },
    };
    await alb.reconcile({ pools: [A], rules: routes(['/r1']) }, { shares: onlySh, session: alb.session({ cloud }) });
    expect(weightsOf('a')).toEqual(['10.0.0.2=100']);
  });

  test('to which somebody else refers is not deleted, and the others are', async () => {
    alb = await startAlb();
    await alb.reconcile({ pools: [A, B], rules: routes(['/r1']) });
    await alb.call('CreateRules', {
      ListenerId: alb.target.listenerIds[0],
      Rules: [
        {
          RuleName: 'theirs',
          Priority: 9000,
          RuleConditions: [{ Type: 'Path', PathConfig: { Values: ['/theirs'] } }],
          RuleActions: [
            {
              Type: 'ForwardGroup',
              Order: 1,
              ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId: groupNamed('a')?.ServerGroupId }] },
            },
          ],
        },
      ],
    });
    const { refused } = await alb.reconcile({ pools: [], rules: [] });
    expect(refused).toMatchObject([{ kind: 'ServerGroup', key: `pool/${A.key}`, code: 'ResourceInUse.ServerGroup' }]);
    await alb.runDue();
    expect(groupNamed('b')).toBeUndefined();
    expect(pathsThere()).toEqual(['/theirs']);
  });
});

describe('what concerns the gateway as a whole is thrown', () => {
  const CONFIG: GatewayConfig = { pools: [A], rules: routes(['/r1']) };

  test.each<[Fault, string]>([
    [{ kind: 'error', code: 'SignatureDoesNotMatch', action: 'CreateRules' }, 'credentials'],
    [{ kind: 'error', code: 'InvalidAccessKeyId.NotFound', action: 'CreateServerGroup' }, 'credentials'],
    [{ kind: 'error', code: 'Conflict.Lock', action: 'CreateRules', times: 50 }, 'busy'],
    [{ kind: 'throttle', action: 'CreateRules', times: 50 }, 'throttled'],
    [{ kind: 'drop', action: 'CreateRules', times: 50 }, 'unavailable'],
    [{ kind: 'error', code: 'Forbidden.RAM', action: 'ListAsynJobs', times: 50 }, 'denied'],
  ])('%j is %s', async (fault, errorClass) => {
    alb = await startAlb();
    alb.cloud.faults.add(fault);
    await expect(alb.reconcile(CONFIG)).rejects.toMatchObject({ name: 'CloudError', errorClass });
  });
});

test('a write that the RAM policy forbids is refused by object, and everything else is done', async () => {
  const Statement = ramPolicies.routing.Statement.map((statement) => ({
    ...statement,
    Action: statement.Action.filter((action) => action !== 'alb:CreateRules'),
  }));
  const policy: RamPolicy = { Version: '1', Statement };
  const denied = await startAlb({ policies: [policy] });
  const { refused } = await denied.reconcile({ pools: [A], rules: routes(['/r1', '/r2']) });
  expect(refused.map(({ kind, code }) => `${kind} ${code}`)).toEqual(['Rule Forbidden.RAM', 'Rule Forbidden.RAM']);
  expect(denied.cloud.state.serverGroups.size).toBe(2);
  await expect(denied.close()).rejects.toThrow('alb:CreateRules');
  alb = await startAlb();
});
