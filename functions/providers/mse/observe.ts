import * as z from 'zod';
import type { ProviderObject } from '../../core/provider-object.ts';
import type { Observed, Scope } from '../provider.ts';
import { chunks, settle } from '../shared.ts';
import { list, type MseSession, orElse, read } from './calls.ts';
import {
  type HealthCheck,
  type RouteSpec,
  routeObject,
  type ServiceSpec,
  serviceObject,
  TextPredicate,
} from './canonical.ts';
import type { Facts } from './facts.ts';
import { isOfIngressController, readAddress, runningGateway } from './gateway.ts';
import { markOf } from './names.ts';
import { canonicalPolicies, ReadPolicies } from './policies.ts';

/** Status of a route: 0 offline, 2 being published, 3 published, 4 edited since, 5 being taken offline, 6 failed. */
export const PUBLISHED = 3;

const READS_AT_A_TIME = 20;

const Domain = z.object({ Id: z.int(), Name: z.string() });

/** The life time of the cookie is a text, and its name differs between actions. */
const HttpCookie = z
  .object({
    Name: orElse(z.string(), ''),
    Path: orElse(z.string(), '/'),
    TTL: z.coerce.number().optional(),
    Ttl: z.coerce.number().optional(),
  })
  .transform(({ Name, Path, TTL, Ttl }) => ({ Name, Path, TTL: TTL ?? Ttl ?? 0 }));

const HealthCheckInfo = z.object({
  Check: orElse(z.boolean(), false),
  Protocol: orElse(z.string(), ''),
  Interval: orElse(z.int(), 0),
  Timeout: orElse(z.int(), 0),
  HealthyThreshold: orElse(z.int(), 0),
  UnhealthyThreshold: orElse(z.int(), 0),
  HttpPath: orElse(z.string(), ''),
  ExpectedStatuses: orElse(z.array(z.int()), []),
});

