import * as z from 'zod';
import { HealthState, Observation } from './cluster.ts';
import { Name, Timestamp } from './common.ts';

export const ProbeRoundInput = z
  .strictObject({ fleet: Name.optional().meta({ description: 'Absent: every fleet.' }) })
  .meta({ id: 'ProbeRoundInput' });

export const ProbeResult = z
  .object({ cluster: Name, state: HealthState, observation: Observation })
  .meta({ id: 'ProbeResult' });

export const FleetProbeRound = z
  .object({
    fleet: Name,
    state: z.enum(['done', 'busy']).meta({ description: 'busy: another prober holds the lease; its round counts.' }),
    results: z.array(ProbeResult),
    decision: z.string().optional().meta({ description: 'The decision that this round led to.' }),
  })
  .meta({ id: 'FleetProbeRound' });
export type FleetProbeRound = z.infer<typeof FleetProbeRound>;

export const ProbeRound = z
  .object({ startedAt: Timestamp, fleets: z.array(FleetProbeRound) })
  .meta({ id: 'ProbeRound' });
export type ProbeRound = z.infer<typeof ProbeRound>;
