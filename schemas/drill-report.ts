import * as z from 'zod';
import { Name, Percent, Timestamp } from './common.ts';
import { Decision } from './decision.ts';
import { DrillRun } from './drill.ts';

export const DrillRunInput = z
  .strictObject({ drill: Name.meta({ description: 'The name of a drill that the fleet declares.' }) })
  .meta({ id: 'DrillRunInput', description: 'Starts a drill now.' });

export const DrillShares = z
  .object({
    at: Timestamp,
    moment: z.string().meta({
      description: '`before`, or the type of the event after which the shares are these.',
      examples: ['holding'],
    }),
    backends: z.array(
      z.object({
        services: z.array(z.string()).meta({ description: 'Some of the services that have these shares.' }),
        clusters: z.array(z.object({ cluster: Name, percent: Percent })),
      }),
    ),
  })
  .meta({
    id: 'DrillShares',
    description: 'The shares of the clusters in the backends that the clusters of the drill serve.',
  });
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
      description: 'The IANA name of the time zone of the local times in the report. The default is UTC.',
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
  .meta({
    id: 'LocalTimes',
    description: 'The times of the run in the local time of the zone, with the offset from UTC.',
  });

export const LostRequests = z
  .object({
    aboveCapacity: z
      .number()
      .min(0)
      .optional()
      .meta({
        description:
          'The number of requests above the declared capacities of the clusters that served instead, by the declared loads of backends. ' +
          'Absent when no decision of the run can be read any more.',
      }),
    notKnown: z
      .array(z.string())
      .meta({ description: 'The kinds of losses that are not counted, and where to look for them.' }),
  })
  .meta({
    id: 'LostRequests',
    description: 'The lost requests, as far as they are known: no request passes through Fairlead.',
  });
export type LostRequests = z.infer<typeof LostRequests>;

export const DrillReport = z
  .object({
    run: DrillRun,
    local: LocalTimes,
    isTargetMet: z.boolean().optional().meta({
      description:
        'True when the recovery target was met. Absent when the gateways were never all read to give the clusters nothing.',
    }),
    lostRequests: LostRequests,
    shares: z
      .array(DrillShares)
      .meta({ description: 'The shares in order: before the drill, and after each event that moved traffic.' }),
    decisions: z.array(Decision).meta({ description: 'The decisions of the run in order, with votes and rules.' }),
    evidenceHash: z.string().meta({
      description:
        'The SHA-256 of the canonical JSON of the run and of the hashes of its decisions, which the ledger can prove.',
    }),
  })
  .meta({ id: 'DrillReport', description: 'A report of a drill for auditors.' });
export type DrillReport = z.infer<typeof DrillReport>;
