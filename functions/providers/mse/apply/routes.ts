import { say } from '../../../../schemas/messages/index.ts';
import type { Json, Refusal } from '../../../core/gateway/provider-object.ts';
import { CloudError } from '../../../deps.ts';
import type { Observed } from '../../provider.ts';
import { awaitAll } from '../../shared.ts';
import { isGone, type MseSession, write, writeOnce } from '../calls.ts';
import { type RouteObject, type RouteSpec, routeObject } from '../compile/canonical.ts';
import type { RouteChange } from '../compile/changes.ts';
import { policiesText, policyParameter } from '../compile/policies.ts';
import { sortedObjects } from '../observe/facts.ts';
import { listDomains, listRoutes, listServices, ownedRoutes, ownedServices } from '../observe/observe.ts';
import { forgetRoutes, type Route, readRoute } from '../observe/route-details.ts';
import { awaitOffline, awaitPublished } from './publish.ts';
import { attempt, DependsOnRefused } from './refusals.ts';
import { mustGoOffline, mustPublish, PUBLISH, type RouteEdit, routeEdits, TAKE_OFFLINE } from './route-steps.ts';

interface Work {
  session: MseSession;
  /** The ids of domains, by name. */
  domains: Readonly<Record<string, number>>;
  /** The ids of services, by key. */
  services: ReadonlyMap<string, number>;
}

/** A route that is to be created or updated. */
interface Write {
  change: RouteChange;
  after: RouteObject;
}

/** Creates and updates routes in parallel, publishes them, and waits until they are in force. Deletes follow. */
export async function applyRoutes(
  changes: readonly RouteChange[],
  observed: Observed,
  session: MseSession,
): Promise<Refusal[]> {
  if (changes.length === 0) return [];
  const routes = await listRoutes(session);
  const writes = changes.flatMap((change) => (change.after ? [{ change, after: change.after }] : []));
  const refused = await writeRoutes(writes, ownedRoutes(routes, session), observed, session);
  const leaving = changes.flatMap((change) => {
    const route = change.after ? undefined : routes.find(({ Id }) => Id === Number(change.before?.remoteId));
    return route ? [{ change, route }] : [];
  });
  return [...refused, ...(await deleteRoutes(leaving, session))];
}

async function writeRoutes(
  writes: readonly Write[],
  existing: ReadonlyMap<string, Route>,
  observed: Observed,
  session: MseSession,
): Promise<Refusal[]> {
  if (writes.length === 0) return [];
  const work = { session, ...(await idsFor(writes, observed, session)) };
  await forgetRoutes(
    writes.flatMap(({ change }) => existing.get(change.key) ?? []),
    session,
  );
  const written = new Map<number, RouteChange>();
  const attempts = writes.map((one) =>
    attempt(one.change, async () => {
      written.set(await writeRoute(one, existing.get(one.change.key), work), one.change);
    }),
  );
  await Promise.allSettled(attempts);
  const failed = await awaitPublished([...written.keys()], session);
  const refused = (await Promise.all(attempts)).flat();
  return [...refused, ...failed.flatMap((id) => notPublished(written.get(id)))];
}

function notPublished(change: RouteChange | undefined): Refusal[] {
  if (change === undefined) return [];
  const { kind, key } = change;
  return [{ kind, key, code: 'RoutePublishFailed', detail: say('MseNotPublished', { route: key }).text }];
}

/** Returns the id of the route once its publication has begun. A route that an earlier run has created is completed. */
async function writeRoute({ change, after }: Write, existing: Route | undefined, work: Work): Promise<number> {
  const desired = after.spec;
  const id = existing?.Id ?? (await addRoute(change.key, desired, work));
  const current = existing && (change.before?.spec ?? (await currentSpec(existing, work)));
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

async function currentSpec({ Name, Id }: Route, { session, services }: Work): Promise<RouteSpec> {
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
  return (route ?? lost(Name)).Id;
}

function routeParameters(spec: RouteSpec, { domains, services }: Work): Record<string, Json | undefined> {
  const { DestinationType, Predicates, Services, FallbackServices, DirectResponse, Redirect } = spec;
  return {
    DomainIdListJSON: spec.Domains.map((name) => domains[name] ?? lacking(`domain ${name}`)),
    Predicates,
    DestinationType,
    Services: Services.map(({ Service, Percent }) => ({
      ServiceId: services.get(Service) ?? lacking(`service ${Service}`),
      ...(DestinationType === 'Multiple' ? { Percent } : {}),
    })),
    Fallback: FallbackServices.length > 0,
    FallbackServices: FallbackServices.map((key) => ({ ServiceId: services.get(key) ?? lacking(`service ${key}`) })),
    DirectResponseJSON: DirectResponse,
    RedirectJSON: Redirect && withoutEmpty(Redirect),
  };
}

/** Returns a redirect without an empty host or path, which means that the requested one stays. */
function withoutEmpty({ Code, Host, Path }: NonNullable<RouteSpec['Redirect']>) {
  return { Code, ...(Host === '' ? {} : { Host }), ...(Path === '' ? {} : { Path }) };
}

/** Deletes routes. A published route cannot be deleted, so it is taken offline first. */
async function deleteRoutes(
  leaving: readonly { change: RouteChange; route: Route }[],
  session: MseSession,
): Promise<Refusal[]> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const published = leaving.filter(({ route }) => mustGoOffline(route.Status));
  const refused = await awaitAll(
    published.map(({ change, route }) => attempt(change, () => takeOffline(route.Id, session))),
  );
  const stays = new Set(refused.flat().map(({ key }) => key));
  const offline = leaving.filter(({ change }) => !stays.has(change.key));
  await awaitOffline(
    offline.map(({ route }) => route.Id),
    session,
  );
  const deleted = await awaitAll(
    offline.map(({ change, route }) =>
      attempt(change, () => unlessGone(write(session, 'DeleteGatewayRoute', { GatewayUniqueId, RouteId: route.Id }))),
    ),
  );
  return [...refused, ...deleted].flat();
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

/**
 * Returns the ids of the domains and services that the routes refer to. When some have been created since the gateway
 * was observed, the ids are read.
 */
async function idsFor(
  writes: readonly Write[],
  observed: Observed,
  session: MseSession,
): Promise<Pick<Work, 'domains' | 'services'>> {
  const specs = writes.map(({ after }) => after.spec);
  const { facts, services } = sortedObjects(observed);
  const lacksDomain = specs.some((spec) => spec.Domains.some((name) => !(name in facts.domains)));
  const lacksService = specs.some((spec) =>
    [...spec.Services.map(({ Service }) => Service), ...spec.FallbackServices].some((key) => !services.has(key)),
  );
  return {
    domains: lacksDomain ? await listDomains(session) : facts.domains,
    services: lacksService
      ? new Map([...ownedServices(await listServices(session), session)].map(([key, { Id }]) => [key, Id]))
      : new Map([...services].map(([key, { remoteId }]) => [key, Number(remoteId)])),
  };
}

function lacking(what: string): never {
  throw new DependsOnRefused(say('MseRouteLacks', { what }).text);
}

function lost(name: string): never {
  const message = say('MseRouteLost', { name }).text;
  throw new CloudError({ code: 'RouteNotFound', errorClass: 'unavailable', action: 'ListGatewayRoute', message });
}
