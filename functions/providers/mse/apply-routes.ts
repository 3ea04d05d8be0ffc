import type { Change, Json } from '../../core/provider-object.ts';
import { CloudError } from '../../deps.ts';
import type { Observed } from '../provider.ts';
import { settle } from '../shared.ts';
import { isGone, type MseSession, write, writeOnce } from './calls.ts';
import { RouteSpec, routeObject, SERVICE } from './canonical.ts';
import { factsOf } from './facts.ts';
import { listDomains, listRoutes, listServices, ownedRoutes, ownedServices } from './observe.ts';
import { policiesText, policyParameter } from './policies.ts';
import { awaitOffline, awaitPublished } from './publish.ts';
import { forgetRoutes, type Route, readRoute } from './route-details.ts';
import { mustGoOffline, mustPublish, PUBLISH, type RouteEdit, routeEdits, TAKE_OFFLINE } from './route-steps.ts';

interface Work {
  session: MseSession;
  /** Ids by name. */
  domains: Readonly<Record<string, number>>;
  /** Ids by key. */
  services: ReadonlyMap<string, number>;
}

/** Creates and updates routes side by side, publishes them, and waits until they are in force; then does the deletes. */
export async function applyRoutes(changes: readonly Change[], observed: Observed, session: MseSession): Promise<void> {
  if (changes.length === 0) return;
  const writes = changes.filter((change) => change.verb !== 'delete');
  const routes = await listRoutes(session);
  const existing = ownedRoutes(routes, session);
  const work = { session, ...(await idsFor(writes, observed, session)) };
  await forgetRoutes(
    writes.flatMap((change) => existing.get(change.key) ?? []),
    session,
  );
  const written = await Promise.allSettled(writes.map((change) => writeRoute(change, existing.get(change.key), work)));
  const ids = written.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  await awaitPublished(ids, session);
  for (const outcome of written) if (outcome.status === 'rejected') throw outcome.reason;
  const leaving = new Set(changes.flatMap(({ verb, before }) => (verb === 'delete' ? [Number(before?.remoteId)] : [])));
  await deleteRoutes(
    routes.filter((route) => leaving.has(route.Id)),
    session,
  );
}

/** Returns the id of the route once its publishing has begun. What a run before this one has created is completed. */
async function writeRoute({ key, before, after }: Change, existing: Route | undefined, work: Work): Promise<number> {
  const desired = RouteSpec.parse(after?.spec);
  const id = existing?.Id ?? (await addRoute(key, desired, work));
  const current = existing && RouteSpec.parse(before?.spec ?? (await currentSpec(existing, work)));
  const edits = current === undefined ? [] : routeEdits(current, desired);
  for (const edit of edits) await editRoute(id, edit, desired, work);
  if (mustPublish(edits.length > 0, existing?.Status)) {
    const { gatewayUniqueId: GatewayUniqueId } = work.session.target;
    await write(work.session, PUBLISH, { GatewayUniqueId, RouteId: id });
  }
  return id;
}

async function editRoute(Id: number, { action, policy }: RouteEdit, desired: RouteSpec, work: Work): Promise<void> {
  const { gatewayUniqueId: GatewayUniqueId } = work.session.target;
  const parameters = policy ? policyParameter(policy, desired) : routeParameters(desired, work);
  await write(work.session, action, { GatewayUniqueId, Id, ...parameters });
}

async function currentSpec({ Name, Id }: Route, { session, services }: Work) {
  const keys = new Map([...services].map(([key, id]) => [id, key]));
  return routeObject(Name, await readRoute(session, Id, keys)).spec;
}

async function addRoute(Name: string, spec: RouteSpec, work: Work): Promise<number> {
  const { session } = work;
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const parameters = {
    ...routeParameters(spec, work),
    GatewayUniqueId,
    Name,
    RouteType: 'Op',
    Policies: policiesText(spec),
  };
  const find = async () => ownedRoutes(await listRoutes(session), session).get(Name);
  const Data = await writeOnce(session, 'AddGatewayRoute', parameters, async () => (await find()) !== undefined);
  if (typeof Data === 'number') return Data;
  const route = await find();
  if (route === undefined) throw missing(`route ${Name}`);
  return route.Id;
}

function routeParameters(spec: RouteSpec, { domains, services }: Work): Record<string, Json | undefined> {
  const { DestinationType, Predicates, Services, FallbackServices, DirectResponse, Redirect } = spec;
  return {
    DomainIdListJSON: spec.Domains.map((name) => domains[name] ?? notFound(`domain ${name}`)),
    Predicates,
    DestinationType,
    Services: Services.map(({ Service, Percent }) => ({
      ServiceId: services.get(Service) ?? notFound(`service ${Service}`),
      ...(DestinationType === 'Multiple' ? { Percent } : {}),
    })),
    Fallback: FallbackServices.length > 0,
    FallbackServices: FallbackServices.map((key) => ({ ServiceId: services.get(key) ?? notFound(`service ${key}`) })),
    DirectResponseJSON: DirectResponse,
    RedirectJSON: Redirect && withoutEmpty(Redirect),
  };
}

/** An empty host or path is none: what the client asked for stays. */
function withoutEmpty({ Code, Host, Path }: NonNullable<RouteSpec['Redirect']>) {
  return { Code, ...(Host === '' ? {} : { Host }), ...(Path === '' ? {} : { Path }) };
}

/** A published route cannot be deleted: it goes offline first. */
async function deleteRoutes(routes: readonly Route[], session: MseSession): Promise<void> {
  await settle(routes.filter(({ Status }) => mustGoOffline(Status)).map(({ Id }) => takeOffline(Id, session)));
  await awaitOffline(
    routes.map((route) => route.Id),
    session,
  );
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  await settle(
    routes.map(({ Id: RouteId }) => unlessGone(write(session, 'DeleteGatewayRoute', { GatewayUniqueId, RouteId }))),
  );
}

async function takeOffline(RouteId: number, session: MseSession): Promise<void> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const isDone = async () => {
    const route = (await listRoutes(session)).find((one) => one.Id === RouteId);
    return route === undefined || !mustGoOffline(route.Status);
  };
  await unlessGone(writeOnce(session, TAKE_OFFLINE, { GatewayUniqueId, RouteId }, isDone));
}

async function unlessGone(task: Promise<unknown>): Promise<void> {
  await task.catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
}

/** Ids of what the routes refer to; what has been created since the gateway was observed is looked up. */
async function idsFor(
  writes: readonly Change[],
  observed: Observed,
  session: MseSession,
): Promise<Pick<Work, 'domains' | 'services'>> {
  const specs = writes.map((change) => RouteSpec.parse(change.after?.spec));
  const { domains } = factsOf(observed);
  const services = new Map(
    observed.objects.filter((object) => object.kind === SERVICE).map(({ key, remoteId }) => [key, Number(remoteId)]),
  );
  const lacksDomain = specs.some((spec) => spec.Domains.some((name) => !(name in domains)));
  const lacksService = specs.some((spec) =>
    [...spec.Services.map(({ Service }) => Service), ...spec.FallbackServices].some((key) => !services.has(key)),
  );
  return {
    domains: lacksDomain ? await listDomains(session) : domains,
    services: lacksService
      ? new Map([...ownedServices(await listServices(session), session)].map(([key, { Id }]) => [key, Id]))
      : services,
  };
}

function notFound(what: string): never {
  throw missing(what);
}

function missing(what: string): CloudError {
  const message = `There is no ${what} at the gateway`;
  return new CloudError({ code: 'NotFound', errorClass: 'gone', action: 'AddGatewayRoute', message });
}
