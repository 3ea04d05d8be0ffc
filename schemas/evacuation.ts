import * as z from 'zod';
import { ClusterStanding } from './cluster.ts';
import { Name, Reason, Timestamp } from './common.ts';
import { Decision, PointsRange, RuleResult } from './decision.ts';
import { isOnePlace, ONE_PLACE, place } from './place.ts';
import { ExpiresAt, ShiftMode } from './shift.ts';

const OneService = Name.optional().meta({ description: 'Nothing else moves. Absent: everything.' });

export const EvacuationInput = z
  .strictObject({
    ...place,
    service: OneService,
    mode: ShiftMode.extract(['drain', 'isolate']).default('drain'),
    reason: Reason,
    expiresAt: ExpiresAt.optional().meta({
      description: 'At most 72 hours from now, which is the default. Then the clusters return, as after any shift.',
    }),
  })
  .refine(isOnePlace, ONE_PLACE)
  .meta({
    id: 'EvacuationInput',
    description: 'Takes everything, or one service, out of a cluster, a site or a city.',
  });
export type EvacuationSpec = z.output<typeof EvacuationInput>;

export const ReturnInput = z
  .strictObject({
    ...place,
    service: OneService.meta({
      description: 'Only shifts of this service alone end. Absent: all shifts of the clusters.',
    }),
  })
  .refine(isOnePlace, ONE_PLACE)
  .meta({ id: 'ReturnInput', description: 'Gives a cluster, a site or a city its traffic back.' });
export type ReturnSpec = z.output<typeof ReturnInput>;

export const ClusterLoad = z
  .object({
    cluster: Name,
    before: z.number().min(0).meta({ description: 'Requests per second, by the declared loads of backends.' }),
    after: z.number().min(0),
    capacity: z.number().optional().meta({ description: 'Absent: it is not limited.' }),
    isOverloaded: z.boolean(),
  })
  .meta({ id: 'ClusterLoad' });
export type ClusterLoad = z.infer<typeof ClusterLoad>;

export const Evacuation = z
  .object({
    clusters: z
      .array(
        z.object({
          cluster: Name,
          shift: Name.meta({
            description: 'The shift that takes it out. POST …/returns ends it, and so does its expiry.',
          }),
          expiresAt: Timestamp,
        }),
      )
      .meta({ description: 'Those that are taken out.' }),
    points: z
      .array(z.object({ cluster: Name, before: PointsRange, after: PointsRange }))
      .meta({ description: 'What clusters have of their backends now, and shall have in the end.' }),
    loads: z.array(ClusterLoad).meta({ description: 'Absent clusters serve nothing of which a load is declared.' }),
    heldBy: z.array(RuleResult).meta({ description: 'The rules that forbid it: nothing but a dry run has any.' }),
    decision: Decision.optional().meta({ description: 'Absent: there is nothing to change.' }),
  })
  .meta({ id: 'Evacuation' });
export type Evacuation = z.infer<typeof Evacuation>;

export const Wait = z
  .object({
    reason: z.string().meta({ description: 'CamelCase, for machines.', examples: ['AwaitsConsent'] }),
    message: z.string(),
    until: Timestamp.optional().meta({ description: 'When it ends by the clock; absent where it does not.' }),
  })
  .meta({ id: 'Wait', description: 'What keeps a cluster from its whole share, and what would end that.' });
export type Wait = z.infer<typeof Wait>;

export const Return = z
  .object({
    clusters: z.array(
      z.object({
        cluster: Name,
        standing: ClusterStanding.shape.state,
        endedShifts: z.array(Name),
        points: PointsRange.optional().meta({ description: 'What it has now; absent where it serves no backend.' }),
        waitsFor: z.array(Wait),
      }),
    ),
    decision: Decision.optional().meta({ description: 'Absent: there is nothing to change.' }),
  })
  .meta({ id: 'Return', description: 'What each cluster still waits for.' });
export type Return = z.infer<typeof Return>;
