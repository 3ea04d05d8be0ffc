import { healthOf } from './health.ts';
import type { Gateway, MseDataPlane, Route, RouteService } from './model.ts';

/** Returns an entry of ListGatewayRoute: the route as edited, not as published. */
export function presentRoute(dataPlane: MseDataPlane, gateway: Gateway, route: Route) {
  const { Id, Name, Type, Status, RouteOrder, GmtCreate, GmtModified, config } = route;
  const { DomainIds, Predicates, DestinationType, Fallback, DirectResponse, Redirect } = config;
  const RouteServices = config.Services.map((item) => ({
    ...presentService(gateway, item),
    ...healthOfService(dataPlane, gateway, item),
  }));
  const domainNames = DomainIds.map((id) => gateway.domains.get(id)?.Name ?? '');
  return {
    Id,
    Name,
    Type,
    Status,
    RouteOrder,
    GmtCreate,
    GmtModified,
    GatewayUniqueId: gateway.GatewayUniqueId,
    GatewayId: gateway.Id,
    DomainId: DomainIds[0],
    DomainIdList: DomainIds,
    DomainName: domainNames[0],
    DomainNameList: domainNames,
    Predicates: JSON.stringify(Predicates),
    RoutePredicates: Predicates,
    DestinationType,
    Services: JSON.stringify(config.Services),
    RouteServices,
    Fallback,
    FallbackServices: config.FallbackServices.map((item) => presentService(gateway, item)),
    ...(DirectResponse === undefined ? {} : { DirectResponse }),
    ...(Redirect === undefined ? {} : { Redirect }),
  };
}

/** Returns the details of a route, which, unlike the list, have description and policies, but not the type. */
export function presentRouteDetail(dataPlane: MseDataPlane, gateway: Gateway, route: Route) {
  const { Type: _, ...fields } = presentRoute(dataPlane, gateway, route);
  const { HttpRewrite, ...policies } = route.policies;
  return {
    ...fields,
    Description: route.Description ?? '',
    ...policies,
    ...(HttpRewrite === undefined ? {} : { HTTPRewrite: HttpRewrite }),
  };
}

function presentService(gateway: Gateway, item: RouteService) {
  const service = gateway.services.get(item.ServiceId);
  if (!service) return item;
  const { Name, SourceType, ServiceProtocol: AgreementType } = service;
  return { ...item, Name, ServiceName: Name, SourceType, AgreementType };
}

function healthOfService(dataPlane: MseDataPlane, gateway: Gateway, { ServiceId }: RouteService) {
  const service = gateway.services.get(ServiceId);
  return service === undefined ? {} : healthOf(dataPlane, gateway, service);
}
