import type { EndpointHealth, Gateway, MseDataPlane, Service } from './model.ts';

/**
 * Returns the gateway's verdict on a service: Unhealthy as soon as one endpoint is unhealthy (assumed), Unknown when no
 * endpoint was checked.
 */
export function healthOf(dataPlane: MseDataPlane, { GatewayUniqueId }: Gateway, service: Service) {
  const verdicts = service.Ips.map((endpoint): [string, EndpointHealth] => [
    endpoint,
    dataPlane.endpointHealth(GatewayUniqueId, service.Id, endpoint),
  ]);
  const UnhealthyEndpoints = verdicts.filter(([, health]) => health === 'unhealthy').map(([endpoint]) => endpoint);
  const isChecked = verdicts.some(([, health]) => health !== 'unchecked');
  const HealthStatus = UnhealthyEndpoints.length > 0 ? 'Unhealthy' : isChecked ? 'Health' : 'Unknown';
  return { HealthStatus, UnhealthyEndpoints };
}
