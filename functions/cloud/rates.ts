import type { Rate } from '../core/budget.ts';
import type { BudgetScope, CloudProduct, CloudRequest } from '../deps.ts';

/**
 * How often each product may be called: the one table of rates. All credential sets of an account share its rates, in truth; one set
 * stands for an account here, as nothing tells which sets belong together.
 *
 * ALB (quota page of OpenAPI 2020-06-16): 200 calls in 60 s by region and action. Documented for AddServersToServerGroup,
 * ReplaceServersInServerGroup, DeleteServerGroup, UpdateServerGroupAttribute, UpdateListenerAttribute, UpdateRuleAttribute and some more;
 * assumed for CreateRules, UpdateRulesAttribute, DeleteRules, UpdateServerGroupServersAttribute and all reads.
 *
 * MSE (OpenAPI 2019-05-31) documents none: 5 calls in 1 s by region, all actions together, are assumed.
 */
const RATES: Record<CloudProduct, { rate: Rate; by: 'action' | 'region' }> = {
  alb: { rate: { calls: 200, windowMs: 60_000 }, by: 'action' },
  mse: { rate: { calls: 5, windowMs: 1_000 }, by: 'region' },
};

/** The rate that a call is counted by, and what else is counted with it. */
export function rateOf({ product, regionId, credentials, action }: CloudRequest): {
  scope: BudgetScope;
  rate: Rate;
} {
  const { rate, by } = RATES[product];
  return { scope: { credentials, product, regionId, action: by === 'action' ? action : '*' }, rate };
}
