import type { GatewayTarget } from '../../../schemas/gateway.ts';
import type { Rate } from './budget.ts';

type CloudProduct = GatewayTarget['provider'];

/** What a call is counted by. */
interface Counted {
  credentials: string;
  product: CloudProduct;
  regionId: string;
  action: string;
}

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

/** The rate that a call is counted by, and what else is counted with it: action `*` where all count together. */
export function rateOf({ product, regionId, credentials, action }: Counted): { scope: Counted; rate: Rate } {
  const { rate, by } = RATES[product];
  return { scope: { credentials, product, regionId, action: by === 'action' ? action : '*' }, rate };
}
