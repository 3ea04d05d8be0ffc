/**
 * The shapes of what is stored, parsed at every read. What people declared is parsed by the schema of the API, so the
 * schemas of the API may widen and gain defaults, but must keep reading what older versions have written.
 */

import * as z from 'zod';
import { ClusterInput, HealthState, Observation } from '../../schemas/cluster.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { GatewayInput, GatewayTarget, Progress, SyncState } from '../../schemas/gateway.ts';
import { RouteInput } from '../../schemas/route.ts';
import { HealthCheck, ServiceInput, ServicePort } from '../../schemas/service.ts';
import type { Bucket } from '../core/budget.ts';
import type { HealthRecord } from '../core/health.ts';
import type { Pool } from '../core/ir.ts';
import type { Kind, Resource, Specs, Traffic } from '../core/model.ts';
import type { OutboxRow, ProgrammedRow, SyncRecord } from '../deps.ts';
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

/** The counter of an item that may not have one yet. */
export function refsOf(item: Item | undefined): number {
  return item ? parsed(item, z.object({ refs: Count.default(0) }), item).refs : 0;
}

const row = {
  fleet: z.string(),
  gateway: z.string(),
  kind: z.enum(['fleet', 'cluster', 'gateway', 'service', 'route', 'traffic']),
  name: z.string(),
  revision: Count,
};

export const StoredOutboxRow: z.ZodType<OutboxRow> = z.object({ ...row, requestedAt: z.string() });

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
  members: z.array(Member),
});

/** A lease is attributes only: conditions look at all of it. One without a holder is free. */
export const StoredLease = z.object({ epoch: Count, holder: z.string().optional(), expiresAt: z.number() });

export const StoredBucket: z.ZodType<Bucket> = z.object({
  taken: z.array(z.object({ fromMs: z.number(), calls: Count })),
  share: z.number(),
  throttledAtMs: z.number(),
  closedUntilMs: z.number(),
});

export const StoredHealth: z.ZodType<HealthRecord> = z.object({
  fleet: z.string(),
  cluster: z.string(),
  uid: z.string(),
  version: Count,
  state: HealthState,
  sinceMs: z.number(),
  consecutiveFailures: Count,
  consecutiveSuccesses: Count,
  observedAtMs: z.number(),
  recent: z.array(Observation),
});

const Withdrawal = z.object({
  cluster: z.string(),
  sinceMs: z.number(),
  reason: z.string(),
  decision: z.string(),
});

export const StoredTraffic: z.ZodType<Traffic> = z.object({
  version: Count,
  withdrawals: z.array(Withdrawal),
  recommended: z.array(Withdrawal).optional(),
});
