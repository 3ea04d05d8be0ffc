import { type ReconcileResult, reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { recording, trafficWithout } from '../store/fixtures.ts';
import type { ControlPlane } from './harness.ts';

/**
 * Withdraws these clusters of a fleet and no others, as automation would, and makes gateways follow by the short way of a failover,
 * one after the other. Resolves with how that ended at each.
 */
export async function withdraw(
  { deps }: ControlPlane,
  { fleet, gateways }: { fleet: string; gateways: readonly string[] },
  clusters: readonly string[],
): Promise<ReconcileResult[]> {
  const ports = deps();
  const before = await ports.store.traffic(fleet);
  const version = before.version + 1;
  const requestedAt = new Date(ports.clock.now()).toISOString();
  const outbox = gateways.map((gateway) => ({
    ...{ fleet, kind: 'traffic' as const, name: fleet, revision: version, requestedAt },
    gateway,
  }));
  const { clusters: states, allocation } = trafficWithout(version, clusters, ports.clock.now());
  const traffic = { ...before, version, clusters: states, allocation };
  const recorded = await ports.store.decide({ ...recording(version, clusters, { fleet, outbox }), traffic });
  if (!recorded) throw new Error('Another decision came first.');
  const results: ReconcileResult[] = [];
  for (const gateway of gateways) results.push(await reconcileGateway(ports, fleet, gateway, { scope: 'pools' }));
  return results;
}
