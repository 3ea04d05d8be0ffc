import * as z from 'zod';
import { Name, Timestamp } from './common.ts';

export const LossOutcome = z
  .object({
    type: z.enum(['cluster', 'site', 'city']),
    name: z.string().meta({ description: 'The name of the cluster, the site or the city.' }),
    clusters: z.array(Name).meta({ description: 'The clusters that would be lost.' }),
    survives: z
      .boolean()
      .meta({ description: 'True when everything would be served by other clusters within their capacities.' }),
    since: Timestamp.meta({ description: 'The time since which the loss is or is not survived.' }),
    overloads: z.array(z.object({ cluster: Name, load: z.number(), requestsPerSecond: z.int() })).meta({
      description:
        'The five clusters that would be above their capacity the most, with load and capacity in requests per second.',
    }),
    strandedServices: z.array(Name).meta({
      description: 'Services that other clusters are declared to serve, of which none could: at most five.',
    }),
    soleServices: z
      .array(Name)
      .meta({ description: 'Services that no other cluster is declared to serve: at most five.' }),
  })
  .meta({ id: 'LossOutcome', description: 'The predicted outcome of one loss, with everything else unchanged.' });
export type LossOutcome = z.infer<typeof LossOutcome>;

export const LossReadiness = z
  .object({
    fleet: Name,
    at: Timestamp.optional().meta({
      description: 'The time at which the outcomes were worked out; absent until they have been.',
    }),
    ageSeconds: z.int().min(0).optional(),
    losses: z.array(LossOutcome),
    skipped: z.int().min(0).meta({
      description:
        'The number of losses that were not worked out, since the fleet has too many backends with many members.',
    }),
  })
  .meta({
    id: 'LossReadiness',
    description:
      'A report on whether the fleet could lose any one cluster, site or city and go on serving. It is worked out when its inputs ' +
      'change, and at least every ten minutes.',
  });
export type LossReadiness = z.infer<typeof LossReadiness>;
