import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { providerFor } from '../../functions/providers/registry.ts';
import type { RamPolicy } from '../../infra/local/cloud/ram.ts';
import { ramPolicies } from '../../infra/policies.ts';
import { GatewayTarget } from '../../schemas/gateway.ts';
import * as alb from './alb/harness.ts';
import * as mse from './mse/harness.ts';

function without(action: string): RamPolicy {
  const Statement = ramPolicies.routing.Statement.map((statement) => ({
    ...statement,
    Action: statement.Action.filter((one) => one !== action),
  }));
  return { Version: '1', Statement };
}

const CASES = [
  { action: 'alb:CreateRules', code: 'Forbidden.RAM', start: alb.startAlb, rules: [alb.rule('/', { web: 1 })] },
  { action: 'mse:AddGatewayRoute', code: 'NoPermission', start: mse.startMse, rules: [mse.rule('/', { web: 1 })] },
];

describe.each(CASES)('a RAM policy without $action', ({ action, code, start, rules }) => {
  it('refuses what takes that write and nothing else, and its name is kept', async () => {
    const gateway = await start({ policies: [without(action)] });
    const config = { pools: [alb.pool('web', [alb.member('one', [1])])], rules };
    const { refused } = await gateway.reconcile(config);
    expect(refused).toMatchObject([{ code }]);
    expect([...gateway.cloud.denied]).toEqual([action]);
    await expect(gateway.close()).rejects.toThrow(action);
  });
});

describe.each(GatewayTarget.options.map((option) => option.shape.provider.value))('the permissions of %s', (kind) => {
  const { routing, provisioning } = providerFor(kind).permissions;
  const allowed = [routing, provisioning].flatMap(({ reads, writes }) => [...reads, ...writes]);

  /** A call of an action that is missing in the table does not compile, so only the opposite is tested. */
  it('have no action that no call names', () => {
    const folder = join('functions/providers', kind);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && file !== 'permissions.ts',
    );
    const source = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
    expect(allowed.filter((action) => !source.includes(`'${action}'`))).toEqual([]);
  });
});
