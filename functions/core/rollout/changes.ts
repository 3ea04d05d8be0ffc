/** Functions that return a rollout after each event in its life. */

import type { DistributionRollout, RolloutStep, RolloutStop } from '../../../schemas/rollout.ts';
import type { Resource } from '../model/resource.ts';

/** The result of writing the distribution, for a step or to undo the rollout. */
export type WrittenDistribution = Pick<Resource, 'revision' | 'updatedAt'> & { operation?: string | undefined };

export function withStep(
  rollout: DistributionRollout,
  step: number,
  written: WrittenDistribution,
): DistributionRollout {
  const { revision, updatedAt: at, operation } = written;
  const taken = { takenAt: at, revision, ...(operation !== undefined && { operation }) };
  const steps = rollout.steps.map((item, index) => (index === step ? { ...item, ...taken } : item));
  return { ...rollout, steps, step, percent: steps[step]?.percent ?? rollout.percent, revision, updatedAt: at };
}

export function withVerification(
  rollout: DistributionRollout,
  verifiedAt: string | undefined,
  at: string,
): DistributionRollout {
  const marked = ({ verifiedAt: _, ...step }: RolloutStep) => ({
    ...step,
    ...(verifiedAt !== undefined && { verifiedAt }),
  });
  const steps = rollout.steps.map((step, index) => (index === rollout.step ? marked(step) : step));
  return { ...rollout, steps, updatedAt: at };
}

export function stopped(rollout: DistributionRollout, stop: RolloutStop): DistributionRollout {
  return { ...rollout, state: 'stopped', stop, updatedAt: stop.at };
}

/**
 * Returns the rollout running again. The wait of its step starts over, because nothing is known about the time in
 * between.
 */
export function resumed({ stop: _, ...rollout }: DistributionRollout, at: string): DistributionRollout {
  return withVerification({ ...rollout, state: 'running' }, undefined, at);
}

export function ended(
  { stop: _, ...rollout }: DistributionRollout,
  state: 'finished' | 'superseded',
  at: string,
): DistributionRollout {
  return { ...rollout, state, updatedAt: at, endedAt: at };
}

export function undone(
  { stop: _, ...rollout }: DistributionRollout,
  written: WrittenDistribution,
): DistributionRollout {
  const { revision, updatedAt: at } = written;
  return { ...rollout, state: 'undone', revision, percent: 0, updatedAt: at, endedAt: at };
}
