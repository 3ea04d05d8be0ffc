import type { GatewayTarget } from '../../../schemas/gateway.ts';
import type { Rate } from './budget.ts';

type CloudProduct = GatewayTarget['provider'];

/** The properties of a call by which it is counted. */
interface Counted {
  credentials: string;
  product: CloudProduct;
  regionId: string;
  action: string;
}

/**
 * The call rates of all products. In truth, all credential sets of an account share its rates; here each set stands for
 * an account of its own, because nothing tells which sets belong together.
 *
 * ALB (quota page of OpenAPI 2020-06-16): 200 calls in 60 s by region and action. Documented for
 * AddServersToServerGroup, ReplaceServersInServerGroup, DeleteServerGroup, UpdateServerGroupAttribute,
 * UpdateListenerAttribute, UpdateRuleAttribute and some more; assumed for CreateRules, UpdateRulesAttribute,
 * DeleteRules, UpdateServerGroupServersAttribute and all reads.
 *
 * MSE (OpenAPI 2019-05-31) documents no rates; 5 calls in 1 s by region, for all actions together, are assumed.
 */
const RATES: Record<CloudProduct, { rate: Rate; by: 'action' | 'region' }> = {
  alb: { rate: { calls: 200, windowMs: 60_000 }, by: 'action' },
  mse: { rate: { calls: 5, windowMs: 1_000 }, by: 'region' },
};

/**
 * Returns the rate that applies to a call, and the scope of the calls that are counted together; the action of the
 * scope is `*` when all actions count together.
 */
export function rateOf({ product, regionId, credentials, action }: Counted): { scope: Counted; rate: Rate } {
  const { rate, by } = RATES[product];
  return { scope: { credentials, product, regionId, action: by === 'action' ? action : '*' }, rate };
}
