import type { DecisionChange } from '../../schemas/decision.ts';
import type { Automation, HealthPolicy } from '../../schemas/fleet.ts';
import type { HealthRecord } from './health.ts';
import type { Traffic, Withdrawal } from './model.ts';
import { compareText } from './precedence.ts';

export interface Situation {
  automation: Automation;
  policy: HealthPolicy;
  /** Names of the clusters of the fleet. */
  clusters: readonly string[];
  /** Those of them that have no probes: nothing can be known of them. */
  unprobed: readonly string[];
  health: readonly HealthRecord[];
  traffic: Traffic;
  nowMs: number;
  /** The id of the decision, if there is one to take. */
  decision: string;
}

/** A change of who is withdrawn; times in changes are milliseconds since the epoch. */
export interface Verdict {
  outcome: 'applied' | 'withheld';
  traffic: Traffic;
  withdrawnBefore: string[];
  withdrawnAfter: string[];
  changes: (Omit<DecisionChange, 'health'> & { health: { state: HealthRecord['state']; sinceMs: number } })[];
}

/** An observation older than this many intervals says nothing of now. */
const FRESH_INTERVALS = 3;

/**
 * Whether clusters are to be withdrawn or restored; undefined when all stays as it is. An unhealthy cluster is withdrawn. A
 * withdrawn one is restored after it has been healthy for the dwell time, or at once when no cluster is left that is not withdrawn or
 * when it is no longer probed.
 * A cluster of which nothing fresh is known stays as it is. That a pool never loses all its clusters is the business of `shares`.
 */
export function decide(situation: Situation): Verdict | undefined {
  const { automation, traffic } = situation;
  const automatic = automation === 'automatic';
  const basis = automatic ? traffic.withdrawals : (traffic.recommended ?? traffic.withdrawals);
  const judged = situation.health
    .filter(({ cluster }) => situation.clusters.includes(cluster) && !situation.unprobed.includes(cluster))
    .filter((record) => isFresh(record, situation))
    .flatMap((record) => judge(record, basis, situation));
  const changes = [...judged, ...basis.flatMap((item) => release(item, situation))].sort((a, b) =>
    compareText(a.cluster, b.cluster),
  );
  if (changes.length === 0) return undefined;
  const after = applyChanges(basis, changes, situation);
  return {
    outcome: automatic ? 'applied' : 'withheld',
    traffic: {
      version: traffic.version + 1,
      withdrawals: automatic ? after : traffic.withdrawals,
      recommended: automatic ? undefined : after,
    },
    withdrawnBefore: basis.map((item) => item.cluster),
    withdrawnAfter: after.map((item) => item.cluster),
    changes,
  };
}

function isFresh(record: HealthRecord, { nowMs, policy }: Situation): boolean {
  const roundMs = (policy.intervalSeconds + policy.timeoutSeconds) * 1000;
  return nowMs - record.observedAtMs <= FRESH_INTERVALS * roundMs;
}

function judge(record: HealthRecord, basis: readonly Withdrawal[], situation: Situation): Verdict['changes'] {
  const withdrawn = basis.some((item) => item.cluster === record.cluster);
  const health = { state: record.state, sinceMs: record.sinceMs };
  const common = { cluster: record.cluster, health, evidence: record.recent };
  if (record.state === 'unhealthy' && !withdrawn) {
    const last = record.recent[0]?.detail ?? 'no answer';
    const reason = `${record.consecutiveFailures} consecutive probes failed, the last one: ${last}`;
    return [{ ...common, action: 'withdraw', reason }];
  }
  if (record.state !== 'healthy' || !withdrawn) return [];
  if (situation.nowMs - record.sinceMs >= situation.policy.dwellSeconds * 1000) {
    return [
      { ...common, action: 'restore', reason: `healthy for the dwell time of ${situation.policy.dwellSeconds} s` },
    ];
  }
  const othersServe = situation.clusters.some((cluster) => !basis.some((item) => item.cluster === cluster));
  return othersServe ? [] : [{ ...common, action: 'restore', reason: 'healthy again, and every cluster is withdrawn' }];
}

/** A cluster whose probes were taken away, or that was declared anew without any, would otherwise stay withdrawn for good. */
function release({ cluster }: Withdrawal, { unprobed, nowMs }: Situation): Verdict['changes'] {
  if (!unprobed.includes(cluster)) return [];
  const health = { state: 'unknown' as const, sinceMs: nowMs };
  return [
    {
      cluster,
      action: 'restore',
      reason: 'it is no longer probed, and nothing else speaks against it',
      health,
      evidence: [],
    },
  ];
}

function applyChanges(basis: readonly Withdrawal[], changes: Verdict['changes'], situation: Situation): Withdrawal[] {
  const restored = new Set(changes.filter((change) => change.action === 'restore').map((change) => change.cluster));
  const kept = basis.filter((item) => !restored.has(item.cluster) && situation.clusters.includes(item.cluster));
  const added = changes
    .filter((change) => change.action === 'withdraw')
    .map(({ cluster, reason }) => ({ cluster, reason, sinceMs: situation.nowMs, decision: situation.decision }));
  return [...kept, ...added].sort((a, b) => compareText(a.cluster, b.cluster));
}
