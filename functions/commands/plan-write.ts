import type { GatewayPlan } from '../../schemas/plan.ts';
import type { Resource } from '../core/model.ts';
import { CloudError, type Deps, type Store } from '../deps.ts';
import { previewGateway } from '../engine/preview.ts';
import { AppError } from './app-error.ts';

/** What a write would lead to at these gateways: `store` shows the fleet as it would be. Throws `unavailable`. */
export async function planWrite(
  deps: Deps,
  store: Store,
  fleet: string,
  gateways: readonly string[],
): Promise<GatewayPlan[]> {
  const plans: GatewayPlan[] = [];
  for (const name of gateways) {
    const resource = await store.get('gateway', fleet, name);
    if (resource) plans.push(await planOf({ ...deps, store }, resource, { revertsDrift: false, rehearses: true }));
  }
  return plans;
}

/** Throws `unavailable` when the gateway cannot be looked at. */
export async function planOf(deps: Deps, resource: Resource<'gateway'>, options: Parameters<typeof previewGateway>[2]) {
  try {
    return await previewGateway(deps, resource, options);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    throw new AppError(
      'unavailable',
      `The gateway ${resource.name} cannot be looked at: ${error.action} answered ${error.code}.`,
      [],
      { cause: error },
    );
  }
}
