import { digest } from '../core/digest.ts';
import type { Resource } from '../core/model.ts';
import type { Deps, SyncRecord } from '../deps.ts';
import type { Memory, ProvisionSession, Scope } from '../providers/provider.ts';
import { type HeldLease, LeaseLost } from './lease.ts';

/** A run stops where it is, because traffic has to move first. */
export class MakeWay extends Error {
  constructor() {
    super('a failover goes first');
    this.name = 'MakeWay';
  }
}

/**
 * Where and as whom a provider works for a gateway, for the length of one lease. Runs that move pools are failovers, and go before others
 * that call the same cloud; others make way for them.
 */
export async function openSession(
  deps: Deps,
  { fleet, gateway, scope, lease }: { fleet: string; gateway: string; scope: Scope; lease: HeldLease },
  resource: Resource<'gateway'>,
  record: Pick<SyncRecord, 'intent'>,
): Promise<ProvisionSession> {
  const epoch = lease.current().epoch;
  const { version } = await deps.store.traffic(fleet);
  return {
    cloud: deps.cloud,
    clock: deps.clock,
    credentials: resource.spec.credentials,
    priority: scope === 'pools' ? 'failover' : 'normal',
    owner: `${deps.settings.ownerId}/${fleet}/${gateway}`,
    createToken: (key) => token([record.intent, 'create', key]),
    writeToken: (parts) => token([record.intent, epoch, ...parts]),
    ensureLease: lease.ensure,
    memory: memoryOf(deps, { fleet, gateway, lease }),
    whileWaiting: async () => {
      await lease.ensure();
      if (scope === 'full' && (await deps.store.traffic(fleet)).version !== version) throw new MakeWay();
    },
  };
}

/** A writer that has lost its lease remembers nothing more; what readers have read is as good as what anybody has. */
function memoryOf(
  { store, clock }: Deps,
  { fleet, gateway, lease }: { fleet: string; gateway: string; lease?: HeldLease },
): Memory {
  return {
    recall: () => store.recall(fleet, gateway, clock.now()),
    remember: async (entries) => {
      const isKept = await store.remember(fleet, gateway, entries, clock.now(), lease?.current());
      if (!isKept && lease) throw new LeaseLost(lease.current().name);
    },
  };
}

/** For looking at a gateway without the right to write to it. */
export async function readSession(deps: Deps, resource: Resource<'gateway'>): Promise<ProvisionSession> {
  const { fleet, name: gateway } = resource;
  const lease: HeldLease = {
    current: () => ({ name: '', epoch: 0, holder: '', expiresAtMs: 0 }),
    ensure: async () => undefined,
  };
  const session = await openSession(deps, { fleet, gateway, scope: 'full', lease }, resource, { intent: undefined });
  return { ...session, memory: memoryOf(deps, { fleet, gateway }) };
}

/** ClientTokens are ASCII of at most 64 characters. */
function token(parts: readonly unknown[]): string {
  return digest(parts).slice(0, 64);
}
