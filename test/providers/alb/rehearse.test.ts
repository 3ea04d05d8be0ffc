import { afterEach, beforeEach, expect, test } from 'vitest';
import { plan } from '../../../functions/core/gateway/plan.ts';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import { alb as provider } from '../../../functions/providers/alb/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { type Alb, declaredShares, member, pool, rule, startAlb } from './harness.ts';

const A = pool('a', [member('cd', [1, 2]), member('sh', [3])]);
const NOW: GatewayConfig = { pools: [A], rules: [rule('/a', { a: 100 }), rule('/b', { a: 100 })] };
/** Servers, a health check, the order of rules, new rules for groups old and new, and a rule that goes. */
const NEXT: GatewayConfig = {
  pools: [
    pool('a', [member('cd', [2, 4]), member('sh', [3])], { healthCheck: { ...A.healthCheck, intervalSeconds: 9 } }),
    pool('b', [member('cd', [5])]),
  ],
  rules: [rule('/c', { a: 100 }), rule('/b', { a: 100 }), rule('/d', { b: 100 })],
};

let alb: Alb;
beforeEach(async () => {
  alb = await startAlb();
  await alb.reconcile(NOW);
});
afterEach(() => alb.close());

async function rehearsal(config: GatewayConfig, spoil = (_: ReturnType<typeof plan>) => {}): Promise<Issue[]> {
  const session = alb.session();
  const observed = await provider.observe(session, 'full', new Map());
  const shares = new Map(config.pools.map((one) => [one.key, declaredShares(one)]));
  const wanted = plan(
    provider.compile(provider.match(config, observed, session), shares, observed, session),
    observed.objects,
    'sync',
  );
  spoil(wanted);
  return provider.rehearse(wanted.changes, observed, session);
}

test('the cloud is asked about everything that refers to what exists, and nothing is changed', async () => {
  const before = JSON.stringify([...alb.cloud.state.serverGroups, ...alb.cloud.state.rules]);
  const from = alb.cloud.log.entries.length;
  expect(await rehearsal(NEXT)).toEqual([]);
  await alb.runDue();
  expect(JSON.stringify([...alb.cloud.state.serverGroups, ...alb.cloud.state.rules])).toEqual(before);
  const writes = alb.cloud.log.entries.slice(from).filter((entry) => entry.kind === 'write');
  expect(writes.map(({ action, code }) => `${action} ${code}`).sort()).toEqual([
    'AddServersToServerGroup DryRunOperation',
    'CreateRules DryRunOperation',
    'CreateServerGroup DryRunOperation',
    'RemoveServersFromServerGroup DryRunOperation',
    'UpdateServerGroupAttribute DryRunOperation',
    'UpdateServerGroupServersAttribute DryRunOperation',
  ]);
  expect((await alb.reconcile(NEXT)).left.changes).toEqual([]);
});

test('what the cloud would refuse is told with its code and the objects', async () => {
  const issues = await rehearsal(NEXT, ({ changes }) => {
    for (const { kind, verb, after } of changes)
      if (kind === 'Rule' && verb === 'create' && after) after.spec['Priority'] = 99_999;
  });
  expect(issues).toMatchObject([{ code: 'cloud-refuses', detail: expect.stringContaining('IllegalParam.Priority') }]);
  expect(issues[0]?.detail).toContain('shop.example.com/c/*');
  expect(issues[0]?.detail).not.toContain('shop.example.com/d/*');
});

test('a cloud that is out of order says nothing about the plan', async () => {
  alb.cloud.faults.add({ kind: 'error', code: 'ServiceUnavailable', action: 'CreateRules', times: 20 });
  await expect(rehearsal(NEXT)).rejects.toMatchObject({ name: 'CloudError', errorClass: 'unavailable' });
});

test('no more than 50 calls are made', async () => {
  const many = Array.from({ length: 60 }, (_, index) => pool(`p${index}`, [member('cd', [index + 1])]));
  alb.writes();
  expect(await rehearsal({ pools: [A, ...many], rules: NOW.rules })).toEqual([]);
  expect(alb.writes()).toHaveLength(50);
});
