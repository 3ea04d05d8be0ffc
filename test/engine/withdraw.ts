import { type ReconcileResult, reconcileGateway } from '../../functions/engine/reconcile.ts';
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
  const nowMs = ports.clock.now();
  const at = new Date(nowMs).toISOString();
  const id = `dec_${ports.ids.ulid()}`;
  const withdrawals = clusters.map((cluster) => ({ cluster, sinceMs: nowMs, reason: 'a test', decision: id }));
  const decision = {
    id,
    fleet,
    decidedAt: at,
    automation: 'automatic' as const,
    outcome: 'applied' as const,
    changes: [],
    withdrawnBefore: before.withdrawals.map((item) => item.cluster),
    withdrawnAfter: [...clusters],
  };
  const audit = {
    id: `aud_${ports.ids.ulid()}`,
    at,
    actor: 'test',
    action: 'decision.applied',
    target: { kind: 'fleet' as const, fleet, name: fleet },
    requestId: id,
    before: before.version,
    after: version,
    changes: [],
    changeCount: 0,
  };
  const row = { fleet, kind: 'traffic' as const, name: fleet, revision: version, requestedAt: at };
  const rows = gateways.map((gateway) => ({ ...row, gateway, operations: [] }));
  const recorded = await ports.store.decide(fleet, { version, withdrawals }, decision, audit, rows);
  if (!recorded) throw new Error('Another decision came first.');
  const results: ReconcileResult[] = [];
  for (const gateway of gateways) results.push(await reconcileGateway(ports, fleet, gateway, { scope: 'pools' }));
  return results;
}
