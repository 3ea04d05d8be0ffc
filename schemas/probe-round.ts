import * as z from 'zod';
import { HealthState, Observation } from './cluster.ts';
import { Name, Timestamp } from './common.ts';

export const Shard = z
  .strictObject({ index: z.int().min(0).max(99), count: z.int().min(1).max(100) })
  .refine(({ index, count }) => index < count, { path: ['index'], message: 'must be below count' })
  .meta({
    id: 'Shard',
    description:
      'A part of the clusters of each fleet, always the same ones: so many schedulers probe side by side, each its own part.',
  });
export type Shard = z.output<typeof Shard>;

export const ProbeRoundInput = z
  .strictObject({
    fleet: Name.optional().meta({ description: 'Absent: every fleet.' }),
    shard: Shard.optional().meta({ description: 'Absent: all clusters.' }),
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
        'busy: another prober holds the lease; its round counts. failed: something kept the round from its end; the log has the cause, and ' +
        'what was seen before is kept.',
    }),
    results: z.array(ProbeResult).meta({ description: 'One for each cluster and voter that probes it.' }),
    skipped: z
      .int()
      .min(0)
      .meta({ description: 'Targets that this round had no time for; the next one begins with them.' }),
    decision: z.string().optional().meta({ description: 'The decision that this round led to.' }),
  })
  .meta({ id: 'FleetProbeRound' });
export type FleetProbeRound = z.infer<typeof FleetProbeRound>;

export const ProbeRound = z
  .object({ startedAt: Timestamp, fleets: z.array(FleetProbeRound) })
  .meta({ id: 'ProbeRound' });
export type ProbeRound = z.infer<typeof ProbeRound>;
