import { describe, expect, it } from 'vitest';
import { fullBucket, spend } from '../../functions/core/gateway/budget.ts';
import type { BudgetScope, Store } from '../../functions/deps.ts';
import { NOW_MS } from './fixtures.ts';

const RATE = { calls: 200, windowMs: 60_000 };
const SCOPE: BudgetScope = { credentials: 'default', product: 'alb', regionId: 'cn-hangzhou', action: 'CreateRules' };
const bucket = (calls: number) => spend(fullBucket(RATE), RATE, calls, NOW_MS);

/** Budgets of calls, which many invocations write at once. */
export function budgetSuite(store: () => Store): void {
  describe('budgets', () => {
    it('are there once they are written, each by its scope', async () => {
      expect(await store().budget(SCOPE)).toBeUndefined();
      const others = [
        { ...SCOPE, credentials: 'other' },
        { ...SCOPE, product: 'mse' as const },
        { ...SCOPE, regionId: 'cn-beijing' },
        { ...SCOPE, action: '*' },
      ];
      for (const [index, scope] of [SCOPE, ...others].entries()) {
        expect(await store().putBudget(scope, { version: 1, bucket: bucket(index + 1) })).toBe(true);
      }
      for (const [index, scope] of [SCOPE, ...others].entries()) {
        expect(await store().budget(scope)).toEqual({ version: 1, bucket: bucket(index + 1) });
      }
    });

    it('take each version once: of many that spend from one bucket, one is not refused', async () => {
      for (const version of [1, 2]) {
        const tries = Array.from({ length: 5 }, (_, calls) =>
          store().putBudget(SCOPE, { version, bucket: bucket(calls + 1) }),
        );
        expect((await Promise.all(tries)).filter((done) => done)).toHaveLength(1);
      }
      expect(await store().putBudget(SCOPE, { version: 4, bucket: bucket(1) })).toBe(false);
      expect((await store().budget(SCOPE))?.version).toBe(2);
    });
  });
}
