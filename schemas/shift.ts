import * as z from 'zod';
import { ApprovalNeed } from './approval.ts';
import { ClusterAtGateway } from './cluster.ts';
import { Condition, Name, Percent, pageOf, Reason, Timestamp } from './common.ts';
import { TrafficAnswer } from './decision.ts';
import { SafetyRuleName } from './failover.ts';
import { type AskedOf, listQuery, live } from './list-query.ts';

export const ExpiresAt = Timestamp.meta({
  description: 'The time at which the shift ends, at most 72 hours from now. Then the cluster returns, step by step.',
});

export const ShiftMode = z.enum(['drain', 'isolate', 'keep']).meta({
  description:
    'drain: the cluster keeps a part of its share, and gets more only when no other cluster is left. isolate: it gets nothing, ' +
    'whatever happens to others. keep: it counts as healthy, whatever its voters say.',
});

export const ShiftInput = z
  .strictObject({
    cluster: Name,
    service: Name.optional().meta({
      description:
        'The only service that is taken out of the cluster. When absent, every service is. It cannot be combined with `keep`.',
    }),
    mode: ShiftMode.default('drain'),
    percent: z
      .int()
      .min(0)
      .max(100)
      .default(0)
      .meta({
        description:
          'The part of its normal share that a drain leaves to the cluster. A drain with 100 is the name of an earlier release for ' +
          '`keep`.',
      }),
    stepPercent: z.int().min(1).max(100).default(100).meta({
      description:
        'The points of its share that move in one step. The next step waits until the gateways are verified.',
    }),
    stepSeconds: z.int().min(0).max(3600).default(0).meta({ description: 'The shortest time between two steps.' }),
    reason: Reason,
    expiresAt: ExpiresAt,
  })
  .refine(
    ({ service, mode, percent }) =>
      service === undefined || (mode !== 'keep' && !(mode === 'drain' && percent === 100)),
    {
      path: ['service'],
      error:
        'does not go with keep: it says that a cluster is healthy, and health is known of clusters, not of services',
    },
  )
  .meta({
    id: 'ShiftInput',
    description: 'Takes a cluster, a part of its share, or one service of it out of service by hand.',
  });
export type ShiftSpec = z.output<typeof ShiftInput>;

export const ShiftState = z.enum(['moving', 'draining', 'applied', 'returning', 'ended']);

export const Shift = z
  .object({
    name: Name,
    fleet: Name,
    cluster: Name,
    service: Name.optional(),
    mode: ShiftMode.default('drain'),
    percent: Percent,
    stepPercent: z.int(),
    stepSeconds: z.int(),
    reason: z.string(),
    expiresAt: Timestamp,
    owner: z
      .string()
      .meta({ description: 'The creator of the shift, who may change it. The actor `api` may change every shift.' }),
    state: ShiftState.meta({
      description:
        'returning: the shift has ended, and its service gets its share back step by step. A whole cluster also returns step by step, ' +
        'but the progress is in the standing of the cluster.',
    }),
    currentPercent: Percent,
    createdAt: Timestamp,
    updatedAt: Timestamp,
    endedAt: Timestamp.optional(),
    endedBy: z.string().optional().meta({ description: 'The actor that ended the shift, or `expiry`.' }),
    decision: z.string().meta({ description: 'The last decision that moved it.' }),
    conditions: z.array(Condition).optional().meta({
      description:
        'The conditions of the shift. Following: gateways were read to give the cluster no more than the shift leaves it.',
    }),
    gateways: z.array(ClusterAtGateway).optional().meta({
      description: 'The shares that the cluster had at each gateway when that gateway was last read.',
    }),
    dryRun: TrafficAnswer.optional(),
  })
  .meta({ id: 'Shift' });
export type Shift = z.infer<typeof Shift>;

export const ShiftPage = pageOf('ShiftPage', Shift);

export const BreakGlassInput = z
  .strictObject({
    rules: z.array(SafetyRuleName).min(1).max(7).meta({ description: 'The safety rules that are set aside.' }),
    reason: Reason,
    expiresAt: Timestamp.meta({ description: 'The time at which the break-glass ends, at most 72 hours from now.' }),
  })
  .meta({ id: 'BreakGlassInput', description: 'Sets safety rules aside for a time.' });
export type BreakGlassSpec = z.output<typeof BreakGlassInput>;

export const BreakGlass = z
  .object({
    name: Name,
    fleet: Name,
    rules: z.array(SafetyRuleName),
    reason: z.string(),
    expiresAt: Timestamp,
    owner: z.string(),
    state: z.enum(['live', 'ended']),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    endedAt: Timestamp.optional(),
    endedBy: z.string().optional(),
    dryRun: TrafficAnswer.extend({ approval: ApprovalNeed.optional() }).meta({ id: 'BreakGlassDryRun' }).optional(),
  })
  .meta({ id: 'BreakGlass' });
export type BreakGlass = z.infer<typeof BreakGlass>;

export const BreakGlassPage = pageOf('BreakGlassPage', BreakGlass);

export const ShiftQuery = listQuery(
  { fields: ['name', 'createdAt'], usual: 'name' },
  {
    cluster: Name.optional().meta({ description: 'Only shifts of this cluster.', examples: ['hangzhou-a'] }),
    service: Name.optional().meta({ description: 'Only shifts of this service alone.', examples: ['checkout'] }),
    mode: ShiftMode.optional().meta({ description: 'The mode of the shift.', examples: ['drain'] }),
    state: ShiftState.optional().meta({ description: 'The state of the shift.', examples: ['applied'] }),
    live: live('shifts that have not ended'),
  },
);
export type ShiftQuery = AskedOf<typeof ShiftQuery>;

export const BreakGlassQuery = listQuery(
  { fields: ['name', 'createdAt'], usual: 'name' },
  {
    rule: SafetyRuleName.optional().meta({
      description: 'Only those that set this rule aside.',
      examples: ['capacity'],
    }),
    live: live('break-glasses that have not ended'),
  },
);
export type BreakGlassQuery = AskedOf<typeof BreakGlassQuery>;
