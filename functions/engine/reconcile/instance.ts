import { providerOf, type Resource } from '../../core/model/resource.ts';
import type { Deps, SyncRecord } from '../../deps.ts';
import type { Provisioned, Scope } from '../../providers/provider.ts';
import { providerFor } from '../../providers/registry.ts';
import { type HeldLease, withLease } from '../lease.ts';
import { openSession } from './session.ts';

/** The longest time that one call of the clouds takes, retries included. */
const LEASE_MS = 60_000;

interface RunPlace {
  fleet: string;
  gateway: string;
  scope: Scope;
  lease: HeldLease;
}

/**
 * Returns the instance of the gateway: the one that it names, or the one that is created for it, with the progress of
 * the creation.
 */
export async function instanceOf(
  deps: Deps,
  run: RunPlace,
  resource: Resource<'gateway'>,
  record: SyncRecord,
): Promise<Provisioned> {
  const { target = record.provisioned, provision } = resource.spec;
  if (target !== undefined) return { ready: true, target };
  if (provision === undefined) throw new Error('a gateway has a target or a provision');
  return await providerFor(provision.provider).provision(provision, await openSession(deps, run, resource, record));
}

/**
 * Deletes the instance that was created for a gateway. Returns false while another writer holds the lease of the
 * gateway. An adopted instance is never deleted.
 */
export async function destroyInstance(deps: Deps, resource: Resource<'gateway'>): Promise<boolean> {
  const { fleet, name: gateway } = resource;
  const done = await withLease(deps, `gateway/${fleet}/${gateway}`, LEASE_MS, async (lease) => {
    const record = await deps.store.sync(fleet, gateway);
    if (resource.spec.target !== undefined || record?.provisioned === undefined) return true;
    const session = await openSession(deps, { fleet, scope: 'full', lease }, resource, {
      ...record,
      intent: record.intent ?? deps.ids.ulid(),
    });
    await providerFor(providerOf(resource.spec)).destroy(record.provisioned, session);
    return true;
  });
  return done ?? false;
}
