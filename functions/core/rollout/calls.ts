import type { DistributionRollout } from '../../../schemas/rollout.ts';
import type { ReadyCall, StatusRollout } from '../../../schemas/status.ts';

type Live = Pick<DistributionRollout, 'fleet' | 'distribution' | 'id' | 'state'>;

/** Returns the calls with which people can control a rollout: resume, pause or undo, depending on its state. */
export function rolloutCalls({ fleet, distribution, id, state }: Live): ReadyCall[] {
  const path = (order: string) => `/v1/fleets/${fleet}/distributions/${distribution}/rollouts/${id}/${order}`;
  const common = { about: `rollouts/${id}`, method: 'POST' } as const;
  const resume: ReadyCall = {
    ...common,
    title: `Let the rollout of ${distribution} go on`,
    effect: 'The wait of its step begins anew, and the next one is taken when nothing speaks against it.',
    path: path('resume'),
  };
  const pause: ReadyCall = {
    ...common,
    title: `Stop the rollout of ${distribution}`,
    effect: 'The distribution keeps what it has.',
    path: path('pause'),
    body: { reason: 'stopped from the status' },
  };
  const undo: ReadyCall = {
    ...common,
    title: `Undo the rollout of ${distribution}`,
    effect:
      'The distribution has what it had before, by one write. It is refused once somebody else has changed the distribution.',
    path: path('undo'),
    body: { reason: 'undone from the status' },
  };
  if (state === 'stopped') return [undo, resume];
  if (state === 'running') return [pause, undo];
  return state === 'finished' ? [undo] : [];
}

/** Returns one status entry for a rollout that is running or stopped; empty for any other. */
export function rolloutStatus(rollout: DistributionRollout): StatusRollout[] {
  const { id, distribution, state, percent, actor, step, steps, stop } = rollout;
  if (state !== 'running' && state !== 'stopped') return [];
  const how = `at ${percent} % (step ${step + 1} of ${steps.length})`;
  const message =
    state === 'running'
      ? `The distribution ${distribution} is being rolled out by ${actor}, and is ${how}.`
      : `The rollout of the distribution ${distribution} by ${actor} has stopped ${how}: ${stop?.detail ?? ''}`;
  return [{ rollout: id, distribution, state, percent, actor, message }];
}
