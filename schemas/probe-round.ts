import * as z from 'zod';
import { HealthState, Observation } from './cluster.ts';
import { Name, Timestamp } from './common.ts';

export const Shard = z
  .strictObject({ index: z.int().min(0).max(99), count: z.int().min(1).max(100) })
  .refine(({ index, count }) => index < count, { path: ['index'], message: 'must be below count' })
  .meta({
    id: 'Shard',
    description:
      'A fixed part of the clusters of each fleet. `count` schedulers probe side by side, each its own part.',
  });
export type Shard = z.output<typeof Shard>;

export const ProbeRoundInput = z
  .strictObject({
    fleet: Name.optional().meta({ description: 'The fleet to probe. When absent, every fleet is probed.' }),
    shard: Shard.optional().meta({
      description: 'The part of the clusters to probe. When absent, all clusters are probed.',
    }),
  })
  .meta({ id: 'ProbeRoundInput' });

export const ProbeResult = z
  .object({ cluster: Name, state: HealthState, observation: Observation })
  .meta({ id: 'ProbeResult' });

export const FleetProbeRound = z
  .object({
    fleet: Name,
    state: z.enum(['done', 'busy', 'failed']).meta({
      description:
        'busy: another prober holds the lease, and its round counts. failed: an error ended the round early; the log has the cause, ' +
        'and the observations before it are kept.',
    }),
    results: z
      .array(ProbeResult)
      .meta({ description: 'One result for each pair of a cluster and a voter that probes it.' }),
    skipped: z
      .int()
      .min(0)
      .meta({ description: 'The number of targets that the round had no time for. The next round begins with them.' }),
    decision: z.string().optional().meta({ description: 'The id of the decision that the round led to.' }),
  })
  .meta({ id: 'FleetProbeRound' });
export type FleetProbeRound = z.infer<typeof FleetProbeRound>;

export const ProbeRound = z
  .object({ startedAt: Timestamp, fleets: z.array(FleetProbeRound) })
  .meta({ id: 'ProbeRound' });
export type ProbeRound = z.infer<typeof ProbeRound>;
