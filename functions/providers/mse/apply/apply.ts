import type { Change, Refusal } from '../../../core/gateway/provider-object.ts';
import type { Observed } from '../../provider.ts';
import { awaitAll } from '../../shared.ts';
import type { MseSession } from '../calls.ts';
import { isDomainChange, isRouteChange, isServiceChange } from '../compile/changes.ts';
import { applyRoutes } from './routes.ts';
import { applyDomains, applyServices } from './services.ts';

/**
 * Applies a batch and waits until it is in force. What is done already is not done again. Resolves with what the cloud
 * refuses, object by object. Throws the `CloudError` of the first change that failed for another reason, once no other
 * change is under way.
 */
export async function apply(batch: readonly Change[], observed: Observed, session: MseSession): Promise<Refusal[]> {
  const refused = await awaitAll([
    applyDomains(batch.filter(isDomainChange), session),
    applyServices(batch.filter(isServiceChange), observed, session),
  ]);
  return [...refused.flat(), ...(await applyRoutes(batch.filter(isRouteChange), observed, session))];
}
