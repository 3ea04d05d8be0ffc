import * as z from 'zod';
import { FailureCause, Observation } from './cluster.ts';
import { Name, Timestamp } from './common.ts';

/** The largest number of observations in one batch of an agent. */
const MAX_OBSERVATIONS = 1000;

export const AgentObservationInput = z
  .strictObject({
    cluster: Name,
    observedAt: Timestamp,
    outcome: Observation.shape.outcome,
    cause: FailureCause.optional().meta({ description: 'The cause of a failure.' }),
    latencyMs: z.int().min(0),
    isSlow: Observation.shape.isSlow,
    detail: z.string().max(500),
    certificateExpiresAt: Timestamp.optional().meta({
      description: 'The expiry of the certificate that expires first; present when it expires soon.',
    }),
  })
  .meta({ id: 'AgentObservationInput' });
export type AgentObservation = z.output<typeof AgentObservationInput>;

export const ObservationBatchInput = z
  .strictObject({
    fleet: Name.meta({
      description:
        'The fleet of the path. It is part of the signed body, so that a batch for one fleet cannot be sent to another.',
    }),
    voter: Name.meta({ description: 'An agent among the voters of the fleet.' }),
    sentAt: Timestamp,
    sequence: z.int().min(1).meta({ description: 'A number that grows with every batch of the voter.' }),
    controls: z
      .array(z.strictObject({ ok: z.boolean() }))
      .max(4)
      .default([])
      .meta({
        description:
          'The answers of the control targets of the fleet. When one of them did not answer, failures are not counted.',
      }),
    observations: z.array(AgentObservationInput).min(1).max(MAX_OBSERVATIONS),
  })
  .meta({
    id: 'ObservationBatchInput',
    description: 'The observations that an agent has just made. It does not send old ones later.',
  });
export type ObservationBatch = z.output<typeof ObservationBatchInput>;

export const ObservationReceipt = z
  .object({
    cluster: Name,
    result: z.enum(['accepted', 'not-watched', 'from-the-future', 'stale']).meta({
      description:
        'not-watched: there is no such cluster, or the voter does not watch it. from-the-future: it was observed at a time that is ' +
        'still to come. stale: it is too old, or not newer than the last observation of the voter.',
    }),
  })
  .meta({ id: 'ObservationReceipt' });
export type ObservationReceipt = z.infer<typeof ObservationReceipt>;

export const ObservationBatchReceipt = z
  .object({
    receipts: z.array(ObservationReceipt).meta({ description: 'The results, in the order of the observations.' }),
    decision: z.string().optional().meta({ description: 'The id of the decision that the batch led to.' }),
  })
  .meta({ id: 'ObservationBatchReceipt' });
export type ObservationBatchReceipt = z.infer<typeof ObservationBatchReceipt>;
