import type { Resource } from '../core/model.ts';
import type { Deps } from '../deps.ts';
import { reconcileGateway } from './reconcile.ts';
import { isDue } from './sync.ts';

/**
 * Reconciles every gateway that does not follow yet and whose next attempt is due: the safety net behind the run that follows each
 * write, and the way back after a cloud was away.
 */
export async function sweep(deps: Deps): Promise<void> {
  for (const fleet of await deps.store.all('fleet', '')) {
    try {
      await sweepFleet(deps, fleet);
    } catch (error) {
      deps.log.error('sweep.failed', { fleet: fleet.name, name: error instanceof Error ? error.name : typeof error });
    }
  }
}

async function sweepFleet(deps: Deps, fleet: Resource<'fleet'>): Promise<void> {
  const [rows, records] = await Promise.all([deps.store.outbox({ fleet: fleet.name }), deps.store.syncs(fleet.name)]);
  const behind = new Set(rows.map((row) => row.gateway));
  const known = new Map(records.map((record) => [record.gateway, record]));
  const due = [...new Set([...behind, ...known.keys()])].filter((gateway) =>
    isDue(known.get(gateway), behind.has(gateway), deps.clock.now()),
  );
  await Promise.all(due.map((gateway) => reconcileGateway(deps, fleet.name, gateway)));
}
