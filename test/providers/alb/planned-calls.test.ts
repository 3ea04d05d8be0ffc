import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayConfig, Pool } from '../../../functions/core/model/ir.ts';
import { HealthCheck } from '../../../schemas/service.ts';
import { expectSameCalls } from '../planned.ts';
import {
  type Alb,
  declaredShares,
  member,
  pool,
  type ReconcileOptions,
  rule,
  type SharesOf,
  startAlb,
} from './harness.ts';

/** The default is 1,000, which these configurations would meet now and then. */
const ROOMY = { serversPerLoadBalancer: 100_000, referencesPerServerGroup: 1_000 };

const octets = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from);
const without =
  (cluster: string | undefined): SharesOf =>
  (one) => {
    const serving = one.members.filter((item) => item.cluster !== cluster);
    return one.members.map((item) => ({
      cluster: item.cluster,
      percent: item.cluster === cluster ? 0 : 100 / serving.length,
    }));
  };

const Members = fc.record({
  cd: fc.constantFrom(0, 1, 3, 45),
  sh: fc.constantFrom(1, 2, 50),
  weight: fc.constantFrom(10, 50),
  remote: fc.boolean(),
  path: fc.constantFrom('/up', '/live'),
});
type Members = typeof Members extends fc.Arbitrary<infer T> ? T : never;

/** Every other server may be remote. */
function poolOf(key: string, { cd, sh, weight, remote, path }: Members): Pool {
  const members = [member('cd', octets(cd), { weight }), member('sh', octets(sh, 100))].map((one) => ({
    ...one,
    endpoints: one.endpoints.map((endpoint, index) => ({ ...endpoint, remote: remote && index % 2 === 0 })),
  }));
  return pool(key, members, { healthCheck: HealthCheck.parse({ type: 'http', path }) });
}

let alb: Alb;
afterEach(() => alb.close());

/** Expects that the calls of each step are as planned, and that the step leaves nothing to do. */
async function follow(steps: readonly { config: GatewayConfig; options?: ReconcileOptions }[]): Promise<string[]> {
  let actions: string[] = [];
  for (const { config, options } of steps) {
    const { planned, made, left } = await alb.reconcile(config, options);
    expectSameCalls(made, planned);
    expect(left.changes).toEqual([]);
    actions = made.map(({ action }) => action);
  }
  return actions;
}

const routes = (count: number, key: string, from = 0) =>
  octets(count, from).map((index) => rule(`/${key}-${index}`, { [key]: 100 }));

describe('a plan tells the calls that apply makes', () => {
  test('in their documented sizes: 200 servers, 40 weights, 10 rules, 100 deletes', async () => {
    alb = await startAlb({ listeners: 1, quotas: { ...ROOMY, rulesPerLoadBalancer: 200 } });
    const wide = pool('wide', [member('cd', octets(120)), member('sh', octets(120, 121))]);
    const config = { pools: [wide], rules: routes(35, 'wide') };
    const created = await follow([{ config }]);
    expect(created.filter((action) => action === 'AddServersToServerGroup')).toHaveLength(2);
    expect(created.filter((action) => action === 'CreateRules')).toHaveLength(4);
    const moved = await follow([{ config, options: { shares: without('cd'), scope: 'pools' } }]);
    expect(moved).toEqual(Array.from({ length: 3 }, () => 'UpdateServerGroupServersAttribute'));
    const left = await follow([{ config: { pools: [], rules: [] } }]);
    expect(left).toEqual(['DeleteRules', 'DeleteServerGroup']);
  });

  test('for rules that are moved and changed at once', async () => {
    alb = await startAlb({ listeners: 2 });
    const pools = [pool('a', [member('cd', [1])]), pool('b', [member('sh', [2])])];
    const rules = routes(23, 'a');
    const changed = [...rules]
      .reverse()
      .map((one, index) => (index % 2 ? { ...one, backends: [{ pool: 'b', weight: 100 }] } : one));
    const actions = await follow([{ config: { pools, rules } }, { config: { pools, rules: changed } }]);
    expect(new Set(actions)).toEqual(new Set(['UpdateRulesAttribute']));
  });

  const pools = ['a', 'b', 'c'].map((key, index) => pool(key, [member('cd', [index + 1])]));
  const full = (name: string, count: number) => ['a', 'b', 'c'].flatMap((key) => routes(count, key, name.length * 100));

  test('when the quota of rules is full: as many go as come, and no call is refused', async () => {
    alb = await startAlb();
    const kept = full('x', 20);
    const actions = await follow([
      { config: { pools, rules: [...kept, ...full('xx', 13)] } },
      { config: { pools, rules: [...kept, ...full('xxx', 12)] } },
    ]);
    expect(actions.filter((action) => action !== 'UpdateRulesAttribute')).toEqual([
      ...['DeleteRules', 'CreateRules', 'DeleteRules', 'CreateRules'],
      ...['DeleteRules', 'CreateRules', 'DeleteRules', 'CreateRules', 'DeleteRules'],
    ]);
    const refused = alb.cloud.log.entries.filter((entry) => entry.code?.startsWith('QuotaExceeded'));
    expect(refused).toEqual([]);
  });

  test('when rules of one listener make room for those of another', async () => {
    alb = await startAlb({ listeners: 2 });
    const [first = '', second = ''] = alb.target.listenerIds;
    const on = (...listenerIds: string[]) => ({
      session: { ...alb.session(), target: { ...alb.target, listenerIds } },
    });
    const config = { pools, rules: full('x', 30) };
    await follow([
      { config, options: on(first) },
      { config, options: on(second) },
    ]);
    expect(new Set([...alb.cloud.state.rules.values()].map((one) => one.ListenerId))).toEqual(new Set([second]));
  });

  test('for any change from one configuration to another', async () => {
    const Config = fc.record({
      pools: fc.record({ a: Members, b: Members }),
      paths: fc.shuffledSubarray(octets(14), { minLength: 1 }),
      backends: fc.array(fc.constantFrom({ a: 100 }, { b: 100 }, { a: 30, b: 70 }), { minLength: 14, maxLength: 14 }),
      failed: fc.constantFrom(undefined, 'cd', 'sh'),
      withB: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(Config, { minLength: 2, maxLength: 4 }), async (states) => {
        alb = await startAlb({ quotas: ROOMY });
        try {
          await follow(
            states.map(({ pools: { a, b }, paths, backends, failed, withB }) => ({
              config: {
                pools: [poolOf('a', a), ...(withB ? [poolOf('b', b)] : [])],
                rules: paths.map((path) => rule(`/${path}`, withB ? (backends[path] ?? { a: 100 }) : { a: 100 })),
              },
              options: { shares: failed === undefined ? declaredShares : without(failed) },
            })),
          );
        } finally {
          await alb.close();
        }
      }),
      { numRuns: 12 },
    );
  });
});
