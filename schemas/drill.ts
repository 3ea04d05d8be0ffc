import * as z from 'zod';
import { Name, Percent, pageOf, Timestamp } from './common.ts';
import { TimeWindow } from './failover.ts';

/** A rehearsal of the loss of a cluster, as a fleet declares it. */
export const DrillInput = z
  .strictObject({
    name: Name,
    cluster: Name,
    windows: z.array(TimeWindow).max(10).default([]).meta({
      description:
        'When it may run; it begins by itself once in each window. None: only when somebody starts it, at any time.',
    }),
    durationSeconds: z.int().min(10).max(86_400).default(600).meta({ description: 'How long the cluster stays out.' }),
    recoveryTargetSeconds: z.int().min(1).max(604_800).default(60).meta({
      description: 'Within this time after its begin all gateways have to be verified to send nothing to the cluster.',
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
    cluster: Name,
    actor: z.string(),
    state: DrillRunState.meta({
      description:
        'passed: the target was met. failed: it was not. aborted: somebody or a stop condition ended it. interrupted: by a real failure.',
    }),
    startedAt: Timestamp,
    verifiedAt: Timestamp.optional().meta({
      description: 'When all gateways were verified to send nothing to the cluster.',
    }),
    endedAt: Timestamp.optional(),
    recoverySeconds: z.number().min(0).optional().meta({ description: 'From its begin to verified shares.' }),
    recoveryTargetSeconds: z.int(),
    percent: Percent.meta({ description: 'Of its share, what the cluster has now.' }),
    events: z.array(DrillEvent).meta({ description: 'In order.' }),
  })
  .meta({ id: 'DrillRun' });
export type DrillRun = z.infer<typeof DrillRun>;

export const DrillRunPage = pageOf('DrillRunPage', DrillRun);
