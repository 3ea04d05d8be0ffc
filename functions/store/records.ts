/**
 * The shapes of what is stored, parsed at every read. What people declared is parsed by the schema of the API, so the
 * schemas of the API may widen and gain defaults, but must keep reading what older versions have written.
 */

import * as z from 'zod';
import { AuditEvent } from '../../schemas/audit.ts';
import { ClusterInput, FailureCause, HealthState, Observation, WithdrawalCause } from '../../schemas/cluster.ts';
import { Kind as KindName, Percent } from '../../schemas/common.ts';
import { SafetyRuleName } from '../../schemas/failover.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { Drift, GatewayInput, GatewayTarget, Progress, SyncState } from '../../schemas/gateway.ts';
import { OperationProblem, OperationTarget } from '../../schemas/operation.ts';
import { QuotaUse } from '../../schemas/plan.ts';
import { RouteInput } from '../../schemas/route.ts';
import { HealthCheck, ServiceInput, ServicePort } from '../../schemas/service.ts';
import type { Bucket } from '../core/budget.ts';
import type { Baseline } from '../core/drift.ts';
import type { HealthRecord } from '../core/health.ts';
import type { Pool } from '../core/ir.ts';
import type { Kind, Resource, Specs } from '../core/model.ts';
import type { AutomationState, Traffic } from '../core/traffic.ts';
import type {
  OperationRecord,
  OutboxRow,
  OutcomeRecord,
  ProgrammedRow,
  Revision,
  Rollout,
  Step,
  StoredDocument,
  SyncRecord,
} from '../deps.ts';
import { type Item, parsed, recordOf } from './items.ts';

const Count = z.int().min(0);

const specs: { [K in Kind]: z.ZodType<Specs[K]> } = {
  fleet: FleetInput,
  cluster: ClusterInput,
  gateway: GatewayInput,
  service: ServiceInput,
  route: RouteInput,
};

const Declared = z.object({
  fleet: z.string(),
  name: z.string(),
  uid: z.string(),
  revision: z.int().min(1),
  createdAt: z.string(),
  updatedAt: z.string(),
  spec: z.unknown(),
});

export function resourceOf<K extends Kind>(kind: K, item: Item): Resource<K> {
  const declared = recordOf(item, Declared);
  return { ...declared, kind, spec: parsed(item, specs[kind], declared.spec) };
}

/** A snapshot of a resource, marked when it is that of a deletion. */
export function revisionOf<K extends Kind>(kind: K, item: Item): Revision<K> {
  return { ...resourceOf(kind, item), ...recordOf(item, z.object({ deleted: z.boolean().default(false) })) };
}

/** Events of the first version had no changes. */
export const StoredAudit: z.ZodType<AuditEvent> = AuditEvent.extend({
  changes: AuditEvent.shape.changes.default([]),
  changeCount: Count.default(0),
});

/** The counter of an item that may not have one yet. */
export function refsOf(item: Item | undefined): number {
  return item ? parsed(item, z.object({ refs: Count.default(0) }), item).refs : 0;
}

const row = {
  fleet: z.string(),
  gateway: z.string(),
  kind: z.enum(['fleet', 'cluster', 'gateway', 'service', 'route', 'traffic', 'apply']),
  name: z.string(),
  revision: Count,
};

const StoredRow = z.object({ ...row, requestedAt: z.string() });

/** The operations are an attribute, to which each write adds its own. */
export function outboxRowOf(item: Item): OutboxRow {
  const { operations } = parsed(item, z.object({ operations: z.array(z.string()).default([]) }), item);
  return { ...recordOf(item, StoredRow), operations: [...operations].sort() };
}

export const StoredOperation: z.ZodType<OperationRecord> = z.object({
  id: z.string(),
  fleet: z.string(),
  action: z.string(),
  target: OperationTarget,
  actor: z.string(),
  requestId: z.string(),
  reason: z.string().optional(),
  createdAt: z.string(),
  gateways: z.array(z.string()),
});

