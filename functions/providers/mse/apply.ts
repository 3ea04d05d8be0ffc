import type { Change } from '../../core/provider-object.ts';
import type { Observed } from '../provider.ts';
import { settle } from '../shared.ts';
import { applyRoutes } from './apply-routes.ts';
import { applyDomains, applyServices } from './apply-services.ts';
import type { MseSession } from './calls.ts';
import { DOMAIN, ROUTE, SERVICE } from './canonical.ts';

/**
 * Applies a batch and waits until it is in force. What is found done already is not done again. Throws the CloudError of the first change
 * that failed, once no other change is under way.
 */
export async function apply(batch: readonly Change[], observed: Observed, session: MseSession): Promise<void> {
  const of = (kind: string) => batch.filter((change) => change.kind === kind);
  await settle([applyDomains(of(DOMAIN), session), applyServices(of(SERVICE), session)]);
  await applyRoutes(of(ROUTE), observed, session);
}
