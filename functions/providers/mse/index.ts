import type { MseTarget } from '../../../schemas/gateway.ts';
import type { GatewayProvider } from '../provider.ts';
import { apply } from './apply.ts';
import { backends } from './backends.ts';
import { batch } from './batch.ts';
import { capabilities, check, checkQuotas, quotas } from './check.ts';
import { compile } from './compile.ts';
import { observe } from './observe.ts';
import { checkOrder } from './order.ts';
import { permissions } from './permissions.ts';
import { calls } from './planned-calls.ts';
import { destroy, provision } from './provision.ts';
import { slotsOf } from './shares.ts';

/** Alibaba Cloud MSE cloud-native gateway: pools become fixed-address services, rules become routes. */
export const mse: GatewayProvider<MseTarget> = {
  kind: 'mse',
  capabilities,
  // A fixed-address service must have an address.
  canReject: false,
  permissions,
  check,
  checkOrder,
  checkQuotas,
  quotas,
  observe,
  backends,
  compile,
  served: (pool, shares) => slotsOf(pool, shares).real,
  batch,
  calls,
  rehearse: async () => [],
  apply,
  provision,
  destroy,
};
