import type { Resource } from '../core/model.ts';
import type { Deps } from '../deps.ts';
import { reconcileGateway } from './reconcile.ts';

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
  for (const record of records) if (record.state !== 'Verified') behind.add(record.gateway);
  const now = new Date(deps.clock.now()).toISOString();
  const due = [...behind].filter((gateway) => {
    const next = records.find((record) => record.gateway === gateway)?.nextAttemptAt;
    return next === undefined || next <= now;
  });
  await Promise.all(due.map((gateway) => reconcileGateway(deps, fleet.name, gateway)));
}
