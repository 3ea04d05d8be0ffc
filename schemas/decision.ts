import * as z from 'zod';
import { FailureCause, HealthState, Observation, Vote } from './cluster.ts';
import { Name, Percent, pageOf, Timestamp } from './common.ts';
import { Automation } from './fleet.ts';
import { type AskedOf, listQuery, span } from './list-query.ts';

export const DecisionAction = z.enum(['withdraw', 'reduce', 'restore', 'raise', 'reallocate']).meta({
  description:
    'withdraw: the cluster gets nothing. reduce, raise: it gets a part of its share. restore: it gets its whole share. reallocate: ' +
    'nothing new holds the cluster back, but its points follow what other clusters can serve.',
});

export const PointsRange = z.object({ minPercent: Percent, maxPercent: Percent }).meta({
  id: 'PointsRange',
  description: 'The smallest and the largest share of any backend, in percent of the traffic of that backend.',
});
export type PointsRange = z.infer<typeof PointsRange>;

export const DecisionChange = z
  .object({
    cluster: Name,
    action: DecisionAction,
    reason: z.string(),
    fromPercent: Percent.meta({ description: 'The part of its normal share that the cluster had before.' }),
    toPercent: Percent,
    points: z.object({ before: PointsRange, after: PointsRange }).optional().meta({
      description: 'The intended shares of the backends of the cluster before and after; absent when it serves none.',
    }),
    health: z.object({ state: HealthState, since: Timestamp }),
    cause: FailureCause.optional(),
    votes: z.array(Vote),
    evidence: z.array(Observation).meta({ description: 'The observations that led to the change, newest first.' }),
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
  .meta({ id: 'RuleResult', description: 'The result of checking one rule.' });
export type RuleResult = z.infer<typeof RuleResult>;

export const DecisionFlag = z
  .enum(['overload', 'suspected', 'correlated', 'evacuate', 'break-glass', 'panic', 'halted'])
  .meta({
    description:
      'suspected: a brake keeps a failing cluster in. correlated: clusters of several sites failed within the window. panic, halted: ' +
      'flags that only earlier releases set.',
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
          'The traffic that automation would take away from the cluster, in percent of that of the fleet. Backends count by their ' +
          'declared load, or all alike when none is declared.',
      }),
    requestsPerSecond: z.number().min(0).optional().meta({
      description:
        'The same traffic in requests per second, by the declared loads of backends; absent when none is declared.',
    }),
  })
  .meta({ id: 'WithheldShare' });
export type WithheldShare = z.infer<typeof WithheldShare>;

export const Recommended = z
  .object({
    digest: z.string().meta({
      description: 'A digest of the points of all backends. Two decisions with the same digest recommend the same.',
    }),
    clusters: z.array(z.object({ cluster: Name, before: PointsRange, after: PointsRange })).meta({
      description: 'The clusters whose points would change for any backend, by name. A decision keeps the first 200.',
    }),
  })
  .meta({ id: 'Recommended', description: 'The shares that gateways would get if automation acted.' });
export type Recommended = z.infer<typeof Recommended>;

export const Decision = z
  .object({
    id: z.string(),
    fleet: Name,
    version: z
      .int()
      .min(0)
      .meta({
        description:
          'The version of the traffic state that the decision led to, by which the decisions of a fleet are numbered. 0 stands for a ' +
          'decision of an early release, which did not number them.',
      }),
    decidedAt: Timestamp,
    automation: Automation,
    actor: z.string().meta({ description: '`automation`, or the name of who asked for the decision.' }),
    requestId: z.string().optional(),
    outcome: z.enum(['applied', 'withheld', 'blocked']).meta({
      description:
        'withheld: the fleet is not automatic, and the changes are those that automation would have made. blocked: a brake keeps ' +
        'clusters in that automation would take out.',
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
          'The clusters that are down, each with the traffic that it keeps because automation does not act. Absent when automation acts, ' +
          'and in decisions of early releases.',
      }),
    recommended: Recommended.optional().meta({
      description: 'The recommendation after the decision; absent when gateways had everything that was recommended.',
    }),
    inputsDigest: z.string().meta({ description: 'The SHA-256 of the canonical JSON of the inputs of the decision.' }),
    previousHash: z.string().meta({ description: 'The hash of the previous decision; empty in the first decision.' }),
    hash: z.string().meta({ description: 'The SHA-256 of the canonical JSON of all other fields.' }),
  })
  .meta({ id: 'Decision', description: 'A record of why traffic moved.' });
export type Decision = z.infer<typeof Decision>;

export const DecisionPage = pageOf('DecisionPage', Decision);

export const TrafficAnswer = z
  .object({
    decision: Decision.optional().meta({ description: 'The decision; absent when there is nothing to change.' }),
    note: z.string().optional().meta({ description: 'The reason why there is nothing to change.' }),
  })
  .meta({
    id: 'TrafficAnswer',
    description:
      'The result of a command on the traffic of a fleet. In a dry run, it is the result that the command would have.',
  });
export type TrafficAnswer = z.infer<typeof TrafficAnswer>;

export const DecisionQuery = listQuery(
  { fields: ['decidedAt'], usual: '-decidedAt' },
  {
    cluster: Name.optional().meta({
      description: 'Only decisions that change something for this cluster.',
      examples: ['hangzhou-a'],
    }),
    action: DecisionAction.optional().meta({
      description: 'Only decisions with a change of this kind; with `cluster`, one for that cluster.',
      examples: ['withdraw'],
    }),
    outcome: Decision.shape.outcome
      .optional()
      .meta({ description: 'The outcome of the decision.', examples: ['applied'] }),
    ...span,
  },
);
export type DecisionQuery = AskedOf<typeof DecisionQuery>;
