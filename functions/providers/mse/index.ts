import type { MseTarget } from '../../../schemas/gateway.ts';
import type { GatewayProvider } from '../provider.ts';
import { apply } from './apply/apply.ts';
import { batch } from './apply/batch.ts';
import { calls } from './apply/planned-calls.ts';
import { movesPoints } from './compile/changes.ts';
import { capabilities, check } from './compile/check.ts';
import { compile } from './compile/compile.ts';
import { slotsOf } from './compile/slots.ts';
import { backends } from './observe/backends.ts';
import { factsOf } from './observe/facts.ts';
import { findings, quotas } from './observe/findings.ts';
import { match } from './observe/match.ts';
import { observe } from './observe/observe.ts';
import { checkOrder } from './observe/order.ts';
import { points } from './observe/points.ts';
import { permissions } from './permissions.ts';
import { destroy, provision } from './provision.ts';

/**
 * The provider for Alibaba Cloud MSE cloud-native gateways. Pools become fixed-address services, and rules become
 * routes.
 */
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
  // The mark is a part of the name, and MSE cannot rename anything: UpdateGatewayService takes the present name of a
  // service.
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
