import type { AuditEvent } from '../../../schemas/audit.ts';
import type { Decision } from '../../../schemas/decision.ts';
import { clusterPoints } from '../../core/allocation/points.ts';
import { sealed } from '../../core/failover/ledger.ts';
import { recommendedOf, recorded } from '../../core/failover/recommendation.ts';
import type { DecisionResult } from '../../core/failover/decision-input.ts';
import { movesPoints } from '../../core/failover/decision-result.ts';
import { shownVotes } from '../../core/health/shown-votes.ts';
import { changesBetween } from '../../core/model/diff.ts';
import { canonicalJson, digest, equal } from '../../core/model/digest.ts';
import { withheldOf } from '../../core/simulation/recommendation-score.ts';
import type { Deps, OperationRecord, OutboxRequest, Recording } from '../../deps.ts';
import { overrideDocuments } from './overrides.ts';
import type { ReadInput } from './decision-input.ts';

/** The request that led to a decision and the reason given, when a person asked for it. */
export interface Origin {
  requestId?: string | undefined;
  reason?: string | undefined;
}

/**
 * Returns what is written for a result: the decision, sealed to the decision before it, and everything that follows
 * from it.
 */
export async function recordingOf(deps: Deps, read: ReadInput, result: DecisionResult, origin: Origin): Promise<Recording> {
  const { input, gateways } = read;
  const { fleet } = input;
  const inputs = canonicalJson(input);
  const decision = decisionOf(read, result, digest(input), origin);
  const traffic = { ...result.traffic, head: { decision: decision.id, hash: decision.hash } };
  const moves = result.outcome === 'applied' && hasMoved(read, result) && gateways.length > 0;
  const operation = moves ? operationOf(deps, decision, gateways, origin) : undefined;
  return {
    fleet,
    traffic,
    decision,
    inputs,
    audit: auditOf(deps, read, result, decision, origin),
    outbox: operation ? rowsOf(decision, operation) : [],
    operation,
    documents: await overrideDocuments(deps.store, input, result),
  };
}

/**
 * Tells whether gateways have anything to follow. Changed limits always count, because they also apply to pools that
 * were declared a moment ago.
 */
function hasMoved({ input: { traffic: before, placements } }: ReadInput, { traffic: after }: DecisionResult): boolean {
  if (before.allocation === after.allocation) return false;
  const left = ({ allocation }: DecisionResult['traffic']) =>
    allocation.limits.map(({ cluster, percent }) => [cluster, percent]);
  return !equal(left(before), left(after)) || movesPoints(placements, before.allocation, after.allocation);
}

/** Returns the sealed decision that records a result. It is a pure function. */
export function decisionOf(
  { input, evidence }: ReadInput,
  result: DecisionResult,
  inputsDigest: string,
  origin: Origin,
): Decision {
  const { fleet, nowMs, policy, actor, traffic, clusters, placements } = input;
  const outOf = ({ allocation, recommended }: DecisionResult['traffic']) => {
    const { limits } = result.outcome === 'withheld' ? (recommended ?? allocation) : allocation;
    return limits.filter(({ percent }) => percent === 0).map(({ cluster }) => cluster);
  };
  const inForce = result.outcome === 'applied' ? result.traffic : traffic;
  const withheld = withheldOf(input, result.traffic);
  const recommended = recommendedOf(placements, result.traffic);
  const [before, after] = [clusterPoints(placements, traffic), clusterPoints(placements, inForce)];
  const pointsOf = (cluster: string) => {
    const [was, is] = [before.get(cluster), after.get(cluster)];
    return was && is ? { points: { before: was, after: is } } : {};
  };
  return sealed(
    {
      id: input.decision,
      fleet,
      version: result.traffic.version,
      decidedAt: iso(nowMs),
      automation: policy.automation,
      actor,
      ...(origin.requestId !== undefined && { requestId: origin.requestId }),
      outcome: result.outcome === 'refused' ? 'blocked' : result.outcome,
      changes: result.changes.map(({ health, ...change }, index) => {
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
      rules: result.rules.slice(0, MAX_RULES),
      flags: result.flags,
      withdrawnBefore: outOf(traffic),
      withdrawnAfter: outOf(result.traffic),
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

function auditOf(deps: Deps, { input }: ReadInput, result: DecisionResult, decision: Decision, origin: Origin): AuditEvent {
  const { fleet, withdrawnBefore, withdrawnAfter } = decision;
  return {
    id: `aud_${deps.ids.ulid()}`,
    at: decision.decidedAt,
    actor: decision.actor,
    action: input.command === undefined ? `decision.${decision.outcome}` : `traffic.${input.command.type}`,
    target: { kind: 'fleet', fleet, name: fleet },
    requestId: origin.requestId ?? decision.id,
    reason: (origin.reason ?? reasonOf(decision)).slice(0, MAX_REASON),
    before: input.traffic.version,
    after: result.traffic.version,
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
