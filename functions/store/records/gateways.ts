/** What gateways have yet to follow, what they follow, and what is remembered of them. */

import * as z from 'zod';
import { AuditEvent } from '../../../schemas/audit.ts';
import { Drift, GatewayTarget, Progress, SyncState } from '../../../schemas/gateway.ts';
import { OperationTarget } from '../../../schemas/operation.ts';
import { QuotaUse } from '../../../schemas/plan.ts';
import { HealthCheck, ServicePort } from '../../../schemas/service.ts';
import type { Baseline } from '../../core/drift.ts';
import type { Pool } from '../../core/ir.ts';
import type { OperationRecord, OutboxRow, OutcomeRecord, ProgrammedRow, SyncRecord } from '../../deps.ts';
import type { Item } from '../items.ts';
import { parsed, recordOf, recordType } from '../record-type.ts';

const Count = z.int().min(0);

const row = {
  fleet: z.string(),
  gateway: z.string(),
  kind: z.enum(['fleet', 'cluster', 'gateway', 'service', 'route', 'traffic', 'apply']),
  name: z.string(),
  revision: Count,
};

export const outboxRecord = recordType('outbox row', z.object({ ...row, requestedAt: z.string() }));

/** The operations are an attribute, to which each write adds its own. */
export function outboxRowOf(item: Item): OutboxRow {
  const { operations } = parsed(item, z.object({ operations: z.array(z.string()).default([]) }), item);
  return { ...recordOf(item, outboxRecord), operations: [...operations].sort() };
}

export const programmedRecord = recordType<ProgrammedRow>(
  'programmed row',
  z.object({ ...row, verifiedAt: z.string() }),
);

const StoredSync: z.ZodType<SyncRecord> = z.object({
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

export const syncRecord = recordType('sync record', StoredSync);

const Address = z.object({ address: z.string(), port: Count, remote: z.boolean() });

const Member = z.object({
  cluster: z.string(),
  weight: z.number().min(0),
  tier: Count,
  endpoints: z.array(Address),
});

const StoredPool: z.ZodType<Pool> = z.object({
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

export const poolRecord = recordType('pool', StoredPool);

export const baselineRecord = recordType<Baseline>(
  'baseline',
  z.object({ verified: z.record(z.string(), z.string()), adopted: z.record(z.string(), z.string()) }),
);

export const memoryRecord = recordType('memory entry', z.object({ value: z.json(), expiresAtMs: z.number() }));

const StoredOperation: z.ZodType<OperationRecord> = z.object({
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

const StoredOutcome: z.ZodType<OutcomeRecord> = z.object({
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

export const operationRecord = recordType('operation', StoredOperation);

export const outcomeRecord = recordType('outcome', StoredOutcome);

/** The first version had no changes. */
const AuditWithoutChanges = z.looseObject({}).transform((event) => ({ changes: [], changeCount: 0, ...event }));

export const auditRecord = recordType<AuditEvent>('audit event', AuditEvent, [AuditWithoutChanges]);
