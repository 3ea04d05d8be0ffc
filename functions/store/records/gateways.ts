/** Records of what gateways have yet to apply, what they have applied, and what is remembered of them. */

import * as z from 'zod';
import { FieldChange } from '../../../schemas/common.ts';
import { GatewayTarget, Progress, SyncState } from '../../../schemas/gateway.ts';
import { OperationTarget } from '../../../schemas/operation.ts';
import { ForeignObject, QuotaUse } from '../../../schemas/plan.ts';
import { HealthCheck, ServicePort } from '../../../schemas/service.ts';
import type { Baseline } from '../../core/gateway/drift.ts';
import { DEVIATION_REASONS, type Points, type Reading } from '../../core/gateway/reading.ts';
import type { Pool } from '../../core/model/ir.ts';
import type {
  OperationRecord,
  OutboxRow,
  OutcomeRecord,
  ProgrammedRow,
  SyncRecord,
  WaitingOperation,
} from '../../deps.ts';
import type { Item } from '../items.ts';
import { parsed, recordOf, recordType } from '../record-type.ts';

const Count = z.int().min(0);

const row = {
  fleet: z.string(),
  gateway: z.string(),
  kind: z.enum(['fleet', 'cluster', 'gateway', 'service', 'distribution', 'route', 'traffic', 'apply']),
  name: z.string(),
  revision: Count,
};

export const outboxRecord = recordType('outbox row', z.object({ ...row, requestedAt: z.string() }));

/**
 * Attributes of an outbox row. Rows of an older release have no `since`, and may have `operations`, to which each write
 * added its own.
 */
const RowAttributes = z.object({
  since: z.string().optional(),
  operation: z.string().optional(),
  operations: z.array(z.string()).default([]),
});

export function outboxRowOf(item: Item): OutboxRow {
  const record = recordOf(item, outboxRecord);
  const { since = record.requestedAt, operation, operations } = parsed(item, RowAttributes, item);
  return { ...record, since, ...(operation !== undefined && { operation }), operations: [...operations].sort() };
}

export const waitingRecord = recordType<WaitingOperation>(
  'waiting operation',
  z.object({ ...row, requestedAt: z.string(), operation: z.string() }),
);

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
  provisioned: GatewayTarget.optional(),
  progress: Progress.optional(),
  pushedAt: z.string().optional(),
  checkedAt: z.string().optional(),
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
  objects: z
    .array(
      z.object({
        key: z.string(),
        remoteId: z.string().optional(),
        cluster: z.string().optional(),
        percent: z.number().optional(),
      }),
    )
    .optional(),
  former: z.array(Member).optional(),
});

export const poolRecord = recordType('pool', StoredPool);

const Digests = z.record(z.string(), z.string());

/** Migrates a baseline of the first version, which did not contain the routes of an object. */
const BaselineWithoutRoutes = z.looseObject({}).transform((baseline) => ({ routes: {}, ...baseline }));

export const baselineRecord = recordType<Baseline>(
  'baseline',
  z.object({ verified: Digests, adopted: Digests, routes: Digests }),
  [BaselineWithoutRoutes],
);

const StoredRefusal = z.object({
  code: z.string(),
  detail: z.string(),
  wanted: z.string(),
  attempts: Count,
  retryAt: z.string(),
});

const StoredDeviation = z.object({
  kind: z.string(),
  key: z.string(),
  verb: z.enum(['create', 'update', 'delete']).optional(),
  detail: z.string(),
  reason: z.enum(DEVIATION_REASONS),
  changes: z.array(FieldChange),
  isPoints: z.boolean(),
  pool: z.string().optional(),
  clusters: z.array(z.string()).optional(),
  routes: z.array(z.string()),
  since: z.string(),
  refusal: StoredRefusal.optional(),
});

const StoredReading: z.ZodType<Reading> = z.object({
  fleet: z.string(),
  gateway: z.string(),
  readAt: z.string().optional(),
  poolsReadAt: z.string().optional(),
  trafficVersion: Count,
  clusters: z.array(
    z.object({
      cluster: z.string(),
      pools: Count,
      unknownPools: Count,
      minPercent: z.number(),
      maxPercent: z.number(),
    }),
  ),
  facts: z.json().optional(),
  address: z.string().optional(),
  failure: z.object({ since: z.string(), at: z.string(), action: z.string(), code: z.string() }).optional(),
  deviations: z.array(StoredDeviation),
  omitted: Count,
  orphans: z.array(z.object({ kind: z.string(), key: z.string(), remoteId: z.string(), since: z.string() })),
  foreign: z.array(ForeignObject),
  quotas: z.array(QuotaUse),
});

export const readingRecord = recordType('reading', StoredReading);

export const pointsRecord = recordType<Points>(
  'points',
  z.object({
    pools: z.record(z.string(), z.array(z.object({ cluster: z.string(), percent: z.number() }))),
    routes: z.record(z.string(), z.array(z.string())),
  }),
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
