import { digest } from '../core/digest.ts';
import type { Resource } from '../core/model.ts';
import type { Deps, SyncRecord } from '../deps.ts';
import type { ProvisionSession } from '../providers/provider.ts';
import type { HeldLease } from './lease.ts';

/** Where and as whom a provider works for a gateway, for the length of one lease. */
export function openSession(
  deps: Deps,
  { fleet, gateway, lease }: { fleet: string; gateway: string; lease: HeldLease },
  resource: Resource<'gateway'>,
  record: Pick<SyncRecord, 'intent'>,
): ProvisionSession {
  const epoch = lease.current().epoch;
  return {
    cloud: deps.cloud,
    clock: deps.clock,
    credentials: resource.spec.credentials,
    owner: `${deps.settings.ownerId}/${fleet}/${gateway}`,
    createToken: (key) => token([record.intent, 'create', key]),
    writeToken: (parts) => token([record.intent, epoch, ...parts]),
    ensureLease: lease.ensure,
    memory: {
      recall: () => deps.store.recall(fleet, gateway, deps.clock.now()),
      remember: (entries) => deps.store.remember(fleet, gateway, entries, deps.clock.now()),
    },
  };
}

/** For looking at a gateway without the right to write to it. */
export function readSession(deps: Deps, resource: Resource<'gateway'>): ProvisionSession {
  const { fleet, name: gateway } = resource;
  const lease: HeldLease = {
    current: () => ({ name: '', epoch: 0, holder: '', expiresAtMs: 0 }),
    ensure: async () => undefined,
  };
  return openSession(deps, { fleet, gateway, lease }, resource, { intent: undefined });
}

/** ClientTokens are ASCII of at most 64 characters. */
function token(parts: readonly unknown[]): string {
  return digest(parts).slice(0, 64);
}
