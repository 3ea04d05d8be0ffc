import * as z from 'zod';
import { Name, Percent, pageOf, Timestamp } from './common.ts';
import { TimeWindow } from './failover.ts';
import { isOnePlace, ONE_PLACE, place } from './place.ts';

/** A rehearsal of the loss of a cluster, a site or a city, as a fleet declares it. */
export const DrillInput = z
  .strictObject({
    name: Name,
    ...place,
    service: Name.optional().meta({
      description: 'Nothing else is taken out, and nothing else is judged. Absent: everything.',
    }),
    windows: z.array(TimeWindow).max(10).default([]).meta({
      description:
        'When it may run; it begins by itself once in each window. None: only when somebody starts it, at any time.',
    }),
    durationSeconds: z.int().min(10).max(86_400).default(600).meta({ description: 'How long the clusters stay out.' }),
    recoveryTargetSeconds: z.int().min(1).max(604_800).default(60).meta({
      description: 'Within this time after its begin all gateways have to be read to give the clusters nothing.',
    }),
    stopConditions: z
      .strictObject({
        onFailingVote: z.boolean().default(true).meta({ description: 'Any voter sees another cluster fail.' }),
        onOverload: z
          .boolean()
          .default(true)
          .meta({ description: 'A cluster would have to serve more than its capacity.' }),
      })
      .prefault({}),
  })
  .refine(isOnePlace, ONE_PLACE)
  .meta({ id: 'DrillInput' });
export type Drill = z.output<typeof DrillInput>;

export const DrillRunState = z.enum(['moving', 'holding', 'returning', 'passed', 'failed', 'aborted', 'interrupted']);
export type DrillRunState = z.infer<typeof DrillRunState>;

export const DrillEvent = z
  .object({ at: Timestamp, type: z.string(), detail: z.string(), decision: z.string().optional() })
  .meta({ id: 'DrillEvent' });

export const DrillRun = z
  .object({
    id: z.string(),
    fleet: Name,
    drill: Name,
    ...place,
    service: Name.optional(),
    clusters: z.array(Name).meta({ description: 'Those that the place had when it began: all of them are taken out.' }),
    actor: z.string(),
    state: DrillRunState.meta({
      description:
        'passed: all gateways were read to give the clusters nothing within the target, and others served meanwhile. failed: it was not so. ' +
        'aborted: somebody or a stop condition ended it. interrupted: by a real failure.',
    }),
    startedAt: Timestamp,
    verifiedAt: Timestamp.optional().meta({
      description: 'When the last of the gateways was read to give the clusters nothing.',
    }),
    lastReadAt: Timestamp.optional().meta({
      description:
        'Before the clusters began to return, every gateway was last read then or later, and gave them nothing.',
    }),
    endedAt: Timestamp.optional(),
    recoverySeconds: z.number().min(0).optional().meta({ description: 'From its begin to verifiedAt.' }),
    recoveryTargetSeconds: z.int(),
    percent: Percent.meta({ description: 'Of its share, what is intended for the cluster that has least of it.' }),
    events: z.array(DrillEvent).meta({ description: 'In order.' }),
  })
  .meta({ id: 'DrillRun' });
export type DrillRun = z.infer<typeof DrillRun>;

export const DrillRunPage = pageOf('DrillRunPage', DrillRun);
