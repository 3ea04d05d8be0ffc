import * as z from 'zod';
import { FailureCause, HealthState, Observation, Vote } from './cluster.ts';
import { Name, Percent, pageOf, Timestamp } from './common.ts';
import { Automation } from './fleet.ts';

export const DecisionAction = z.enum(['withdraw', 'reduce', 'restore', 'raise', 'reallocate']).meta({
  description:
    'withdraw: to 0. reduce, raise: to a part of its share. restore: to its whole share. reallocate: nothing new holds the cluster back, its ' +
    'points follow what others can serve.',
});

export const PointsRange = z
  .object({ minPercent: Percent, maxPercent: Percent })
  .meta({ id: 'PointsRange', description: 'The least and the most of any backend, in percent of its traffic.' });
export type PointsRange = z.infer<typeof PointsRange>;

export const DecisionChange = z
  .object({
    cluster: Name,
    action: DecisionAction,
    reason: z.string(),
    fromPercent: Percent.meta({ description: 'Of the share that the cluster would have.' }),
    toPercent: Percent,
    points: z.object({ before: PointsRange, after: PointsRange }).optional().meta({
      description: 'What the cluster shall have of its backends, before and after; absent where it serves none.',
    }),
    health: z.object({ state: HealthState, since: Timestamp }),
    cause: FailureCause.optional(),
    votes: z.array(Vote),
    evidence: z.array(Observation).meta({ description: 'The observations that led here, newest first.' }),
  })
  .meta({ id: 'DecisionChange' });
export type DecisionChange = z.infer<typeof DecisionChange>;

export const RuleResult = z
  .object({
    rule: z.string().meta({ examples: ['min-serving', 'quorum', 'correlation'] }),
    cluster: Name.optional(),
    passed: z.boolean(),
    overriddenBy: z.string().optional().meta({ description: 'The break-glass that set the rule aside.' }),
    detail: z.string(),
  })
  .meta({ id: 'RuleResult', description: 'A rule that was looked at.' });
export type RuleResult = z.infer<typeof RuleResult>;

export const DecisionFlag = z
  .enum(['overload', 'suspected', 'correlated', 'evacuate', 'break-glass', 'panic', 'halted'])
  .meta({
    description:
      'suspected: a brake keeps a failing cluster in. correlated: clusters of several sites failed within the window. panic, halted: of earlier releases.',
  });
export type DecisionFlag = z.infer<typeof DecisionFlag>;

export const WithheldShare = z
  .object({
    cluster: Name,
    percent: z
      .number()
      .min(0)
      .max(100)
      .meta({
        description:
          'The traffic that automation would take away from the cluster, in percent of that of the fleet: backends count by their declared load, or ' +
          'all alike where none is declared.',
      }),
    requestsPerSecond: z
      .number()
      .min(0)
      .optional()
      .meta({ description: 'The same by the declared loads of backends; absent where none is declared.' }),
  })
  .meta({ id: 'WithheldShare' });
export type WithheldShare = z.infer<typeof WithheldShare>;

export const Recommended = z
  .object({
    digest: z.string().meta({
      description: 'Of the points of all backends. Two decisions with the same one recommend the same.',
    }),
    clusters: z.array(z.object({ cluster: Name, before: PointsRange, after: PointsRange })).meta({
      description: 'Those of which any backend would be given other points, by name; a decision keeps the first 200.',
    }),
  })
  .meta({ id: 'Recommended', description: 'What gateways would be given if automation acted.' });
export type Recommended = z.infer<typeof Recommended>;

export const Decision = z
  .object({
    id: z.string(),
    fleet: Name,
    version: z.int().min(0).meta({
      description:
        'Of the traffic state that it led to; decisions of a fleet are numbered by it. 0: an early release took it, which did not number them.',
    }),
    decidedAt: Timestamp,
    automation: Automation,
    actor: z.string().meta({ description: 'automation, or who asked for it.' }),
    requestId: z.string().optional(),
    outcome: z.enum(['applied', 'withheld', 'blocked']).meta({
      description:
        'withheld: the fleet is not automatic; this is what would have been done. blocked: a brake keeps in what automation would take out.',
    }),
    changes: z.array(DecisionChange),
    rules: z.array(RuleResult),
    flags: z.array(DecisionFlag),
    withdrawnBefore: z.array(Name),
    withdrawnAfter: z.array(Name),
    withheld: z
      .array(WithheldShare)
      .optional()
      .meta({
        description:
          'The clusters that are down, each with what it keeps because automation does not act; absent where it does, and in decisions of early ' +
          'releases.',
      }),
    recommended: Recommended.optional().meta({
      description: 'What was recommended after it; absent where nothing was that gateways did not have.',
    }),
    inputsDigest: z.string().meta({ description: 'SHA-256 of the canonical JSON of what was decided upon.' }),
    previousHash: z.string().meta({ description: 'Of the decision before; empty for the first.' }),
    hash: z.string().meta({ description: 'SHA-256 of the canonical JSON of everything else here.' }),
  })
  .meta({ id: 'Decision', description: 'Why traffic moved.' });
export type Decision = z.infer<typeof Decision>;

export const DecisionPage = pageOf('DecisionPage', Decision);

export const TrafficAnswer = z
  .object({
    decision: Decision.optional().meta({ description: 'Absent: there is nothing to change.' }),
    note: z.string().optional().meta({ description: 'Why there is nothing to change.' }),
  })
  .meta({
    id: 'TrafficAnswer',
    description: 'What a command on the traffic of a fleet has led to; in a dry run, what it would lead to.',
  });
export type TrafficAnswer = z.infer<typeof TrafficAnswer>;
