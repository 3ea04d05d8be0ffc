import type { Pool } from '../../../core/model/ir.ts';
import { clustersOf, type EndpointHealth, together } from '../../backends.ts';
import type { BackendHealth } from '../../provider.ts';
import type { MseSession } from '../calls.ts';
import { listServices, ownedServices, type Service } from './observe.ts';

/**
 * Returns the health of clusters, with one call for each 100 services. An endpoint may be an address of any of our
 * services. Nothing is known of a cluster that is withdrawn, because its service has been lent to other clusters.
 */
export async function backends(session: MseSession, pools: readonly Pool[]): Promise<BackendHealth> {
  const services = [...ownedServices(await listServices(session), session).values()];
  const byEndpoint = new Map<string, Service[]>();
  for (const service of services) {
    for (const endpoint of service.Ips) byEndpoint.set(endpoint, [...(byEndpoint.get(endpoint) ?? []), service]);
  }
  return clustersOf(pools, (_, endpoint) =>
    together((byEndpoint.get(endpoint) ?? []).map((service) => endpointHealth(service, endpoint))),
  );
}

function endpointHealth(
  { HealthCheckInfo, HealthStatus, UnhealthyEndpoints }: Service,
  endpoint: string,
): EndpointHealth {
  if (!HealthCheckInfo.Check || HealthStatus === 'Unknown') return 'unknown';
  return UnhealthyEndpoints.includes(endpoint) ? 'fail' : 'ok';
}
