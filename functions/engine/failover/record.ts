import type { UsedApproval } from '../../../schemas/approval.ts';
import type { AuditEvent } from '../../../schemas/audit.ts';
import type { Decision } from '../../../schemas/decision.ts';
import { clusterPoints } from '../../core/allocation/points.ts';
import { sealed } from '../../core/failover/ledger.ts';
import { recommendedOf, recorded } from '../../core/failover/recommendation.ts';
import type { Verdict } from '../../core/failover/situation.ts';
import { movesPoints } from '../../core/failover/verdict.ts';
import { shownVotes } from '../../core/health/shown-votes.ts';
import { changesBetween } from '../../core/model/diff.ts';
import { canonicalJson, digest, equal } from '../../core/model/digest.ts';
import { withheldOf } from '../../core/simulation/recommendation-score.ts';
import type { Deps, OperationRecord, OutboxRequest, Recording } from '../../deps.ts';
import { overrideDocuments } from './overrides.ts';
import type { Read } from './situation.ts';

/** The request that led to a decision and the reason given, when a person asked for it. */
export interface Origin {
  requestId?: string | undefined;
  reason?: string | undefined;
  /** The approval that the request uses up. */
  approval?: UsedApproval | undefined;
}

/**
 * Returns what is written for a verdict: the decision, sealed to the decision before it, and everything that follows
 * from it.
 */
export async function recordingOf(deps: Deps, read: Read, verdict: Verdict, origin: Origin): Promise<Recording> {
  const { situation, gateways } = read;
  const { fleet } = situation;
  const inputs = canonicalJson(situation);
  const decision = decisionOf(read, verdict, digest(situation), origin);
  const traffic = { ...verdict.traffic, head: { decision: decision.id, hash: decision.hash } };
  const moves = verdict.outcome === 'applied' && hasMoved(read, verdict) && gateways.length > 0;
  const operation = moves ? operationOf(deps, decision, gateways, origin) : undefined;
  return {
    fleet,
    traffic,
    decision,
    inputs,
    audit: auditOf(deps, read, verdict, decision, origin),
    outbox: operation ? rowsOf(decision, operation) : [],
    operation,
    documents: await overrideDocuments(deps.store, situation, verdict),
  };
}

/**
 * Tells whether gateways have anything to follow. Changed limits always count, because they also apply to pools that
 * were declared a moment ago.
 */
function hasMoved({ situation: { traffic: before, placements } }: Read, { traffic: after }: Verdict): boolean {
  if (before.allocation === after.allocation) return false;
  const left = ({ allocation }: Verdict['traffic']) =>
    allocation.limits.map(({ cluster, percent }) => [cluster, percent]);
  return !equal(left(before), left(after)) || movesPoints(placements, before.allocation, after.allocation);
}

/** Returns the sealed decision that records a verdict. It is a pure function. */
export function decisionOf(
  { situation, evidence }: Read,
  verdict: Verdict,
  inputsDigest: string,
  origin: Origin,
): Decision {
  const { fleet, nowMs, policy, actor, traffic, clusters, placements } = situation;
  const outOf = ({ allocation, recommended }: Verdict['traffic']) => {
    const { limits } = verdict.outcome === 'withheld' ? (recommended ?? allocation) : allocation;
    return limits.filter(({ percent }) => percent === 0).map(({ cluster }) => cluster);
  };
  const inForce = verdict.outcome === 'applied' ? verdict.traffic : traffic;
  const withheld = withheldOf(situation, verdict.traffic);
  const recommended = recommendedOf(placements, verdict.traffic);
  const [before, after] = [clusterPoints(placements, traffic), clusterPoints(placements, inForce)];
  const pointsOf = (cluster: string) => {
    const [was, is] = [before.get(cluster), after.get(cluster)];
    return was && is ? { points: { before: was, after: is } } : {};
  };
  return sealed(
    {
      id: situation.decision,
      fleet,
      version: verdict.traffic.version,
      decidedAt: iso(nowMs),
      automation: policy.automation,
      actor,
      ...(origin.requestId !== undefined && { requestId: origin.requestId }),
      outcome: verdict.outcome === 'refused' ? 'blocked' : verdict.outcome,
      changes: verdict.changes.map(({ health, ...change }, index) => {
        const record = evidence.find((item) => item.cluster === change.cluster);
        const voters = clusters.find(({ name }) => name === change.cluster)?.voters ?? [];
        return {
          ...change,
          ...pointsOf(change.cluster),
          health: { state: health.state, since: iso(health.sinceMs) },
          votes: index < EXPLAINED ? shownVotes(record, voters, policy, nowMs) : [],
          evidence: index < EXPLAINED ? (record?.recent ?? []) : [],
        };
      }),
      rules: verdict.rules.slice(0, MAX_RULES),
      flags: verdict.flags,
      withdrawnBefore: outOf(traffic),
      withdrawnAfter: outOf(verdict.traffic),
      ...(withheld && { withheld }),
      ...(recommended && { recommended: recorded(recommended) }),
      inputsDigest,
    },
    traffic.head?.hash ?? '',
  );
}

/**
 * The number of changes that include their votes and evidence, which keeps the record small. The stored inputs of the
 * decision contain the votes of all clusters.
 */
const EXPLAINED = 20;

/** The number of rules that are kept with a decision. */
const MAX_RULES = 200;

/** Returns the reasons of all changes of a decision in one line. */
export function reasonOf({ changes }: { changes: Decision['changes'] }): string {
  return changes.map(({ action, cluster, reason }) => `${action} ${cluster}: ${reason}`).join('; ');
}

function auditOf(deps: Deps, { situation }: Read, verdict: Verdict, decision: Decision, origin: Origin): AuditEvent {
  const { fleet, withdrawnBefore, withdrawnAfter } = decision;
  return {
    id: `aud_${deps.ids.ulid()}`,
    at: decision.decidedAt,
    actor: decision.actor,
    action: situation.command === undefined ? `decision.${decision.outcome}` : `traffic.${situation.command.type}`,
    target: { kind: 'fleet', fleet, name: fleet },
    requestId: origin.requestId ?? decision.id,
    reason: (origin.reason ?? reasonOf(decision)).slice(0, MAX_REASON),
    before: situation.traffic.version,
    after: verdict.traffic.version,
    ...(origin.approval && { approval: origin.approval }),
    ...changesBetween({ withdrawn: withdrawnBefore }, { withdrawn: withdrawnAfter }),
  };
}

/**
 * The maximum length of a reason, in characters. The reasons of a decision on a thousand clusters are longer; the
 * decision itself contains them in full.
 */
const MAX_REASON = 2000;

function operationOf(deps: Deps, decision: Decision, gateways: string[], origin: Origin): OperationRecord {
  const { fleet, decidedAt, actor, id } = decision;
  return {
    id: `opn_${deps.ids.ulid()}`,
    fleet,
    action: 'decision.applied',
    target: { kind: 'fleet', name: fleet },
    actor,
    requestId: origin.requestId ?? id,
    reason: (origin.reason ?? reasonOf(decision)).slice(0, MAX_REASON),
    createdAt: decidedAt,
    gateways,
  };
}

/** Returns the outbox rows of a decision, one for each gateway of the fleet. */
function rowsOf({ fleet, version, decidedAt }: Decision, { id, gateways }: OperationRecord): OutboxRequest[] {
  const row = { fleet, kind: 'traffic', name: fleet, revision: version, requestedAt: decidedAt } as const;
  return gateways.map((gateway) => ({ ...row, gateway, operation: id }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
