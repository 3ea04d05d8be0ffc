import * as z from 'zod';
import { HealthState, Observation } from './cluster.ts';
import { Name, pageOf, Timestamp } from './common.ts';
import { Automation } from './fleet.ts';

export const DecisionChange = z
  .object({
    cluster: Name,
    action: z.enum(['withdraw', 'restore']),
    reason: z.string(),
    health: z.object({ state: HealthState, since: Timestamp }),
    evidence: z.array(Observation).meta({ description: 'The observations that led here, newest first.' }),
  })
  .meta({ id: 'DecisionChange' });
export type DecisionChange = z.infer<typeof DecisionChange>;

export const Decision = z
  .object({
    id: z.string(),
    fleet: Name,
    decidedAt: Timestamp,
    automation: Automation,
    outcome: z.enum(['applied', 'withheld']).meta({
      description: 'withheld: the fleet is not automatic; this is what would have been done.',
    }),
    changes: z.array(DecisionChange).min(1),
    withdrawnBefore: z.array(Name),
    withdrawnAfter: z.array(Name),
  })
  .meta({ id: 'Decision', description: 'Why traffic moved.' });
export type Decision = z.infer<typeof Decision>;

export const DecisionPage = pageOf('DecisionPage', Decision);
