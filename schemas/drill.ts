import * as z from 'zod';
import { Name, Percent, pageOf, Timestamp } from './common.ts';
import { TimeWindow } from './failover.ts';
import { type AskedOf, listQuery, live } from './list-query.ts';
import { isOnePlace, ONE_PLACE, place } from './place.ts';

/** A rehearsal of the loss of a cluster, a site or a city, as a fleet declares it. */
export const DrillInput = z
  .strictObject({
    name: Name,
    ...place,
    service: Name.optional().meta({
      description: 'The only service that is taken out and judged. When absent, every service is.',
    }),
    windows: z
      .array(TimeWindow)
      .max(10)
      .default([])
      .meta({
        description:
          'The windows in which the drill may run; it begins by itself once in each window. Without windows, it runs only when somebody ' +
          'starts it, at any time.',
      }),
    durationSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(600)
      .meta({ description: 'The time that the clusters stay out.' }),
    recoveryTargetSeconds: z.int().min(1).max(604_800).default(60).meta({
      description:
        'The time after the beginning of the drill within which all gateways have to be read to give the clusters nothing.',
    }),
    stopConditions: z
      .strictObject({
        onFailingVote: z
          .boolean()
          .default(true)
          .meta({ description: 'Stops the drill when any voter sees another cluster fail.' }),
        onOverload: z
          .boolean()
          .default(true)
          .meta({ description: 'Stops the drill when a cluster would have to serve more than its capacity.' }),
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
    clusters: z
      .array(Name)
      .meta({ description: 'The clusters that the place had when the drill began. All of them are taken out.' }),
    actor: z.string(),
    state: DrillRunState.meta({
      description:
        'passed: all gateways were read to give the clusters nothing within the target, and other clusters served meanwhile. failed: ' +
        'one of these was not the case. aborted: somebody or a stop condition ended the drill. interrupted: a real failure ended it.',
    }),
    startedAt: Timestamp,
    verifiedAt: Timestamp.optional().meta({
      description: 'The time at which the last of the gateways was read to give the clusters nothing.',
    }),
    lastReadAt: Timestamp.optional().meta({
      description:
        'The earliest of the times at which each gateway was last read before the clusters began to return; each then gave them ' +
        'nothing.',
    }),
    endedAt: Timestamp.optional(),
    recoverySeconds: z.number().min(0).optional().meta({ description: 'The time from `startedAt` to `verifiedAt`.' }),
    recoveryTargetSeconds: z.int(),
    percent: Percent.meta({
      description: 'The intended part of its share for the cluster that has the smallest such part.',
    }),
    events: z.array(DrillEvent).meta({ description: 'The events of the run, in order.' }),
  })
  .meta({ id: 'DrillRun' });
export type DrillRun = z.infer<typeof DrillRun>;

export const DrillRunPage = pageOf('DrillRunPage', DrillRun);

export const DrillRunQuery = listQuery(
  { fields: ['startedAt'], usual: '-startedAt' },
  {
    drill: Name.optional().meta({ description: 'Only runs of this drill.', examples: ['lose-hangzhou-a'] }),
    state: DrillRunState.optional().meta({ description: 'The state of the run.', examples: ['passed'] }),
    live: live('runs that have not ended'),
  },
);
export type DrillRunQuery = AskedOf<typeof DrillRunQuery>;
