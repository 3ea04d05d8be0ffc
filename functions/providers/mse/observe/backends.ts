import type { Pool } from '../../../core/model/ir.ts';
import { clustersOf, type EndpointHealth, together } from '../../backends.ts';
import type { Backends } from '../../provider.ts';
import type { MseSession } from '../calls.ts';
import { listServices, ownedServices, type Service } from './observe.ts';

/**
 * One call for each 100 services. An endpoint is where any of our services has it: a cluster that is withdrawn has lent its service to
 * others, and nothing is known of it.
 */
export async function backends(session: MseSession, pools: readonly Pool[]): Promise<Backends> {
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