const Service = z.object({
  Id: z.int(),
  Name: z.string(),
  SourceType: z.string(),
  ServiceProtocol: orElse(z.string(), ''),
  Ips: orElse(z.array(z.string()), []),
  HealthCheckInfo: orElse(HealthCheckInfo, HealthCheckInfo.parse({})),
  GatewayTrafficPolicy: z
    .object({
      LoadBalancerSettings: z
        .object({
          LoadbalancerType: orElse(z.string(), 'ROUND_ROBIN'),
          ConsistentHashLBConfig: z.object({ HttpCookie: HttpCookie.nullish() }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});
export type Service = z.output<typeof Service>;

const Route = z.object({ Id: z.int(), Name: z.string(), Type: z.string(), Status: z.int() });
export type Route = z.output<typeof Route>;

const RouteServices = orElse(z.array(z.object({ ServiceId: z.int(), Percent: orElse(z.int(), 100) })), []);
const TextPredicates = orElse(z.array(TextPredicate), []);

const RouteDetail = ReadPolicies.extend({
  Status: z.int(),
  DomainNameList: orElse(z.array(z.string()), []),
  RoutePredicates: z.object({
    PathPredicates: orElse(z.object({ Path: z.string(), Type: z.string(), IgnoreCase: orElse(z.boolean(), false) }), {
      Path: '',
      Type: '',
      IgnoreCase: false,
    }),
    HeaderPredicates: TextPredicates,
    QueryPredicates: TextPredicates,
    MethodPredicates: orElse(z.array(z.string()), []),
  }),
  DestinationType: z.string(),
  RouteServices,
  Fallback: orElse(z.boolean(), false),
  FallbackServices: RouteServices,
  DirectResponse: z.object({ Code: orElse(z.int(), 0), Body: orElse(z.string(), '') }).nullish(),
  Redirect: z
    .object({ Code: orElse(z.int(), 0), Host: orElse(z.string(), ''), Path: orElse(z.string(), '') })
    .nullish(),
});
type RouteDetail = z.output<typeof RouteDetail>;

/**
 * What the gateway has now. Our objects are the ones that have our mark in their name and are of the type that we create; what the
 * Ingress controller has made is not seen. Scope `pools` reads services only. Throws a CloudError while the gateway takes no writes.
 */
export async function observe(session: MseSession, scope: Scope): Promise<Observed> {
  const full = scope === 'full';
  const [gateway, services, routes, domains, address] = await settle([
    runningGateway(session),
    listServices(session),
    full ? listRoutes(session) : [],
    full ? listDomains(session) : {},
    full ? readAddress(session) : undefined,
  ] as const);
  const ourServices = ownedServices(services, session);
  const keys = new Map([...ourServices].map(([key, { Id }]) => [Id, key]));
  const serviceObjects = [...ourServices].map(([key, service]) =>
    serviceObject(key, toServiceSpec(service), String(service.Id)),
  );
  const facts: Facts = {
    domains,
    impostors: impostors(services, routes, session),
    ofIngressController: isOfIngressController(gateway),
  };
  const routeObjects = await readRoutes([...ownedRoutes(routes, session)], keys, session);
  return { objects: [...serviceObjects, ...routeObjects], foreign: [], address, facts };
}

/** One call for each route, which may take longer than a lease lasts. */
async function readRoutes(
  routes: readonly [string, Route][],
  keys: ReadonlyMap<number, string>,
  session: MseSession,
): Promise<ProviderObject[]> {
  const objects: ProviderObject[] = [];
  for (const some of chunks(routes, READS_AT_A_TIME)) {
    await session.ensureLease();
    const reads = some.map(async ([key, { Id }]) => routeObject(key, await readRoute(session, Id, keys), String(Id)));
    objects.push(...(await settle(reads)));
  }
  return objects;
}

export function listServices(session: MseSession): Promise<Service[]> {
  const FilterParams = { GatewayUniqueId: session.target.gatewayUniqueId };
  return list(session, 'ListGatewayService', { FilterParams }, Service);
}

export function listRoutes(session: MseSession): Promise<Route[]> {
  const FilterParams = { GatewayUniqueId: session.target.gatewayUniqueId };
  return list(session, 'ListGatewayRoute', { FilterParams }, Route);
}

/** Ids by name. */
export async function listDomains(session: MseSession): Promise<Record<string, number>> {
  const parameters = { GatewayUniqueId: session.target.gatewayUniqueId };
  const domains = await read(session, 'ListGatewayDomain', parameters, orElse(z.array(Domain), []));
  return Object.fromEntries(domains.map(({ Name, Id }) => [Name, Id]));
}

/** A route in full, which lists do not tell. `keys`: of our services, by id. */
export async function readRoute(
  session: MseSession,
  RouteId: number,
  keys: ReadonlyMap<number, string>,
): Promise<RouteSpec> {
  const parameters = { GatewayUniqueId: session.target.gatewayUniqueId, RouteId };
  return toRouteSpec(await read(session, 'GetGatewayRouteDetail', parameters, RouteDetail), keys);
}

/** Our services, by key. */
export function ownedServices(services: readonly Service[], session: MseSession): Map<string, Service> {
  return byKey(services.filter((service) => service.SourceType === 'VIP' && isMarked(service, session)));
}

/** Our routes, by key. */
export function ownedRoutes(routes: readonly Route[], session: MseSession): Map<string, Route> {
  return byKey(routes.filter((route) => route.Type === 'Op' && isMarked(route, session)));
}

function isMarked({ Name }: { Name: string }, { owner }: MseSession): boolean {
  return Name.startsWith(markOf(owner));
}

function impostors(services: readonly Service[], routes: readonly Route[], session: MseSession): string[] {
  const [ourServices, ourRoutes] = [ownedServices(services, session), ownedRoutes(routes, session)];
  return [
    ...services.filter((service) => isMarked(service, session) && !ourServices.has(service.Name)),
    ...routes.filter((route) => isMarked(route, session) && !ourRoutes.has(route.Name)),
  ].map(({ Name }) => Name);
}

/** The key is the name. Of two with one name the younger gets its id behind it, so that it is seen and deleted. */
function byKey<T extends { Id: number; Name: string }>(items: readonly T[]): Map<string, T> {
  const keyed = new Map<string, T>();
  for (const item of [...items].sort((a, b) => a.Id - b.Id)) {
    keyed.set(keyed.has(item.Name) ? `${item.Name}#${item.Id}` : item.Name, item);
  }
  return keyed;
}

export function toServiceSpec({ ServiceProtocol, Ips, ...service }: Service): ServiceSpec {
  const settings = service.GatewayTrafficPolicy?.LoadBalancerSettings;
  const cookie = settings?.ConsistentHashLBConfig?.HttpCookie;
  return {
    ServiceProtocol,
    Ips,
    HealthCheck: canonicalCheck(service.HealthCheckInfo),
    LoadBalancer: { Type: settings?.LoadbalancerType ?? 'ROUND_ROBIN', ...(cookie && { Cookie: cookie }) },
  };
}

/** A TCP check has no use for the HTTP fields, though they may stay from an earlier one. */
function canonicalCheck({ HttpPath, ExpectedStatuses, ...common }: Service['HealthCheckInfo']): HealthCheck {
  if (common.Protocol !== 'HTTP') return common;
  return { ...common, HttpPath, ExpectedStatuses: [...ExpectedStatuses].sort((a, b) => a - b) };
}

function toRouteSpec(detail: RouteDetail, keys: ReadonlyMap<number, string>): RouteSpec {
  const { DestinationType, DirectResponse, Redirect } = detail;
  const key = (id: number) => keys.get(id) ?? `id:${id}`;
  return {
    Domains: detail.DomainNameList,
    Predicates: detail.RoutePredicates,
    DestinationType,
    Services: detail.RouteServices.map(({ ServiceId, Percent }) => ({ Service: key(ServiceId), Percent })),
    FallbackServices: detail.Fallback ? detail.FallbackServices.map(({ ServiceId }) => key(ServiceId)) : [],
    ...(DestinationType === 'Mock' && DirectResponse ? { DirectResponse } : {}),
    ...(DestinationType === 'Redirect' && Redirect ? { Redirect } : {}),
    ...canonicalPolicies(detail),
    Published: detail.Status === PUBLISHED,
  };
}
