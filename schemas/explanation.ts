import * as z from 'zod';
import { Vote, Withdrawal } from './cluster.ts';
import { Condition, Name, Port, Timestamp } from './common.ts';
import { SyncState } from './gateway.ts';
import { ClusterShare, ServedBackend } from './route.ts';

export const ExplanationStep = z
  .object({
    step: z.enum(['declared', 'exports', 'pin', 'withdrawal', 'brake', 'allocation', 'rounding', 'intended']).meta({
      description:
        'declared: the shares by weights and tiers. exports: clusters that do not export the service get nothing. pin: how far health ' +
        'may move the traffic. withdrawal: the withdrawal in force against a cluster, and the clusters that serve for it. brake: a ' +
        'cluster that fails is kept in. allocation: capacity or panic override the weights. rounding: shares are whole percents. ' +
        'intended: the shares that the gateways are to give.',
    }),
    cluster: Name.optional().meta({
      description: 'The cluster of the step. Absent when the step is about all clusters.',
    }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'A code in CamelCase, for machines; absent when the step has none.' }),
    text: z.string().meta({ examples: ['Withdrawn. A majority of its voters see it fail.'] }),
    before: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .meta({ description: 'The percentage of the cluster before the step.' }),
    after: z.number().min(0).max(100).optional(),
    withdrawal: Withdrawal.optional(),
    votes: z.array(Vote).optional().meta({ description: 'The present votes on a withdrawn cluster.' }),
  })
  .meta({ id: 'ExplanationStep' });
export type ExplanationStep = z.infer<typeof ExplanationStep>;

export const BackendExplanation = z
  .object({
    service: Name,
    port: Port,
    clusters: z.array(ClusterShare),
    steps: z
      .array(ExplanationStep)
      .meta({ description: 'The steps in order. Each begins with the result of the one before it.' }),
  })
  .meta({ id: 'BackendExplanation' });
export type BackendExplanation = z.infer<typeof BackendExplanation>;

export const GatewayExplanation = z
  .object({
    gateway: Name,
    provider: z.enum(['alb', 'mse']),
    state: SyncState.meta({
      description: 'The state of this route and of the shares: Verified when the gateway has both.',
    }),
    text: z.string(),
    requestedAt: Timestamp.optional().meta({
      description: 'The time at which the shares that the gateway has yet to follow were decided.',
    }),
    pushedAt: Timestamp.optional(),
    verifiedAt: Timestamp.optional(),
    readAt: Timestamp.optional().meta({ description: 'The time at which the rules of the gateway were read.' }),
    poolsReadAt: Timestamp.optional().meta({ description: 'The time at which the verified points were read.' }),
    conditions: z.array(Condition),
    backends: z.array(ServedBackend).meta({
      description:
        'The shares that clusters get once the gateway follows, beside those that they had when it was read. Some gateways only ' +
        'approximate a share: one of type mse divides it by addresses.',
    }),
  })
  .meta({ id: 'GatewayExplanation' });
export type GatewayExplanation = z.infer<typeof GatewayExplanation>;

export const Explanation = z
  .object({
    fleet: Name,
    route: Name,
    at: Timestamp,
    revision: z.int().min(1).meta({ description: 'The revision of the route.' }),
    trafficVersion: z.int().min(0),
    decision: z.string().optional().meta({ description: 'The last decision of the fleet.' }),
    backends: z.array(BackendExplanation),
    gateways: z.array(GatewayExplanation),
  })
  .meta({ id: 'Explanation', description: 'A step-by-step account of why each cluster has its share of a route.' });
export type Explanation = z.infer<typeof Explanation>;
