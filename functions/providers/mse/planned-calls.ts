import type { PlannedCall } from '../../../schemas/plan.ts';
import type { Change } from '../../core/provider-object.ts';
import type { Observed } from '../provider.ts';
import { batch } from './batch.ts';
import { DOMAIN, ROUTE } from './canonical.ts';
import { type Facts, factsOf } from './facts.ts';
import type { WriteAction } from './permissions.ts';
import { routeActions } from './route-steps.ts';
import { serviceActions } from './service-steps.ts';

/** The writes of `apply`, which takes the same steps. MSE takes one object a call. */
export function calls(changes: readonly Change[], observed: Observed): PlannedCall[] {
  const facts = factsOf(observed);
  return batch(changes)
    .flat()
    .flatMap((change) => actionsOf(change, facts).map((action) => ({ action, objects: [change.key] })));
}

function actionsOf(change: Change, { domains, routeStatus }: Facts): WriteAction[] {
  if (change.kind === DOMAIN) return change.key in domains ? [] : ['AddGatewayDomain'];
  if (change.kind === ROUTE) return routeActions(change, routeStatus[change.key]);
  return serviceActions(change);
}
