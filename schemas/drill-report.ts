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
  .meta({ id: 'DrillShares', description: 'Who gets how much of the backends that the clusters of the drill serve.' });
export type DrillShares = z.infer<typeof DrillShares>;

const isTimeZone = (name: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

export const DrillReportQuery = z.strictObject({
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be the name of a time zone, such as Asia/Shanghai')
    .optional()
    .meta({
      description: 'Of the local times in the report, by its IANA name; default UTC.',
      examples: ['Asia/Shanghai'],
    }),
});

export const LocalTimes = z
  .object({
    timeZone: z.string(),
    startedAt: z.string(),
    verifiedAt: z.string().optional(),
    endedAt: z.string().optional(),
  })
  .meta({ id: 'LocalTimes', description: 'As clocks on the wall showed it, with the offset from UTC.' });

export const LostRequests = z
  .object({
    aboveCapacity: z.number().min(0).optional().meta({
      description:
        'Requests above the declared capacities of the clusters that served instead, by the declared loads of backends. Absent when no decision of the run can be read any more.',
    }),
    notKnown: z.array(z.string()).meta({ description: 'What is not counted, and where to look for it.' }),
  })
  .meta({ id: 'LostRequests', description: 'As far as they are known: no request passes through Fairlead.' });
export type LostRequests = z.infer<typeof LostRequests>;

export const DrillReport = z
  .object({
    run: DrillRun,
    local: LocalTimes,
    isTargetMet: z.boolean().optional().meta({
      description: 'Absent when gateways were never read to give the clusters nothing.',
    }),
    lostRequests: LostRequests,
    shares: z.array(DrillShares).meta({ description: 'In order: before, and after each event that moved some.' }),
    decisions: z.array(Decision).meta({ description: 'Those of the run, in order, with votes and rules.' }),
    evidenceHash: z.string().meta({
      description:
        'SHA-256 of the canonical JSON of the run and of the hashes of its decisions, which the ledger can prove.',
    }),
  })
  .meta({ id: 'DrillReport', description: 'A drill as auditors want to see it.' });
export type DrillReport = z.infer<typeof DrillReport>;
