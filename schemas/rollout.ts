import * as z from 'zod';
import { Name, Percent, pageOf, Reason, Timestamp } from './common.ts';
import { RuleResult } from './decision.ts';
import { WeightedMembers } from './distribution.ts';
import { Wait } from './evacuation.ts';
import { type AskedOf, listQuery } from './list-query.ts';
import { ReadyCall } from './status.ts';

const DAY_SECONDS = 86_400;

const RolloutStepInput = z
  .strictObject({
    percent: Percent.min(1).meta({ description: 'The part of the whole change that has been made after this step.' }),
    waitSeconds: z.int().min(0).max(DAY_SECONDS).default(0).meta({
      description:
        'The time that the step is watched, once every gateway was read to follow it, before the next step is taken.',
    }),
  })
  .meta({ id: 'RolloutStepInput' });

export const DistributionRolloutInput = z
  .strictObject({
    clusters: WeightedMembers.meta({
      description: 'The members that the distribution is to have in the end, as a weighted distribution declares them.',
    }),
    steps: z
      .array(RolloutStepInput)
      .min(1)
      .max(20)
      .refine(
        (steps) => steps.every(({ percent }, index) => index === 0 || percent > (steps[index - 1]?.percent ?? 0)),
        'must rise from step to step',
      )
      .meta({ description: 'The steps in order. A last step of 100 % is added when there is none.' }),
    reason: Reason,
  })
  .meta({ id: 'DistributionRolloutInput', description: 'Changes the weights of a distribution step by step.' });
export type DistributionRolloutSpec = z.output<typeof DistributionRolloutInput>;

export const RolloutStep = z
  .object({
    percent: Percent,
    waitSeconds: z.int().min(0),
    clusters: WeightedMembers.meta({
      description:
        'The members that the distribution declares after the step. In steps below 100 %, weights are points.',
    }),
    takenAt: Timestamp.optional().meta({
      description: 'The time at which the step was taken; absent while it is still to come.',
    }),
    revision: z.int().optional().meta({ description: 'The revision of the distribution that the step has written.' }),
    operation: z.string().optional().meta({ description: 'The operation that makes the gateways follow.' }),
    verifiedAt: Timestamp.optional().meta({
      description:
        'The time at which every gateway was found to follow, from which the wait counts. When a gateway is found not to follow, the ' +
        'wait begins anew.',
    }),
    heldBy: z.array(RuleResult).optional().meta({
      description: 'The safety rules that would forbid the step now. Only a dry run has any.',
    }),
  })
  .meta({ id: 'RolloutStep' });
export type RolloutStep = z.infer<typeof RolloutStep>;

export const RolloutStop = z
  .object({
    cause: z.enum(['cluster', 'rule', 'declaration', 'person']).meta({
      description:
        'cluster: a cluster that gains is not up and healthy. rule: a safety rule forbids the next step. declaration: another check ' +
        'forbids writing the declaration. person: somebody has paused the rollout.',
    }),
    at: Timestamp,
    detail: z.string(),
    cluster: Name.optional(),
    actor: z.string().optional(),
  })
  .meta({ id: 'RolloutStop' });
export type RolloutStop = z.infer<typeof RolloutStop>;

export const DistributionRollout = z
  .object({
    id: z.string(),
    fleet: Name,
    distribution: Name,
    state: z.enum(['running', 'stopped', 'finished', 'undone', 'superseded']).meta({
      description:
        'running: steps are taken when they are due. stopped: the distribution stays at the present step until the rollout is resumed ' +
        'or undone. finished: the last step is verified. undone: the distribution is as it was before. superseded: somebody else has ' +
        'changed the distribution.',
    }),
    actor: z.string(),
    reason: z.string(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    endedAt: Timestamp.optional(),
    from: WeightedMembers.meta({
      description: 'The members that the distribution had before, and has again once the rollout is undone.',
    }),
    steps: z.array(RolloutStep),
    step: z.int().min(0).meta({ description: 'The index of the step that is in force, counted from 0.' }),
    percent: Percent.meta({ description: 'The part of the whole change that is made.' }),
    uid: z.string().meta({ description: 'The uid of the distribution.' }),
    revision: z
      .int()
      .min(1)
      .meta({ description: 'The revision of the distribution that the rollout has written last.' }),
    stop: RolloutStop.optional().meta({ description: 'The reason why the rollout has stopped.' }),
    nextAt: Timestamp.optional().meta({
      description: 'The time at which the next step is due; present once the last one is verified.',
    }),
    waitsFor: z
      .array(Wait)
      .optional()
      .meta({ description: 'The conditions that keep the next step from being taken now.' }),
    calls: z
      .array(ReadyCall)
      .optional()
      .meta({ description: 'The requests with which a person can act on the rollout.' }),
  })
  .meta({ id: 'DistributionRollout', description: 'A change of the weights of a distribution in steps.' });
export type DistributionRollout = z.infer<typeof DistributionRollout>;

export const DistributionRolloutPage = pageOf('DistributionRolloutPage', DistributionRollout);

/** The body of the requests that stop, resume or undo a rollout. */
export const RolloutOrderInput = z
  .strictObject({ reason: Reason })
  .meta({ id: 'RolloutOrderInput', description: 'The reason, which everybody who asks is shown.' });

export const DistributionRolloutQuery = listQuery(
  { fields: ['createdAt'], usual: '-createdAt' },
  {
    state: DistributionRollout.shape.state
      .optional()
      .meta({ description: 'The state of the rollout.', examples: ['running'] }),
  },
);
export type DistributionRolloutQuery = AskedOf<typeof DistributionRolloutQuery>;
