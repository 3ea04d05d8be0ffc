import * as z from 'zod';
import type { Json } from '../../../core/gateway/provider-object.ts';
import { digest } from '../../../core/model/digest.ts';
import { chunks, awaitAll } from '../../shared.ts';
import { type MseSession, orElse, read } from '../calls.ts';
import { type RouteObject, type RouteSpec, routeObject, TextPredicate } from '../compile/canonical.ts';
import { canonicalPolicies, ReadPolicies } from '../compile/policies.ts';
import { PUBLISHED } from './status.ts';

const READS_AT_A_TIME = 20;

const RouteServices = orElse(z.array(z.object({ ServiceId: z.int(), Percent: orElse(z.int(), 100) })), []);
const AnyJson = z.json().optional();

/**
 * A route in the form in which lists return it. `told` changes with every edit of the route, but not with its
 * publication.
 */
export const Route = z
  .object({
    Id: z.int(),
    Name: z.string(),
    Type: z.string(),
    Status: z.int(),
    GmtModified: AnyJson,
    DomainNameList: AnyJson,
    RoutePredicates: AnyJson,
    DestinationType: AnyJson,
    RouteServices,
    Fallback: AnyJson,
    FallbackServices: RouteServices,
  })
  .transform(({ Id, Name, Type, Status, ...told }) => ({ Id, Name, Type, Status, told }));
export type Route = z.output<typeof Route>;

const TextPredicates = orElse(z.array(TextPredicate), []);

/** The conditions of a route, which have the same form in details and in lists. */
export const RoutePredicates = z.object({
  PathPredicates: orElse(z.object({ Path: z.string(), Type: z.string(), IgnoreCase: orElse(z.boolean(), false) }), {
    Path: '',
    Type: '',
    IgnoreCase: false,
  }),
  HeaderPredicates: TextPredicates,
  QueryPredicates: TextPredicates,
  MethodPredicates: orElse(z.array(z.string()), []),
});

const RouteDetail = ReadPolicies.extend({
  Status: z.int(),
  DomainNameList: orElse(z.array(z.string()), []),
  RoutePredicates,
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

/** The remembered detail of a route. It is valid as long as lists return the same `told`, of which a digest is kept. */
const Remembered = z.object({ told: z.string(), detail: RouteDetail });

/**
 * Reads routes in full, because lists do not return everything. This takes one call for each route that is not
 * remembered, and all together may take longer than a lease or an invocation lasts. What has been read is therefore
 * remembered at once, so that the next run continues from there. `routes` are by key, and `keys` holds the keys of our
 * services by id.
 */
export async function readRoutes(
  routes: ReadonlyMap<string, Route>,
  keys: ReadonlyMap<number, string>,
  session: MseSession,
): Promise<RouteObject[]> {
  const details = await rememberedDetails([...routes.values()], session);
  const missing = [...routes.values()].filter((route) => !details.has(route.Id));
  for (const some of chunks(missing, READS_AT_A_TIME)) {
    await session.ensureLease();
    const entries = new Map<string, Json>();
    const reads = some.map(async ({ Id, told }) => {
      const detail = await readDetail(session, Id);
      details.set(Id, detail);
      entries.set(nameOf(Id, session), { told: digest(told), detail });
    });
    await awaitAll(reads).finally(() => session.memory.remember(entries));
  }
  return [...routes].flatMap(([key, { Id, Status }]) => {
    const detail = details.get(Id);
    return detail === undefined ? [] : [routeObject(key, toRouteSpec({ ...detail, Status }, keys), String(Id))];
  });
}

async function rememberedDetails(routes: readonly Route[], session: MseSession): Promise<Map<number, RouteDetail>> {
  const details = new Map<number, RouteDetail>();
  if (routes.length === 0) return details;
  const entries = await session.memory.recall();
  for (const { Id, told } of routes) {
    const { data } = Remembered.safeParse(entries.get(nameOf(Id, session)));
    if (data?.told === digest(told)) details.set(Id, data.detail);
  }
  return details;
}

/**
 * Forgets routes. This is called before routes are written: lists may return the same for a moment after a write, or
 * when somebody else writes at the same time.
 */
export async function forgetRoutes(routes: readonly Route[], session: MseSession): Promise<void> {
  if (routes.length > 0) await session.memory.remember(new Map(routes.map(({ Id }) => [nameOf(Id, session), null])));
}

/** Returns the name of a route in the memory, by its id, which is unique within a gateway. */
function nameOf(id: number, { target }: MseSession): string {
  return `route ${target.gatewayUniqueId} ${id}`;
}

/** Reads the present state of one route in full. */
export async function readRoute(
  session: MseSession,
  id: number,
  keys: ReadonlyMap<number, string>,
): Promise<RouteSpec> {
  return toRouteSpec(await readDetail(session, id), keys);
}

function readDetail(session: MseSession, RouteId: number): Promise<RouteDetail> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  return read(session, 'GetGatewayRouteDetail', { GatewayUniqueId, RouteId }, RouteDetail);
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
