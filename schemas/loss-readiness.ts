import * as z from 'zod';
import { Name, Timestamp } from './common.ts';

export const LossOutcome = z
  .object({
    type: z.enum(['cluster', 'site', 'city']),
    name: z.string().meta({ description: 'Of the cluster, the site or the city.' }),
    clusters: z.array(Name).meta({ description: 'What would be lost.' }),
    survives: z.boolean().meta({ description: 'Everything would be served by others within their capacities.' }),
    since: Timestamp.meta({ description: 'Since when it is so.' }),
    overloads: z.array(z.object({ cluster: Name, load: z.number(), requestsPerSecond: z.int() })).meta({
      description: 'Clusters that would have to serve more than they can, in requests per second: the five hottest.',
    }),
    strandedServices: z.array(Name).meta({
      description: 'Services that others are declared to serve, of whom none could: five at most.',
    }),
    soleServices: z.array(Name).meta({ description: 'Services that nobody else is declared to serve: five at most.' }),
  })
  .meta({ id: 'LossOutcome', description: 'What would become of one loss, with everything else as it is.' });
export type LossOutcome = z.infer<typeof LossOutcome>;

export const LossReadiness = z
  .object({
    fleet: Name,
    at: Timestamp.optional().meta({ description: 'When it was worked out. Absent: it has not been yet.' }),
    ageSeconds: z.int().min(0).optional(),
    losses: z.array(LossOutcome),
    skipped: z.int().min(0).meta({
      description: 'Losses that were not worked out, as the fleet has too many backends of many members for that.',
    }),
  })
  .meta({
    id: 'LossReadiness',
    description:
      'Whether the fleet could lose any one cluster, site or city and go on serving. Worked out when what it follows from changes, and at least ' +
      'every ten minutes.',
  });
export type LossReadiness = z.infer<typeof LossReadiness>;