export const StoredOutcome: z.ZodType<OutcomeRecord> = z.object({
  operation: z.string(),
  fleet: z.string(),
  gateway: z.string(),
  state: z.enum(['Verified', 'Diverged', 'Failed']),
  reason: z.string(),
  message: z.string(),
  steps: Count,
  attempts: Count,
  endedAt: z.string(),
});

const Batch = z.object({ steps: z.array(z.unknown()) });

const StoredStep = z.object({
  verb: z.enum(['create', 'update', 'delete']),
  resource: Declared.extend({ kind: KindName }),
  references: z.array(z.object({ kind: KindName, fleet: z.string(), name: z.string() })),
  referenceCount: Count.optional(),
  gateways: z.array(z.string()),
  movedTerms: Count,
});

/** A batch of steps of a rollout. */
export function stepsOf(item: Item): Step[] {
  return recordOf(item, Batch).steps.map((step) => {
    const { resource, ...rest } = parsed(item, StoredStep, step);
    const spec: z.ZodType<Specs[Kind]> = specs[resource.kind];
    return { ...rest, resource: { ...resource, spec: parsed(item, spec, resource.spec) } };
  });
}

const StoredRollout = z.object({
  fleet: z.string(),
  operation: z.string(),
  batches: Count,
  steps: Count,
  endedAt: z.string().optional(),
  problem: OperationProblem.optional(),
});

/** How far it has come is attributes, which each batch moves on. */
export function rolloutOf(item: Item): Rollout {
  return {
    ...recordOf(item, StoredRollout),
    ...parsed(item, z.object({ writtenBatches: Count, writtenSteps: Count }), item),
  };
}

export const StoredHold = z.object({ fleet: z.string(), operation: z.string() });

export const StoredBaseline: z.ZodType<Baseline> = z.object({
  verified: z.record(z.string(), z.string()),
  adopted: z.record(z.string(), z.string()),
});

export const StoredProgrammedRow: z.ZodType<ProgrammedRow> = z.object({ ...row, verifiedAt: z.string() });

export const StoredSync: z.ZodType<SyncRecord> = z.object({
  fleet: z.string(),
  gateway: z.string(),
  intent: z.string().optional(),
  state: SyncState,
  reason: z.string(),
  message: z.string(),
  attempts: Count,
  lastAttemptAt: z.string().optional(),
  nextAttemptAt: z.string().optional(),
  verifiedAt: z.string().optional(),
  address: z.string().optional(),
  provisioned: GatewayTarget.optional(),
  progress: Progress.optional(),
  pushedAt: z.string().optional(),
  checkedAt: z.string().optional(),
  drift: Drift.optional(),
  quotas: z.array(QuotaUse).optional(),
});

const Address = z.object({ address: z.string(), port: Count, remote: z.boolean() });

const Member = z.object({
  cluster: z.string(),
  weight: z.number().min(0),
  tier: Count,
  endpoints: z.array(Address),
});

export const StoredPool: z.ZodType<Pool> = z.object({
  key: z.string(),
  service: z.string(),
  port: Count,
  protocol: ServicePort.shape.protocol,
  healthCheck: HealthCheck,
  affinity: z.object({ ttlSeconds: Count }).optional(),
  pinned: z.boolean(),
  load: z.number().optional(),
  members: z.array(Member),
});

export const StoredMemory = z.object({ value: z.json(), expiresAtMs: z.number() });

/** A lease is attributes only: conditions look at all of it. One without a holder is free. */
export const StoredLease = z.object({ epoch: Count, holder: z.string().optional(), expiresAt: z.number() });

export const StoredBucket: z.ZodType<Bucket> = z.object({
  taken: z.array(z.object({ fromMs: z.number(), calls: Count })),
  share: z.number(),
  throttledAtMs: z.number(),
  closedUntilMs: z.number(),
});

const StoredVoter = z.object({
  voter: z.string(),
  state: HealthState,
  sinceMs: z.number(),
  consecutiveFailures: Count,
  consecutiveSuccesses: Count,
  observedAtMs: z.number(),
  suspectUntilMs: z.number(),
  last: z.object({ outcome: z.enum(['ok', 'fail']), cause: FailureCause.optional(), detail: z.string() }),
});

