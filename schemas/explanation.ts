import * as z from 'zod';
import { Vote, Withdrawal } from './cluster.ts';
import { Condition, Name, Port, Timestamp } from './common.ts';
import { SyncState } from './gateway.ts';
import { ClusterShare, ServedBackend } from './route.ts';

export const ExplanationStep = z
  .object({
    step: z.enum(['declared', 'exports', 'pin', 'withdrawal', 'brake', 'allocation', 'rounding', 'intended']).meta({
      description:
        'declared: by weights and tiers. exports: clusters that do not export the service get nothing. pin: how far health may move it. ' +
        'withdrawal: what is in force against a cluster, and who serves for it. brake: a cluster that fails is kept in. allocation: capacity or panic override the weights. ' +
        'rounding: shares are whole percents. intended: what the gateways are to do.',
    }),
    cluster: Name.optional().meta({ description: 'Absent when the step is about all of them.' }),
    reason: z.string().optional().meta({ description: 'CamelCase, for machines, where there is a code.' }),
    text: z.string().meta({ examples: ['Withdrawn. A majority of its voters see it fail.'] }),
    before: z.number().min(0).max(100).optional().meta({ description: 'Its percentage before the step.' }),
    after: z.number().min(0).max(100).optional(),
    withdrawal: Withdrawal.optional(),
    votes: z.array(Vote).optional().meta({ description: 'What the voters say of a withdrawn cluster now.' }),
  })
  .meta({ id: 'ExplanationStep' });
export type ExplanationStep = z.infer<typeof ExplanationStep>;

export const BackendExplanation = z
  .object({
    service: Name,
    port: Port,
    clusters: z.array(ClusterShare),
    steps: z.array(ExplanationStep).meta({ description: 'In order; each begins where the one before it ended.' }),
  })
  .meta({ id: 'BackendExplanation' });
export type BackendExplanation = z.infer<typeof BackendExplanation>;

export const GatewayExplanation = z
  .object({
    gateway: Name,
    provider: z.enum(['alb', 'mse']),
    state: SyncState.meta({ description: 'Of this route and of the shares; Verified when the gateway has both.' }),
    text: z.string(),
    requestedAt: Timestamp.optional().meta({ description: 'When the shares that it has yet to follow were decided.' }),
    pushedAt: Timestamp.optional(),
    verifiedAt: Timestamp.optional(),
    readAt: Timestamp.optional().meta({ description: 'When the rules of the gateway were read.' }),
    poolsReadAt: Timestamp.optional().meta({ description: 'When the verified points were read.' }),
    conditions: z.array(Condition),
    backends: z.array(ServedBackend).meta({
      description:
        'What clusters get once the gateway follows, beside what they had when it was read. Some gateways only come near to a share: one of ' +
        'type mse divides it by addresses.',
    }),
  })
  .meta({ id: 'GatewayExplanation' });
export type GatewayExplanation = z.infer<typeof GatewayExplanation>;

export const Explanation = z
  .object({
    fleet: Name,
    route: Name,
    at: Timestamp,
    revision: z.int().min(1).meta({ description: 'Of the route.' }),
    trafficVersion: z.int().min(0),
    decision: z.string().optional().meta({ description: 'The last one of the fleet.' }),
    backends: z.array(BackendExplanation),
    gateways: z.array(GatewayExplanation),
  })
  .meta({ id: 'Explanation', description: 'Step by step, why each cluster has its share of a route.' });
export type Explanation = z.infer<typeof Explanation>;
