import * as z from 'zod';
import { Name, Percent, Timestamp } from './common.ts';
import { Decision } from './decision.ts';
import { DrillRun } from './drill.ts';

export const DrillRunInput = z
  .strictObject({ drill: Name.meta({ description: 'One that the fleet declares.' }) })
  .meta({ id: 'DrillRunInput', description: 'Starts a drill now.' });

export const DrillShares = z
  .object({
    at: Timestamp,
    moment: z.string().meta({ description: 'before, or the event after which they are so.', examples: ['holding'] }),
    backends: z.array(
      z.object({
        services: z.array(z.string()).meta({ description: 'Some of those that are placed so.' }),
        clusters: z.array(z.object({ cluster: Name, percent: Percent })),
      }),
    ),
  })
  .meta({ id: 'DrillShares', description: 'Who gets how much of the backends that the cluster of the drill serves.' });
export type DrillShares = z.infer<typeof DrillShares>;

export const DrillReport = z
  .object({
    run: DrillRun,
    isTargetMet: z.boolean().optional().meta({ description: 'Absent when the shares were never verified.' }),
    shares: z.array(DrillShares).meta({ description: 'In order: before, and after each event that moved some.' }),
    decisions: z.array(Decision).meta({ description: 'Those of the run, in order, with votes and rules.' }),
    evidenceHash: z.string().meta({
      description:
        'SHA-256 of the canonical JSON of the run and of the hashes of its decisions, which the ledger can prove.',
    }),
  })
  .meta({ id: 'DrillReport', description: 'A drill as auditors want to see it.' });
export type DrillReport = z.infer<typeof DrillReport>;
