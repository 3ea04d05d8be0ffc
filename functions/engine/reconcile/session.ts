import { digest } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps, SyncRecord } from '../../deps.ts';
import type { Memory, ProvisionSession, Scope } from '../../providers/provider.ts';
import type { HeldLease } from '../lease.ts';

/** Thrown when a run stops at once because traffic has to move first. */
export class Preempted extends Error {
  constructor() {
    super('a failover goes first');
    this.name = 'Preempted';
  }
}

/** Thrown when a reader has waited for the gateway for as long as it may. */
export class ReadTimedOut extends Error {
  constructor() {
    super('the gateway could not be read in time');
    this.name = 'ReadTimedOut';
  }
}

/**
 * Returns the session in which a provider works for a gateway during one lease: the cloud, the credentials, tokens and
 * priority. Runs with scope `pools` are failovers; they take precedence over other calls to the same cloud and preempt
 * other runs.
 */
export async function openSession(
  deps: Deps,
  { fleet, scope, lease }: { fleet: string; scope: Scope; lease: HeldLease },
  resource: Resource<'gateway'>,
  record: Pick<SyncRecord, 'intent'>,
): Promise<ProvisionSession> {
  const { version } = await deps.store.traffic(fleet);
  return {
    ...commonOf(deps, resource),
    priority: scope === 'pools' ? 'failover' : 'normal',
    createToken: (key) => token([record.intent, 'create', key]),
    writeToken: (parts) => token([record.intent, lease.current().epoch, ...parts]),
    ensureLease: lease.ensure,
    memory: memoryOf(deps, resource, lease),
    whileWaiting: async () => {
      await lease.ensure();
      if (scope === 'full' && (await deps.store.traffic(fleet)).version !== version) throw new Preempted();
    },
  };
}

/**
 * Returns a session for reading a gateway, without the right to write to it. A reader holds no lease, so it does not
 * yield to failovers; it gives up after `untilMs`.
 */
export function readSession(
  deps: Deps,
  resource: Resource<'gateway'>,
  untilMs = Number.POSITIVE_INFINITY,
): ProvisionSession {
  const inTime = async () => {
    if (deps.clock.now() >= untilMs) throw new ReadTimedOut();
  };
  return {
    ...commonOf(deps, resource),
    priority: 'normal',
    createToken: (key) => token(['read', key]),
    writeToken: (parts) => token(['read', ...parts]),
    ensureLease: inTime,
    memory: memoryOf(deps, resource),
    whileWaiting: inTime,
  };
}

/** The time for which whoever wants to see what would happen waits for the cloud, in milliseconds. */
const PREVIEW_MS = 4_000;

/**
 * Returns a session for reading a gateway in order to show what would happen there. Its calls come after all others, and
 * it gives up soon.
 */
export function previewSession(deps: Deps, resource: Resource<'gateway'>): ProvisionSession {
  return { ...readSession(deps, resource, deps.clock.now() + PREVIEW_MS), priority: 'preview' };
}

function commonOf({ cloud, clock, settings }: Deps, { fleet, name, spec }: Resource<'gateway'>) {
  return { cloud, clock, credentials: spec.credentials, owner: `${settings.ownerId}/${fleet}/${name}` };
}

/**
 * Returns the memory of a gateway. A writer that has lost its lease cannot store anything more; readers need no lease,
 * because what they have read is as good as what anybody else has.
 */
function memoryOf({ store, clock }: Deps, { fleet, name: gateway }: Resource<'gateway'>, lease?: HeldLease): Memory {
  return {
    recall: () => store.recall(fleet, gateway, clock.now()),
    remember: (entries) => store.remember(fleet, gateway, entries, clock.now(), lease?.current()),
  };
}

/** Returns a ClientToken, which is ASCII of at most 64 characters. */
function token(parts: readonly unknown[]): string {
  return digest(parts).slice(0, 64);
}
