import type { MseTarget } from '../../../schemas/gateway.ts';
import type { GatewayProvider } from '../provider.ts';
import { apply } from './apply.ts';
import { backends } from './backends.ts';
import { batch } from './batch.ts';
import { movesPoints } from './changes.ts';
import { capabilities, check } from './check.ts';
import { compile } from './compile.ts';
import { factsOf } from './facts.ts';
import { findings, quotas } from './findings.ts';
import { match } from './match.ts';
import { observe } from './observe.ts';
import { checkOrder } from './order.ts';
import { permissions } from './permissions.ts';
import { calls } from './planned-calls.ts';
import { points } from './points.ts';
import { destroy, provision } from './provision.ts';
import { slotsOf } from './slots.ts';

/** Alibaba Cloud MSE cloud-native gateway: pools become fixed-address services, rules become routes. */
export const mse: GatewayProvider<MseTarget> = {
  kind: 'mse',
  capabilities,
  permissions,
  check,
  checkOrder,
  findings,
  quotas,
  observe,
  match,
  points,
  shadows: (observed) => factsOf(observed.facts).shadows,
  movesPoints,
  // The mark is a part of the name, and MSE renames nothing: UpdateGatewayService takes the name that a service has.
  restoresMarks: () => false,
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
