import type { Observation } from '../../../schemas/cluster.ts';
import type { GatewayViewVoter } from '../../../schemas/failover.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Resource } from '../../core/model/resource.ts';
import { CloudError, type Deps } from '../../deps.ts';
import type { BackendHealth } from '../../providers/provider.ts';
import { providerFor } from '../../providers/registry.ts';
import { readSession } from '../reconcile/session.ts';

/**
 * Returns what a gateway itself sees of clusters. A cluster that the gateway says nothing about is left out. When the
 * gateway cannot be asked, the observation of every cluster is `inconclusive`, never a failure.
 */
export async function viewOf(
  deps: Deps,
  voter: GatewayViewVoter,
  clusters: readonly Resource<'cluster'>[],
): Promise<{ cluster: Resource<'cluster'>; observation: Observation }[]> {
  const startedMs = deps.clock.now();
  const view = await backendsOf(deps, voter, clusters);
  const seen = {
    voter: voter.name,
    observedAt: new Date(startedMs).toISOString(),
    latencyMs: Math.max(0, deps.clock.now() - startedMs),
  };
  return clusters.flatMap((cluster): { cluster: Resource<'cluster'>; observation: Observation }[] => {
    if (typeof view === 'string') {
      return [{ cluster, observation: { ...seen, outcome: 'inconclusive', detail: `gateway: ${view}` } }];
    }
    const found = view.get(cluster.name) ?? 'unknown';
    if (found === 'unknown') return [];
    const detail = say(found === 'ok' ? 'BackendsHealthy' : 'NoBackendHealthy').text;
    return [{ cluster, observation: { ...seen, outcome: found, detail } }];
  });
}

/** Returns the states of backends by cluster, or the reason why they are unavailable. */
async function backendsOf(
  deps: Deps,
  voter: GatewayViewVoter,
  clusters: readonly Resource<'cluster'>[],
): Promise<BackendHealth | string> {
  const fleet = clusters[0]?.fleet ?? '';
  const [gateway, sync, pools] = await Promise.all([
    deps.store.get('gateway', fleet, voter.gateway),
    deps.store.sync(fleet, voter.gateway),
    deps.store.pools(fleet, voter.gateway),
  ]);
  const target = gateway?.spec.target ?? sync?.provisioned;
  if (gateway === undefined || target === undefined) return say('NoGatewayYet').text;
  try {
    const session = readSession(deps, gateway);
    return await providerFor(target.provider).backends({ ...session, target }, pools);
  } catch (error) {
    if (error instanceof CloudError) return say('CannotBeAsked', { errorClass: error.errorClass }).text;
    throw error;
  }
}