export const StoredHealth: z.ZodType<HealthRecord> = z.object({
  fleet: z.string(),
  cluster: z.string(),
  uid: z.string(),
  version: Count,
  state: HealthState,
  sinceMs: z.number(),
  cause: FailureCause.optional(),
  firstHealthyAtMs: z.number().optional(),
  votes: z.array(StoredVoter),
  recent: z.array(Observation),
});

const Shares = z.array(z.object({ cluster: z.string(), percent: Percent }));

const StoredAutomation: z.ZodType<AutomationState> = z.object({
  outages: z.array(
    z.object({
      cluster: z.string(),
      uid: z.string(),
      phase: z.enum(['joining', 'out', 'returning']),
      percent: Percent,
      sinceMs: z.number(),
      reason: z.string(),
      decision: z.string(),
      heldUntilMs: z.number(),
      returnSinceMs: z.number().optional(),
      steppedAtMs: z.number().optional(),
      isApproved: z.boolean().optional(),
    }),
  ),
  episodes: z.array(z.object({ cluster: z.string(), uid: z.string(), atMs: z.number() })),
  panics: z.array(
    z.object({
      placement: z.string(),
      mode: z.enum(['hold', 'base', 'reject']),
      sinceMs: z.number(),
      shares: Shares,
    }),
  ),
  halt: z.object({ sinceMs: z.number(), clusters: z.array(z.string()), reason: z.string() }).optional(),
  blocked: z.array(z.object({ cluster: z.string(), rule: z.string(), sinceMs: z.number() })),
  resumedAtMs: z.number().optional(),
});

const override = {
  name: z.string(),
  id: z.string(),
  owner: z.string(),
  reason: z.string(),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
};

const StoredDrill = z.object({
  run: z.string(),
  name: z.string(),
  cluster: z.string(),
  actor: z.string(),
  phase: z.enum(['moving', 'holding', 'returning']),
  currentPercent: Percent,
  startedAtMs: z.number(),
  verifiedAtMs: z.number().optional(),
  phaseSinceMs: z.number(),
  steppedAtMs: z.number(),
  decision: z.string(),
  ending: z.enum(['passed', 'failed', 'aborted']).optional(),
});

export const StoredTraffic: z.ZodType<Traffic> = z.object({
  version: Count,
  head: z.object({ decision: z.string(), hash: z.string() }).optional(),
  withdrawals: z.array(
    z.object({
      cluster: z.string(),
      percent: Percent,
      cause: WithdrawalCause,
      sinceMs: z.number(),
      reason: z.string(),
      decision: z.string(),
    }),
  ),
  allocations: z.array(z.object({ placement: z.string(), cause: z.enum(['capacity', 'panic']), shares: Shares })),
  automation: StoredAutomation,
  recommended: StoredAutomation.optional(),
  shifts: z.array(
    z.object({
      ...override,
      cluster: z.string(),
      percent: Percent,
      stepPercent: Percent,
      stepSeconds: Count,
      phase: z.enum(['moving', 'draining', 'applied', 'returning']),
      currentPercent: Percent,
      phaseSinceMs: z.number(),
      steppedAtMs: z.number(),
      decision: z.string(),
      endedBy: z.string().optional(),
    }),
  ),
  breakGlasses: z.array(z.object({ ...override, rules: z.array(SafetyRuleName) })),
  drill: StoredDrill.optional(),
  rehearsed: z.array(z.object({ drill: z.string(), atMs: z.number() })).optional(),
});

const DocumentBody = z.object({
  fleet: z.string(),
  kind: z.enum(['shift', 'break-glass', 'drill-run', 'delivery', 'voter']),
  id: z.string(),
  version: Count,
  body: z.record(z.string(), z.json()),
  isPending: z.boolean(),
  ttl: z.number().optional(),
});

export function documentOf(item: Item): StoredDocument {
  return recordOf(item, DocumentBody);
}
