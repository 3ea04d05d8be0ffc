/** Records of documents, which are kept beside the traffic state, and their contents. */

import * as z from 'zod';
import { Grant, Token } from '../../../schemas/access.ts';
import { Approval } from '../../../schemas/approval.ts';
import { DrillRun } from '../../../schemas/drill.ts';
import { LossOutcome } from '../../../schemas/loss-readiness.ts';
import { Delivery, IncidentType, Severity } from '../../../schemas/notification.ts';
import { DistributionRollout } from '../../../schemas/rollout.ts';
import { BreakGlass, Shift } from '../../../schemas/shift.ts';
import type { DocumentBodies, DocumentKind, StoredDocument } from '../../deps.ts';
import { type RecordType, recordType } from '../record-type.ts';

/** The schemas of the bodies. Documents that the API knows, such as shifts, have the same schema here. */
const bodies: { [K in DocumentKind]: z.ZodType<DocumentBodies[K]> } = {
  shift: Shift,
  'break-glass': BreakGlass,
  'drill-run': DrillRun,
  delivery: Delivery,
  voter: z.object({
    sequence: z.number().optional(),
    heardAtMs: z.number().optional(),
    vouch: z.object({ atMs: z.number(), except: z.array(z.string()) }).optional(),
    certificates: z.record(z.string(), z.number()).optional(),
  }),
  told: z.object({
    open: z.record(
      z.string(),
      z.object({
        type: IncidentType,
        severity: Severity,
        clusters: z.array(z.string()),
        resolution: z.string(),
        openedAtMs: z.number(),
        targets: z.array(z.string()),
        goneSinceMs: z.number().optional(),
      }),
    ),
    lastMs: z.number(),
  }),
  readiness: z.object({
    ...{ basis: z.string(), trafficVersion: z.number(), checkedAtMs: z.number() },
    ...{ atMs: z.number(), losses: z.array(LossOutcome), skipped: z.number() },
  }),
  'data-plane': z.object({
    ...{ uid: z.string(), check: z.string(), trafficVersion: z.int().min(0) },
    ...{ atMs: z.number(), sinceMs: z.number(), latencyMs: z.number() },
    outcome: z.enum(['ok', 'fail', 'unsent']),
    detail: z.string(),
  }),
  rollout: DistributionRollout,
  token: Token.extend({ secrets: z.array(Token.shape.secrets.element.extend({ hash: z.string() })) }),
  grants: z.object({ grants: z.array(Grant) }),
  approval: Approval,
};

const NAMES: Record<DocumentKind, string> = {
  shift: 'shift',
  'break-glass': 'break-glass',
  'drill-run': 'drill run',
  delivery: 'delivery',
  voter: 'trace of a voter',
  told: 'record of what people were told',
  readiness: 'record of what could be lost',
  'data-plane': 'record of requests through a gateway',
  rollout: 'rollout of a distribution',
  token: 'token',
  grants: 'list of grants',
  approval: 'approval',
};

/** Migrates a drill run of the first version, which had one cluster only. */
const RunOfOneCluster = z
  .looseObject({ body: z.looseObject({ cluster: z.string() }) })
  .transform(({ body, ...document }) => ({ ...document, body: { ...body, clusters: [body.cluster] } }));

const MIGRATIONS: { [K in DocumentKind]?: readonly z.ZodType[] } = { 'drill-run': [RunOfOneCluster] };

/** Returns the record type of a kind of document. */
export function documentRecord<K extends DocumentKind>(kind: K): RecordType<StoredDocument<K>> {
  const schema = z.object({
    fleet: z.string(),
    kind: z.literal(kind),
    id: z.string(),
    version: z.int().min(0),
    body: bodies[kind],
    isPending: z.boolean(),
    ttl: z.number().optional(),
  });
  return recordType(NAMES[kind], schema as unknown as z.ZodType<StoredDocument<K>>, MIGRATIONS[kind]);
}
