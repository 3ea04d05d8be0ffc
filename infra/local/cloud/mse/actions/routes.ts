import {
  type Action,
  action,
  checkOurs,
  gatewayById,
  newId,
  reading,
  routeById,
  timeText,
  writing,
} from '../context.ts';
import { alreadyExists, illegalRequest, invalid, Refusal } from '../errors.ts';
import type { Route } from '../model.ts';
import { contains, equals, type PageInput } from '../page.ts';
import { presentRoute, presentRouteDetail } from '../present-route.ts';
import { type RouteInput, toConfig } from '../route-config.ts';
import { toPolicies } from './route-policies.ts';

interface AddInput extends RouteInput {
  Name: string;
  Description?: string;
  RouteOrder?: number;
  Policies?: Record<string, unknown>;
}

const addGatewayRoute = writing((context, gateway, input: AddInput) => {
  const { Name, Description, RouteOrder = 0, Policies = {} } = input;
  if ([...gateway.routes.values()].some((one) => one.Name === Name)) {
    throw alreadyExists(`The route ${Name} exists already.`);
  }
  const route: Route = {
    Id: 0,
    Name,
    ...(Description === undefined ? {} : { Description }),
    Type: 'Op',
    Status: 0,
    RouteOrder,
    GmtCreate: timeText(context),
    GmtModified: timeText(context),
    config: toConfig(gateway, input),
    policies: toPolicies(Policies),
  };
  route.Id = newId(context.state);
  gateway.routes.set(route.Id, route);
  return route.Id;
});

interface UpdateInput extends RouteInput {
  Id: number;
  Name?: string;
  Description?: string;
  RouteOrder?: number;
}

/** Replaces match and destination as a whole. What is published stays in force until the next publish (assumed). */
const updateGatewayRoute = writing((context, gateway, input: UpdateInput) => {
  const route = routeById(gateway, input.Id);
  checkOurs('route', route);
  checkAtRest(route);
  if (input.Name !== undefined && input.Name !== route.Name) throw invalid('Name', `it must be ${route.Name}`);
  route.config = toConfig(gateway, input);
  if (input.Description !== undefined) route.Description = input.Description;
  route.RouteOrder = input.RouteOrder ?? route.RouteOrder;
  route.Status = route.published === undefined ? 0 : 4;
  route.GmtModified = timeText(context);
  return route.Id;
});

/** Throws RouteBusy while the route is being published or taken offline. */
function checkAtRest({ Name, Status }: Route): void {
  if (Status !== 2 && Status !== 5) return;
  throw new Refusal('RouteBusy', `The route ${Name} has status ${Status}: the operation is not allowed now.`);
}

const applyGatewayRoute = writing((context, gateway, { RouteId }: { RouteId: number }) => {
  const route = routeById(gateway, RouteId);
  checkOurs('route', route);
  checkAtRest(route);
  route.Status = 2;
  context.schedule.after(context.publishLatencyMs, () => {
    route.published = structuredClone(route.config);
    route.Status = 3;
  });
  return true;
});

const offlineGatewayRoute = writing((context, gateway, { RouteId }: { RouteId: number }) => {
  const route = routeById(gateway, RouteId);
  checkOurs('route', route);
  checkAtRest(route);
  if (route.published === undefined) throw illegalRequest(`the route ${route.Name} is not published`);
  route.Status = 5;
  context.schedule.after(context.publishLatencyMs, () => {
    delete route.published;
    route.Status = 0;
  });
  return true;
});

const deleteGatewayRoute = writing((_, gateway, { RouteId }: { RouteId: number }) => {
  const route = routeById(gateway, RouteId);
  checkOurs('route', route);
  checkAtRest(route);
  if (route.published !== undefined)
    throw illegalRequest(`the route ${route.Name} is published: take it offline first`);
  gateway.routes.delete(RouteId);
  const { Id, Name, Status, RouteOrder, GmtCreate, GmtModified } = route;
  return { Id, Name, Status, RouteOrder, GmtCreate, GmtModified, GatewayUniqueId: gateway.GatewayUniqueId };
});

interface ListInput extends PageInput {
  FilterParams: {
    GatewayUniqueId: string;
    Name?: string;
    DomainId?: number;
    DomainName?: string;
    Path?: string;
    RouteOrder?: number;
    Status?: number;
  };
}

/** Returns the whole list regardless of PageSize, as documented. */
const listGatewayRoute = action((context, { PageNumber = 1, PageSize = 10, FilterParams: filter }: ListInput) => {
  const gateway = gatewayById(context, filter.GatewayUniqueId);
  const Result = [...gateway.routes.values()]
    .map((route) => presentRoute(context.dataPlane, gateway, route))
    .filter(
      (route) =>
        contains(route.Name, filter.Name) &&
        (filter.DomainId === undefined || route.DomainIdList.includes(filter.DomainId)) &&
        route.DomainNameList.some((name) => contains(name, filter.DomainName)) &&
        contains(route.RoutePredicates.PathPredicates?.Path ?? '', filter.Path) &&
        equals(route.RouteOrder, filter.RouteOrder) &&
        equals<number>(route.Status, filter.Status),
    );
  return { PageNumber, PageSize, TotalSize: Result.length, Result };
});

const getGatewayRouteDetail = reading((context, gateway, { RouteId }: { RouteId: number }) =>
  presentRouteDetail(context.dataPlane, gateway, routeById(gateway, RouteId)),
);

export const routeActions: Record<string, Action> = {
  AddGatewayRoute: addGatewayRoute,
  UpdateGatewayRoute: updateGatewayRoute,
  ApplyGatewayRoute: applyGatewayRoute,
  OfflineGatewayRoute: offlineGatewayRoute,
  DeleteGatewayRoute: deleteGatewayRoute,
  ListGatewayRoute: listGatewayRoute,
  GetGatewayRouteDetail: getGatewayRouteDetail,
};
