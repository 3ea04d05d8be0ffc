import type { Json } from '../../../core/gateway/provider-object.ts';
import { equal } from '../../../core/model/digest.ts';
import type { ServiceSpec } from '../compile/canonical.ts';
import type { ServiceChange } from '../compile/changes.ts';
import type { WriteAction } from '../permissions.ts';

/** One write to a service. The id of the service is added later. */
export interface ServiceStep {
  action: WriteAction;
  parametersOf(service: { Id: number; Name: string }): Record<string, Json | undefined>;
}

/** A service, as far as it is known. A health check that is not known is always written. */
type Current = Omit<ServiceSpec, 'HealthCheck'> & { HealthCheck?: ServiceSpec['HealthCheck'] | undefined };

/** Returns the actions that a change of a service takes, in order. */
export function serviceActions({ verb, before, after }: ServiceChange): WriteAction[] {
  if (after === undefined) return verb === 'delete' ? ['DeleteGatewayService'] : [];
  const steps = serviceSteps(before?.spec ?? imported(after.spec), after.spec).map(({ action }) => action);
  return before === undefined ? ['ImportServices', ...steps] : steps;
}

/**
 * Returns a service as an import creates it. The gateway chooses the health check, which depends on its version, so
 * ours is always written.
 */
function imported({ Ips, ServiceProtocol }: ServiceSpec): Current {
  return { Ips, ServiceProtocol, LoadBalancer: { Type: 'ROUND_ROBIN' } };
}

/** Returns the writes of what differs. Moving a pool to other clusters takes one call. */
export function serviceSteps(current: Current, desired: ServiceSpec): ServiceStep[] {
  const { Ips: IpList, ServiceProtocol, HealthCheck, LoadBalancer } = desired;
  const steps: ServiceStep[] = [];
  if (!equal([current.Ips, current.ServiceProtocol], [IpList, ServiceProtocol])) {
    const parametersOf: ServiceStep['parametersOf'] = ({ Id, Name }) => ({ Id, Name, IpList, ServiceProtocol });
    steps.push({ action: 'UpdateGatewayService', parametersOf });
  }
  if (!equal(current.HealthCheck ?? null, HealthCheck)) {
    const parametersOf: ServiceStep['parametersOf'] = ({ Id }) => ({ ServiceId: Id, ...HealthCheck });
    steps.push({ action: 'UpdateGatewayServiceCheck', parametersOf });
  }
  if (!equal(current.LoadBalancer, LoadBalancer)) {
    const GatewayTrafficPolicy = { LoadBalancerSettings: settingsOf(LoadBalancer) };
    const parametersOf: ServiceStep['parametersOf'] = ({ Id }) => ({ ServiceId: Id, GatewayTrafficPolicy });
    steps.push({ action: 'UpdateGatewayServiceTrafficPolicy', parametersOf });
  }
  return steps;
}

function settingsOf({ Type, Cookie }: ServiceSpec['LoadBalancer']) {
  if (Cookie === undefined) return { LoadbalancerType: Type };
  const HttpCookie = { ...Cookie, TTL: String(Cookie.TTL) };
  return { LoadbalancerType: Type, ConsistentHashLBConfig: { ConsistentHashLBType: 'COOKIE', HttpCookie } };
}
