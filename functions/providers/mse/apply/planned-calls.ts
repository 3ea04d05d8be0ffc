import type { PlannedCall } from '../../../../schemas/plan.ts';
import type { Change } from '../../../core/gateway/provider-object.ts';
import type { Observed } from '../../provider.ts';
import { isDomainChange, isRouteChange, isServiceChange } from '../compile/changes.ts';
import { type Facts, factsOf } from '../observe/facts.ts';
import type { WriteAction } from '../permissions.ts';
import { batch } from './batch.ts';
import { routeActions } from './route-steps.ts';
import { serviceActions } from './service-steps.ts';

/** Returns the writes of `apply`, which takes the same steps. MSE accepts one object per call. */
export function calls(changes: readonly Change[], observed: Observed): PlannedCall[] {
  const facts = factsOf(observed.facts);
  return batch(changes)
    .flat()
    .flatMap((change) => actionsOf(change, facts).map((action) => ({ action, objects: [change.key] })));
}

function actionsOf(change: Change, { domains, routeStatus }: Facts): WriteAction[] {
  if (isDomainChange(change)) return change.key in domains ? [] : ['AddGatewayDomain'];
  if (isRouteChange(change)) return routeActions(change, routeStatus[change.key]);
  return isServiceChange(change) ? serviceActions(change) : [];
}
