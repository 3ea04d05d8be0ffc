import * as z from 'zod';
import { ClusterStanding } from './cluster.ts';
import { Name, Reason, Timestamp } from './common.ts';
import { Decision, PointsRange, RuleResult } from './decision.ts';
import { isOnePlace, ONE_PLACE, place } from './place.ts';
import { ExpiresAt, ShiftMode } from './shift.ts';

const OneService = Name.optional().meta({
  description: 'The only service that moves. When absent, every service moves.',
});

export const EvacuationInput = z
  .strictObject({
    ...place,
    service: OneService,
    mode: ShiftMode.extract(['drain', 'isolate']).default('drain'),
    reason: Reason,
    expiresAt: ExpiresAt.optional().meta({
      description:
        'The time at which the clusters return, as after any shift: at most 72 hours from now, which is the default.',
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
      description: 'The service whose own shifts end. When absent, all shifts of the clusters end.',
    }),
  })
  .refine(isOnePlace, ONE_PLACE)
  .meta({ id: 'ReturnInput', description: 'Gives a cluster, a site or a city its traffic back.' });
export type ReturnSpec = z.output<typeof ReturnInput>;

export const ClusterLoad = z
  .object({
    cluster: Name,
    before: z
      .number()
      .min(0)
      .meta({ description: 'The load before, in requests per second, by the declared loads of backends.' }),
    after: z.number().min(0),
    capacity: z
      .number()
      .optional()
      .meta({ description: 'The capacity in requests per second. When absent, it is not limited.' }),
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
            description: 'The shift that takes the cluster out. POST …/returns ends it, and so does its expiry.',
          }),
          expiresAt: Timestamp,
        }),
      )
      .meta({ description: 'The clusters that are taken out.' }),
    points: z.array(z.object({ cluster: Name, before: PointsRange, after: PointsRange })).meta({
      description: 'The shares that clusters have of their backends now, and those that they are to have in the end.',
    }),
    loads: z.array(ClusterLoad).meta({
      description: 'The loads of the clusters. A cluster that is absent serves no backend with a declared load.',
    }),
    heldBy: z.array(RuleResult).meta({
      description:
        'The rules that forbid the evacuation. Only a dry run has any, since the request is refused otherwise.',
    }),
    decision: Decision.optional().meta({ description: 'The decision; absent when there is nothing to change.' }),
  })
  .meta({ id: 'Evacuation' });
export type Evacuation = z.infer<typeof Evacuation>;

export const Wait = z
  .object({
    reason: z.string().meta({ description: 'A code in CamelCase, for machines.', examples: ['AwaitsConsent'] }),
    message: z.string(),
    until: Timestamp.optional().meta({
      description: 'The time at which the wait ends by itself; absent when it does not.',
    }),
  })
  .meta({
    id: 'Wait',
    description: 'A reason that keeps a cluster from its whole share, and the event that would end it.',
  });
export type Wait = z.infer<typeof Wait>;

export const Return = z
  .object({
    clusters: z.array(
      z.object({
        cluster: Name,
        standing: ClusterStanding.shape.state,
        endedShifts: z.array(Name),
        points: PointsRange.optional().meta({
          description: 'The shares that the cluster has now; absent when it serves no backend.',
        }),
        waitsFor: z.array(Wait),
      }),
    ),
    decision: Decision.optional().meta({ description: 'The decision; absent when there is nothing to change.' }),
  })
  .meta({ id: 'Return', description: 'The conditions that each cluster still waits for.' });
export type Return = z.infer<typeof Return>;
