import type { Change } from '../../core/provider-object.ts';
import { CloudError } from '../../deps.ts';
import { settle } from '../shared.ts';
import { isGone, type MseSession, write, writeOnce } from './calls.ts';
import { ServiceSpec, serviceObject } from './canonical.ts';
import { listDomains, listServices, ownedServices, type Service, toServiceSpec } from './observe.ts';
import { type ServiceStep, serviceSteps } from './service-steps.ts';

/** Domains are created as plain HTTP when they are missing; those that are there are nobody's to change. */
export async function applyDomains(changes: readonly Change[], session: MseSession): Promise<void> {
  if (changes.length === 0) return;
  const present = await listDomains(session);
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const missing = changes.filter((change) => !(change.key in present));
  await settle(
    missing.map(({ key, after }) =>
      writeOnce(session, 'AddGatewayDomain', { GatewayUniqueId, ...after?.spec }, async () =>
        Object.hasOwn(await listDomains(session), key),
      ),
    ),
  );
}

/** Services are independent of each other, and are written side by side. */
export async function applyServices(changes: readonly Change[], session: MseSession): Promise<void> {
  const creates = changes.filter((change) => change.verb === 'create');
  const updates = changes.filter((change) => change.verb === 'update');
  const deletes = changes.filter((change) => change.verb === 'delete');
  await settle([
    createServices(creates, session),
    ...updates.map(({ key, before, after }) =>
      updateService({ Id: Number(before?.remoteId), Name: key }, serviceSteps(specOf(before), specOf(after)), session),
    ),
    ...deletes.map(({ before }) => deleteService(Number(before?.remoteId), session)),
  ]);
}

/** The import does not tell the ids: what was imported is read, and completed; its check always, as it is the gateway's choice. */
async function createServices(changes: readonly Change[], session: MseSession): Promise<void> {
  if (changes.length === 0) return;
  const existing = await ourServices(session);
  const missing = changes.filter((change) => !existing.has(change.key));
  await settle(missing.map((change) => importService(change.key, specOf(change.after), session)));
  const present = missing.length > 0 ? await ourServices(session) : existing;
  await settle(
    changes.map(({ key, after }) => {
      const service = present.get(key);
      if (service === undefined) throw lost(key);
      const current = ServiceSpec.parse(serviceObject(key, toServiceSpec(service)).spec);
      const known = existing.has(key) ? current : { ...current, HealthCheck: undefined };
      return updateService(service, serviceSteps(known, specOf(after)), session);
    }),
  );
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

function specOf(object: Change['after']): ServiceSpec {
  return ServiceSpec.parse(object?.spec);
}

function lost(name: string): CloudError {
  return new CloudError({
    code: 'ServiceNotFound',
    errorClass: 'unavailable',
    action: 'ListGatewayService',
    message: `The service ${name} was imported and is not listed`,
  });
}
