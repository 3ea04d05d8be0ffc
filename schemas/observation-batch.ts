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

/** Refuses a second observation of a cluster: they may differ, and the order of writing would decide which one counts. */
function refuseRepeated(observations: readonly AgentObservation[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { cluster }] of observations.entries()) {
    if (seen.has(cluster)) {
      context.addIssue({
        code: 'custom',
        path: [index, 'cluster'],
        message: `must not be observed twice in one batch: ${cluster}`,
      });
    }
    seen.add(cluster);
  }
}

export const ObservationBatchInput = z
  .strictObject({
    fleet: Name.meta({
      description:
        'The fleet of the path. It is part of the signed body, so that a batch for one fleet cannot be sent to another.',
    }),
    voter: Name.meta({ description: 'An agent among the voters of the fleet.' }),
    sentAt: Timestamp.meta({
      description:
        'The time of sending, which must be close to now. A batch is taken when it was sent after all others of the voter that were ' +
        'taken.',
    }),
    sequence: z.int().min(1).meta({
      description:
        'A number that orders the batches that a voter sends within one millisecond. It may begin anew at any time.',
    }),
    controls: z
      .array(z.strictObject({ ok: z.boolean() }))
      .max(4)
      .default([])
      .meta({
        description:
          'The answers of the control targets of the fleet. When one of them did not answer, failures are not counted.',
      }),
    observations: z
      .array(AgentObservationInput)
      .min(1)
      .max(MAX_OBSERVATIONS)
      .superRefine(refuseRepeated)
      .meta({ description: 'The observations, one of each cluster at most.' }),
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
