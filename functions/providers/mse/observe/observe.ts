import * as z from 'zod';
import type { Observed, Scope } from '../../provider.ts';
import { awaitAll, shownForeign } from '../../shared.ts';
import { list, type MseSession, orElse, read } from '../calls.ts';
import { type HealthCheck, SERVICE, type ServiceSpec, serviceObject } from '../compile/canonical.ts';
import { markOf } from '../compile/names.ts';
import type { Facts } from './facts.ts';
import { foreignObject, foreignRoute, shadowsOf } from './foreign.ts';
import { isOfIngressController, readAddress, runningGateway } from './gateway.ts';
import { Route, readRoutes } from './route-details.ts';

const Domain = z.object({ Id: z.int(), Name: z.string() });

/** A cookie for affinity. Its time to live is a text, and the name of that field differs between actions. */
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
  HealthStatus: orElse(z.string(), 'Unknown'),
  UnhealthyEndpoints: orElse(z.array(z.string()), []),
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

/**
 * Reads the present state of the gateway. Our objects are those that have our mark in their name and are of the type
 * that we create; what the Ingress controller has created is not among them. An object cannot lose its name, because
 * MSE renames neither services nor routes, so known ids would find nothing more. Scope `pools` reads services only.
 * Throws a `CloudError` while the gateway does not accept writes.
 */
export async function observe(session: MseSession, scope: Scope): Promise<Observed> {
  const full = scope === 'full';
  const [gateway, services, routes, domains, address] = await awaitAll([
    runningGateway(session),
    listServices(session),
    full ? listRoutes(session) : [],
    full ? listDomains(session) : {},
    full ? readAddress(session) : undefined,
  ] as const);
  const ourServices = ownedServices(services, session);
  const ourRoutes = ownedRoutes(routes, session);
  const keys = new Map([...ourServices].map(([key, { Id }]) => [Id, key]));
  const serviceObjects = [...ourServices].map(([key, service]) =>
    serviceObject(key, toServiceSpec(service), String(service.Id)),
  );
  const routeObjects = await readRoutes(ourRoutes, keys, session);
  const foreignRoutes = without(routes, ourRoutes).map(foreignRoute);
  const facts: Facts = {
    domains,
    impostors: impostors(services, routes, session),
    ofIngressController: isOfIngressController(gateway),
    routeStatus: Object.fromEntries([...ourRoutes].map(([key, { Status }]) => [key, Status])),
    shadows: shadowsOf(routeObjects, foreignRoutes),
  };
  const foreignServices = without(services, ourServices).map(({ Id, Name }) => {
    return { kind: SERVICE, name: Name, remoteId: String(Id) };
  });
  const foreign = full ? shownForeign([...foreignRoutes.map(foreignObject), ...foreignServices]) : [];
  return { objects: [...serviceObjects, ...routeObjects], foreign, address, facts };
}

function without<T extends { Id: number }>(all: readonly T[], ours: ReadonlyMap<string, T>): T[] {
  const ids = new Set([...ours.values()].map(({ Id }) => Id));
  return all.filter(({ Id }) => !ids.has(Id));
}

export function listServices(session: MseSession): Promise<Service[]> {
  const FilterParams = { GatewayUniqueId: session.target.gatewayUniqueId };
  return list(session, 'ListGatewayService', { FilterParams }, Service);
}

export function listRoutes(session: MseSession): Promise<Route[]> {
  const FilterParams = { GatewayUniqueId: session.target.gatewayUniqueId };
  return list(session, 'ListGatewayRoute', { FilterParams }, Route);
}

/** Returns the ids of the domains, by name. */
export async function listDomains(session: MseSession): Promise<Record<string, number>> {
  const parameters = { GatewayUniqueId: session.target.gatewayUniqueId };
  const domains = await read(session, 'ListGatewayDomain', parameters, orElse(z.array(Domain), []));
  return Object.fromEntries(domains.map(({ Name, Id }) => [Name, Id]));
}

/** Returns our services, by key. */
export function ownedServices(services: readonly Service[], session: MseSession): Map<string, Service> {
  return byKey(services.filter((service) => service.SourceType === 'VIP' && isMarked(service, session)));
}

/** Returns our routes, by key. */
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

/**
 * Returns objects by key, which is their name. Of two objects with the same name, the younger one gets its id appended,
 * so that it is seen and deleted.
 */
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

/**
 * Returns the health check without the HTTP fields if it is a TCP check, which has no use for them. An earlier HTTP
 * check may have left them.
 */
function canonicalCheck({ HttpPath, ExpectedStatuses, ...common }: Service['HealthCheckInfo']): HealthCheck {
  if (common.Protocol !== 'HTTP') return common;
  return { ...common, HttpPath, ExpectedStatuses: [...ExpectedStatuses].sort((a, b) => a - b) };
}
