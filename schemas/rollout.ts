import * as z from 'zod';
import { Name, Percent, pageOf, Reason, Timestamp } from './common.ts';
import { RuleResult } from './decision.ts';
import { WeightedMembers } from './distribution.ts';
import { Wait } from './evacuation.ts';
import { ReadyCall } from './status.ts';

const DAY_SECONDS = 86_400;

const RolloutStepInput = z
  .strictObject({
    percent: Percent.min(1).meta({ description: 'How much of what is to move has moved then.' }),
    waitSeconds: z.int().min(0).max(DAY_SECONDS).default(0).meta({
      description:
        'How long the step is watched once every gateway was read to follow it, before the next one is taken.',
    }),
  })
  .meta({ id: 'RolloutStepInput' });

export const DistributionRolloutInput = z
  .strictObject({
    clusters: WeightedMembers.meta({
      description: 'What the distribution is to have in the end, as a weighted one declares it.',
    }),
    steps: z
      .array(RolloutStepInput)
      .min(1)
      .max(20)
      .refine(
        (steps) => steps.every(({ percent }, index) => index === 0 || percent > (steps[index - 1]?.percent ?? 0)),
        'must rise from step to step',
      )
      .meta({ description: 'In order. A last step of 100 % is added where there is none.' }),
    reason: Reason,
  })
  .meta({ id: 'DistributionRolloutInput', description: 'Changes the weights of a distribution step by step.' });
export type DistributionRolloutSpec = z.output<typeof DistributionRolloutInput>;

export const RolloutStep = z
  .object({
    percent: Percent,
    waitSeconds: z.int().min(0),
    clusters: WeightedMembers.meta({
      description: 'What the distribution declares then; weights below 100 % are points.',
    }),
    takenAt: Timestamp.optional().meta({ description: 'Absent of a step that is still to come.' }),
    revision: z.int().optional().meta({ description: 'Of the distribution, that the step has written.' }),
    operation: z.string().optional().meta({ description: 'The push that makes the gateways follow.' }),
    verifiedAt: Timestamp.optional().meta({
      description:
        'When every gateway was found to follow; the wait counts from then. Found otherwise, it begins anew.',
    }),
    heldBy: z.array(RuleResult).optional().meta({
      description: 'In a dry run: the safety rules that would forbid the step now.',
    }),
  })
  .meta({ id: 'RolloutStep' });
export type RolloutStep = z.infer<typeof RolloutStep>;

export const RolloutStop = z
  .object({
    cause: z.enum(['cluster', 'rule', 'declaration', 'person']).meta({
      description:
        'cluster: one that gains is not up and healthy. rule: a safety rule forbids the next step. declaration: something else speaks against ' +
        'writing it. person: somebody has paused it.',
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
        'running: steps are taken as they are due. stopped: it keeps what it has until it is resumed or undone. finished: the last step is verified. ' +
        'undone: the distribution has what it had before. superseded: somebody else has changed the distribution.',
    }),
    actor: z.string(),
    reason: z.string(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    endedAt: Timestamp.optional(),
    from: WeightedMembers.meta({ description: 'What the distribution had before, and has again once this is undone.' }),
    steps: z.array(RolloutStep),
    step: z.int().min(0).meta({ description: 'Which of the steps is in force, from 0.' }),
    percent: Percent.meta({ description: 'How much has moved.' }),
    uid: z.string().meta({ description: 'Of the distribution.' }),
    revision: z.int().min(1).meta({ description: 'Of the distribution, as this has written it last.' }),
    stop: RolloutStop.optional().meta({ description: 'Why it has stopped.' }),
    nextAt: Timestamp.optional().meta({ description: 'When the next step is due, once the last one is verified.' }),
    waitsFor: z.array(Wait).optional().meta({ description: 'What keeps the next step from being taken now.' }),
    calls: z.array(ReadyCall).optional().meta({ description: 'What can be done about it.' }),
  })
  .meta({ id: 'DistributionRollout', description: 'A change of the weights of a distribution, step by step.' });
export type DistributionRollout = z.infer<typeof DistributionRollout>;

export const DistributionRolloutPage = pageOf('DistributionRolloutPage', DistributionRollout);

/** What people are told of when they stop one or let it go on. */
export const RolloutOrderInput = z
  .strictObject({ reason: Reason })
  .meta({ id: 'RolloutOrderInput', description: 'Why, for everybody who asks.' });
