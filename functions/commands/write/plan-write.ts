import type { GatewayPlan } from '../../../schemas/plan.ts';
import type { Deps, Store } from '../../deps.ts';
import { previewGateway } from '../../engine/reconcile/preview.ts';

/** Returns the plans of these gateways after a write. `wouldBe` shows the fleet as it would be. */
export async function planWrite(
  deps: Deps,
  wouldBe: Store,
  fleet: string,
  gateways: readonly string[],
): Promise<GatewayPlan[]> {
  const options = { revertsDrift: false, rehearses: true, current: deps.store };
  const plans = gateways.map(async (name) => {
    const resource = await wouldBe.get('gateway', fleet, name);
    return resource && (await previewGateway({ ...deps, store: wouldBe }, resource, options));
  });
  return (await Promise.all(plans)).filter((plan) => plan !== undefined);
}
