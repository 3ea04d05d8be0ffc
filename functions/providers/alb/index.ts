import type { AlbTarget } from '../../../schemas/gateway.ts';
import type { GatewayProvider } from '../provider.ts';
import { apply } from './apply.ts';
import { backends } from './backends.ts';
import { batch } from './batch.ts';
import { capabilities } from './capabilities.ts';
import { check } from './check.ts';
import { compile } from './compile.ts';
import { observe } from './observe.ts';
import { permissions } from './permissions.ts';
import { calls } from './planned-calls.ts';
import { destroy, provision } from './provision.ts';
import { checkQuotas, quotas } from './quotas.ts';
import { rehearse } from './rehearse.ts';
import { effectiveShares } from './weights.ts';

/**
 * Alibaba Cloud Application Load Balancer: pools become server groups, rules become listener rules. Each rule has an explicit priority,
 * so that our order is ALB's.
 */
export const alb: GatewayProvider<AlbTarget> = {
  kind: 'alb',
  capabilities,
  canReject: true,
  permissions,
  check,
  checkOrder: () => [],
  checkQuotas,
  quotas,
  observe,
  backends,
  compile,
  served: (pool, shares) => effectiveShares(pool.members, shares),
  batch,
  calls,
  rehearse,
  apply,
  provision,
  destroy,
};
