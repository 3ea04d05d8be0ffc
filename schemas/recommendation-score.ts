import * as z from 'zod';
import { Name, Timestamp } from './common.ts';
import { Automation } from './fleet.ts';

const PercentSeconds = z.number().min(0).meta({
  description:
    'Percent of the traffic of the fleet, times seconds: 6,000 is as much as all of its traffic in one minute.',
});

const Requests = z.number().min(0).optional();

export const ScoredFailure = z
  .object({
    cluster: Name,
    decision: z.string().meta({ description: 'The decision that found the cluster down.' }),
    since: Timestamp,
    until: Timestamp.optional().meta({
      description:
        'The time at which the cluster was found healthy again, or people took its traffic away; absent while neither has happened.',
    }),
    assessment: z.enum(['confirmed', 'regretted', 'open']).meta({
      description:
        'confirmed: it stayed down for longer than flapSeconds, or people took its traffic away. regretted: it was found healthy again within ' +
        'flapSeconds, so that it answered by the time that its traffic would have moved. open: neither is known yet.',
    }),
    percentSeconds: PercentSeconds,
    requests: Requests,
  })
  .meta({ id: 'ScoredFailure', description: 'A cluster that was down while automation did not act.' });
export type ScoredFailure = z.infer<typeof ScoredFailure>;

export const RecommendationScore = z
  .object({
    fleet: Name,
    automation: Automation,
    since: Timestamp.meta({
      description: 'The beginning of the scored time: a week ago, or later when `isWholeWeek` is false.',
    }),
    until: Timestamp,
    isWholeWeek: z.boolean().meta({
      description:
        'False when only a part of the last week is scored: the fleet has recommended for less than a week, its earlier decisions do ' +
        'not say what was withheld, or there are more than 1,000 decisions.',
    }),
    flapSeconds: z.number().meta({
      description:
        'The longest time that voters take to find a cluster healthy that answers again, by the present policy.',
    }),
    failovers: z.int().min(0).meta({
      description: 'The number of times that automation would have taken traffic away from a failing cluster.',
    }),
    confirmed: z.int().min(0),
    regretted: z.int().min(0),
    open: z.int().min(0),
    percentSeconds: PercentSeconds.meta({
      description:
        'The traffic that clusters kept while they were down because nobody took it away, over all failures except the regretted ones.',
    }),
    requests: Requests.meta({
      description: 'The same traffic in requests, by the declared loads of backends; absent when none is declared.',
    }),
    failures: z.array(ScoredFailure).meta({ description: 'The failures, newest first, at most 100 of them.' }),
    conclusion: z.string().meta({ description: 'The whole score in one sentence.' }),
  })
  .meta({
    id: 'RecommendationScore',
    description:
      'The failures that automation would have spared a fleet that does not move traffic by itself, and the moves that it would have ' +
      'regretted.',
  });
export type RecommendationScore = z.infer<typeof RecommendationScore>;
