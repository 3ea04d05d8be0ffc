import type { AuditEvent } from '../../schemas/audit.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { FleetSpec } from '../../schemas/fleet.ts';
import { decide, type Situation, type Verdict } from '../core/decide.ts';
import { changesBetween } from '../core/diff.ts';
import type { Deps, OperationRecord, OutboxRow } from '../deps.ts';
import { reconcileGateway } from './reconcile.ts';

/** Another prober may decide at the same time; the loser looks again. */
const MAX_TRIES = 3;

/** Decides upon the evidence of a fleet and records the decision, if there is one to take; returns its id. */
export async function evaluate(deps: Deps, fleet: string, spec: FleetSpec): Promise<string | undefined> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const situation = await situationOf(deps, fleet, spec);
    const verdict = decide(situation);
    if (verdict === undefined) return undefined;
    if (await record(deps, fleet, spec, situation, verdict)) return situation.decision;
  }
  return undefined;
}

async function situationOf(deps: Deps, fleet: string, spec: FleetSpec): Promise<Situation> {
  const [clusters, health, traffic] = await Promise.all([
    deps.store.all('cluster', fleet),
    deps.store.health(fleet),
    deps.store.traffic(fleet),
  ]);
  const uids = new Set(clusters.map((cluster) => cluster.uid));
  return {
    automation: spec.automation,
    policy: spec.health,
    clusters: clusters.map((cluster) => cluster.name),
    unprobed: clusters.filter((cluster) => cluster.spec.probes.length === 0).map((cluster) => cluster.name),
    health: health.filter((item) => uids.has(item.uid)),
    traffic,
    nowMs: deps.clock.now(),
    decision: `dec_${deps.ids.ulid()}`,
  };
}

async function record(
  deps: Deps,
  fleet: string,
  spec: FleetSpec,
  situation: Situation,
  verdict: Verdict,
): Promise<boolean> {
  const at = iso(situation.nowMs);
  const decision: Decision = {
    id: situation.decision,
    fleet,
    decidedAt: at,
    automation: spec.automation,
    outcome: verdict.outcome,
    changes: verdict.changes.map(({ health, ...change }) => ({
      ...change,
      health: { state: health.state, since: iso(health.sinceMs) },
    })),
    withdrawnBefore: verdict.withdrawnBefore,
    withdrawnAfter: verdict.withdrawnAfter,
  };
  const audit = auditOf(deps, fleet, situation, verdict);
  const push = verdict.outcome === 'applied' ? await pushOf(deps, decision, verdict.traffic.version) : undefined;
  const recorded = await deps.store.decide(fleet, verdict.traffic, decision, audit, push?.rows ?? [], push?.operation);
  if (recorded)
    deps.log.info('decision', {
      fleet,
      decision: decision.id,
      outcome: decision.outcome,
      withdrawn: decision.withdrawnAfter,
    });
  return recorded;
}

function reasonOf({ changes }: { changes: readonly { action: string; cluster: string; reason: string }[] }): string {
  return changes.map(({ action, cluster, reason }) => `${action} ${cluster}: ${reason}`).join('; ');
}

function auditOf(deps: Deps, fleet: string, situation: Situation, verdict: Verdict): AuditEvent {
  return {
    id: `aud_${deps.ids.ulid()}`,
    at: iso(situation.nowMs),
    actor: 'automation',
    action: `decision.${verdict.outcome}`,
    target: { kind: 'fleet', fleet, name: fleet },
    requestId: situation.decision,
    reason: reasonOf(verdict),
    before: situation.traffic.version,
    after: verdict.traffic.version,
    ...changesBetween({ withdrawn: verdict.withdrawnBefore }, { withdrawn: verdict.withdrawnAfter }),
  };
}

/** A decision reaches every gateway of the fleet. */
async function pushOf(
  deps: Deps,
  { id, fleet, decidedAt, changes }: Decision,
  version: number,
): Promise<{ operation: OperationRecord; rows: OutboxRow[] } | undefined> {
  const gateways = (await deps.store.all('gateway', fleet)).map(({ name }) => name);
  if (gateways.length === 0) return undefined;
  const operation: OperationRecord = {
    id: `opn_${deps.ids.ulid()}`,
    fleet,
    action: 'decision.applied',
    target: { kind: 'fleet', name: fleet },
    actor: 'automation',
    requestId: id,
    reason: reasonOf({ changes }),
    createdAt: decidedAt,
    gateways,
  };
  const row = { fleet, kind: 'traffic', name: fleet, revision: version, requestedAt: decidedAt } as const;
  return { operation, rows: gateways.map((gateway) => ({ ...row, gateway, operations: [operation.id] })) };
}

export interface Pusher {
  /** Sees to it that every gateway follows the decisions taken so far; does not wait for it. */
  push(): void;
  /** Waits until what was asked for is done or has failed. */
  settled(): Promise<void>;
}

/** Moves pools beside the probing, which a slow cloud must not hold up. What failed stays in the outbox for the next push. */
export function createPusher(deps: Deps, fleet: string): Pusher {
  let running: Promise<void> | undefined;
  let asked = false;
  const run = async () => {
    while (asked) {
      asked = false;
      await pushTraffic(deps, fleet).catch((error: unknown) => {
        deps.log.error('failover.push-failed', { fleet, name: error instanceof Error ? error.name : typeof error });
      });
    }
    running = undefined;
  };
  return {
    push: () => {
      asked = true;
      running ??= run();
    },
    settled: async () => await running,
  };
}

async function pushTraffic(deps: Deps, fleet: string): Promise<void> {
  const gateways = await deps.store.all('gateway', fleet);
  const waiting = await Promise.all(
    gateways.map(({ name }) => deps.store.waiting(fleet, name, 'traffic', fleet, fleet)),
  );
  await Promise.all(waiting.flat().map(({ gateway }) => reconcileGateway(deps, fleet, gateway, { scope: 'pools' })));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
