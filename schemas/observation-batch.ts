import * as z from 'zod';
import { FailureCause, Observation } from './cluster.ts';
import { Name, Timestamp } from './common.ts';

/** The most clusters that one agent tells of at a time. */
const MAX_OBSERVATIONS = 1000;

export const AgentObservationInput = z
  .strictObject({
    cluster: Name,
    observedAt: Timestamp,
    outcome: Observation.shape.outcome,
    cause: FailureCause.optional().meta({ description: 'Of a failure.' }),
    latencyMs: z.int().min(0),
    isSlow: Observation.shape.isSlow,
    detail: z.string().max(500),
    certificateExpiresAt: Timestamp.optional().meta({
      description: 'Of the certificate that expires first, when it does so soon.',
    }),
  })
  .meta({ id: 'AgentObservationInput' });
export type AgentObservation = z.output<typeof AgentObservationInput>;

export const ObservationBatchInput = z
  .strictObject({
    fleet: Name.meta({ description: 'As in the path: what is signed for one fleet is nothing to another.' }),
    voter: Name.meta({ description: 'An agent among the voters of the fleet.' }),
    sentAt: Timestamp,
    sequence: z.int().min(1).meta({ description: 'Grows with every batch of the voter.' }),
    controls: z
      .array(z.strictObject({ ok: z.boolean() }))
      .max(4)
      .default([])
      .meta({
        description: 'How the control targets of the fleet answered. When one did not, failures count for nothing.',
      }),
    observations: z.array(AgentObservationInput).min(1).max(MAX_OBSERVATIONS),
  })
  .meta({ id: 'ObservationBatchInput', description: 'What an agent has just seen; nothing that it has kept.' });
export type ObservationBatch = z.output<typeof ObservationBatchInput>;

export const ObservationReceipt = z
  .object({
    cluster: Name,
    result: z.enum(['accepted', 'not-watched', 'from-the-future', 'stale']).meta({
      description:
        'not-watched: there is no such cluster, or the voter does not watch it. stale: too old, or not newer than what the voter said last.',
    }),
  })
  .meta({ id: 'ObservationReceipt' });
export type ObservationReceipt = z.infer<typeof ObservationReceipt>;

export const ObservationBatchReceipt = z
  .object({
    receipts: z.array(ObservationReceipt).meta({ description: 'In the order of the observations.' }),
    decision: z.string().optional().meta({ description: 'The decision that this batch led to.' }),
  })
  .meta({ id: 'ObservationBatchReceipt' });
export type ObservationBatchReceipt = z.infer<typeof ObservationBatchReceipt>;
