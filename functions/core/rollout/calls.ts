import { say } from '../../../schemas/messages/index.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';
import type { ReadyCall, StatusRollout } from '../../../schemas/status.ts';

type Live = Pick<DistributionRollout, 'fleet' | 'distribution' | 'id' | 'state'>;

/** Returns the calls with which people can control a rollout: resume, pause or undo, depending on its state. */
export function rolloutCalls({ fleet, distribution, id, state }: Live): ReadyCall[] {
  const path = (order: string) => `/v1/fleets/${fleet}/distributions/${distribution}/rollouts/${id}/${order}`;
  const common = { about: `rollouts/${id}`, method: 'POST' } as const;
  const resume: ReadyCall = {
    ...common,
    title: say('RolloutGoesOn', { distribution }).text,
    effect: say('RolloutGoesOnDoes').text,
    path: path('resume'),
  };
  const pause: ReadyCall = {
    ...common,
    title: say('StopRollout', { distribution }).text,
    effect: say('StopRolloutDoes').text,
    path: path('pause'),
    body: { reason: say('StoppedFromStatus').text },
  };
  const undo: ReadyCall = {
    ...common,
    title: say('UndoRollout', { distribution }).text,
    effect: say('UndoRolloutDoes').text,
    path: path('undo'),
    body: { reason: say('UndoneFromStatus').text },
  };
  if (state === 'stopped') return [undo, resume];
  if (state === 'running') return [pause, undo];
  return state === 'finished' ? [undo] : [];
}

/** Returns one status entry for a rollout that is running or stopped; empty for any other. */
export function rolloutStatus(rollout: DistributionRollout): StatusRollout[] {
  const { id, distribution, state, percent, actor, step, steps, stop } = rollout;
  if (state !== 'running' && state !== 'stopped') return [];
  const given = { distribution, actor, percent, step: step + 1, steps: steps.length };
  const message =
    state === 'running'
      ? say('RolloutRuns', given)
      : say('RolloutHasStopped', { ...given, detail: stop?.detail ?? '' });
  return [{ rollout: id, distribution, state, percent, actor, message: message.text }];
}
