import { say } from '../../../../schemas/messages/index.ts';
import type { Refusal } from '../../../core/gateway/provider-object.ts';
import { CloudError } from '../../../deps.ts';
import type { Observed } from '../../provider.ts';
import { awaitAll } from '../../shared.ts';
import { isGone, type MseSession, write, writeOnce } from '../calls.ts';
import { type ServiceObject, type ServiceSpec, serviceObject } from '../compile/canonical.ts';
import type { DomainChange, ServiceChange } from '../compile/changes.ts';
import { sortedObjects } from '../observe/facts.ts';
import {
  listDomains,
  listRoutes,
  listServices,
  ownedServices,
  type Service,
  toServiceSpec,
} from '../observe/observe.ts';
import type { Route } from '../observe/route-details.ts';
import { isOnline, PUBLISHED } from '../observe/status.ts';
import { attempt, DependsOnRefused } from './refusals.ts';
import { type ServiceStep, serviceSteps } from './service-steps.ts';

/** Creates missing domains. Existing domains are not changed. */
export async function applyDomains(changes: readonly DomainChange[], session: MseSession): Promise<Refusal[]> {
  if (changes.length === 0) return [];
  const present = await listDomains(session);
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const missing = changes.filter((change) => !(change.key in present));
  const isThere = async (name: string) => Object.hasOwn(await listDomains(session), name);
  const added = missing.map((change) =>
    attempt(change, () =>
      writeOnce(session, 'AddGatewayDomain', { GatewayUniqueId, ...change.after?.spec }, () => isThere(change.key)),
    ),
  );
  return (await awaitAll(added)).flat();
}

/** Writes services in parallel, because they are independent of each other. */
export async function applyServices(
  changes: readonly ServiceChange[],
  observed: Observed,
  session: MseSession,
): Promise<Refusal[]> {
  const creates = changes.flatMap((change) =>
    change.before === undefined && change.after ? [{ change, after: change.after }] : [],
  );
  const updates = changes.flatMap((change) => {
    const { before, after } = change;
    return before && after ? [{ change, before, after }] : [];
  });
  const deletes = changes.filter(({ after }) => after === undefined);
  const refused = await awaitAll([
    createServices(creates, session),
    ...updates.map(({ change, before, after }) =>
      attempt(change, () =>
        updateService({ Id: idOf(before), Name: change.key }, serviceSteps(before.spec, after.spec), session),
      ),
    ),
    deleteServices(deletes, observed, session),
  ]);
  return refused.flat();
}

interface Create {
  change: ServiceChange;
  after: ServiceObject;
}

/**
 * Creates services. An import does not return ids, so the imported services are read and completed. The health check of
 * a new service is always written, because the gateway has chosen the present one.
 */
async function createServices(creates: readonly Create[], session: MseSession): Promise<Refusal[]> {
  if (creates.length === 0) return [];
  const existing = await ourServices(session);
  const missing = creates.filter(({ change }) => !existing.has(change.key));
  const imports = missing.map(({ change, after }) =>
    attempt(change, () => importService(change.key, after.spec, session)),
  );
  const refused = (await awaitAll(imports)).flat();
  const present = missing.length > 0 ? await ourServices(session) : existing;
  const isRefused = new Set(refused.map(({ key }) => key));
  const completions = creates
    .filter(({ change }) => !isRefused.has(change.key))
    .map(({ change, after }) => {
      const service = present.get(change.key) ?? lost(change.key);
      const { spec } = serviceObject(change.key, toServiceSpec(service));
      const known = existing.has(change.key) ? spec : { ...spec, HealthCheck: undefined };
      return attempt(change, () => updateService(service, serviceSteps(known, after.spec), session));
    });
  return [...refused, ...(await awaitAll(completions)).flat()];
}

async function importService(Name: string, { Ips, ServiceProtocol }: ServiceSpec, session: MseSession): Promise<void> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const ServiceList = [{ Name, Ips, ServiceProtocol }];
  await writeOnce(session, 'ImportServices', { GatewayUniqueId, SourceType: 'VIP', ServiceList }, async () =>
    (await ourServices(session)).has(Name),
  );
}

async function updateService(
  { Id, Name }: Pick<Service, 'Id' | 'Name'>,
  steps: readonly ServiceStep[],
  session: MseSession,
): Promise<void> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  for (const { action, parametersOf } of steps) {
    await write(session, action, { GatewayUniqueId, ...parametersOf({ Id, Name }) });
  }
}

/**
 * Deletes services, except those that a route still uses: no document says that MSE keeps them, and the change of the
 * route may have been refused.
 */
async function deleteServices(
  changes: readonly ServiceChange[],
  observed: Observed,
  session: MseSession,
): Promise<Refusal[]> {
  if (changes.length === 0) return [];
  const users = usersOf(await listRoutes(session), observed);
  const deleted = changes.map((change) =>
    attempt(change, async () => {
      const Id = idOf(change.before);
      const user = users.get(Id);
      if (user !== undefined) {
        throw new DependsOnRefused(say('MseServiceUsed', { route: user, service: change.key }).text);
      }
      await deleteService(Id, session);
    }),
  );
  return (await awaitAll(deleted)).flat();
}

/**
 * Returns the name of a route that needs each service, by the id of the service. For a route that was edited but not
 * published, what was observed of it is in force and counts as well.
 */
function usersOf(routes: readonly Route[], observed: Observed): Map<number, string> {
  const users = new Map<number, string>();
  for (const { Name, told } of routes) {
    for (const { ServiceId } of [...told.RouteServices, ...told.FallbackServices]) users.set(ServiceId, Name);
  }
  const { services, routes: before } = sortedObjects(observed);
  const specs = new Map(before.map(({ remoteId, spec }) => [Number(remoteId), spec]));
  for (const { Id, Name } of routes.filter(({ Status }) => Status !== PUBLISHED && isOnline(Status))) {
    const spec = specs.get(Id);
    const keys = spec ? [...spec.Services.map(({ Service }) => Service), ...spec.FallbackServices] : [];
    for (const key of keys) users.set(idOf(services.get(key)), Name);
  }
  return users;
}

async function deleteService(ServiceId: number, session: MseSession): Promise<void> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  try {
    await write(session, 'DeleteGatewayService', { GatewayUniqueId, ServiceId });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function ourServices(session: MseSession): Promise<Map<string, Service>> {
  return ownedServices(await listServices(session), session);
}

function idOf(service: ServiceObject | undefined): number {
  return Number(service?.remoteId);
}

function lost(name: string): never {
  throw new CloudError({
    code: 'ServiceNotFound',
    errorClass: 'unavailable',
    action: 'ListGatewayService',
    message: say('MseServiceLost', { name }).text,
  });
}
