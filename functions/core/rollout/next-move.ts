/** Determines the next move of a rollout from what gateways were read to have and what voters report. */

import type { Wait } from '../../../schemas/evacuation.ts';
import type { Automation } from '../../../schemas/fleet.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { DistributionRollout, RolloutStep, RolloutStop } from '../../../schemas/rollout.ts';
import type { ConditionState } from '../gateway/status.ts';
import type { Resource } from '../model/resource.ts';
import { isoOf, msOf } from '../model/time.ts';
import type { Gainer } from './gainers.ts';

/** The state of the distribution at one gateway. */
export interface RolloutGateway {
  gateway: string;
  programmed: ConditionState;
  following: ConditionState;
}

export interface RolloutFacts {
  nowMs: number;
  /** The declared distribution; undefined once it has been deleted. */
  distribution: Pick<Resource, 'uid' | 'revision'> | undefined;
  automation: Automation;
  gateways: readonly RolloutGateway[];
  /** The clusters that have more points at the end of the rollout. */
  gainers: readonly Gainer[];
}

/** The next move of a rollout. One move is made at a time, each by one write. */
export type Move =
  /** Somebody else has changed or deleted the distribution. */
  | { type: 'supersede' }
  | { type: 'stop'; stop: Omit<RolloutStop, 'at'> }
  /** Every gateway follows the current step, so the wait of the step begins. */
  | { type: 'verify' }
  /** A gateway no longer has what the step declares, so the wait starts over once it does. */
  | { type: 'restart' }
  | { type: 'step'; step: number }
  | { type: 'finish' }
  | { type: 'wait'; waitsFor: Wait[] };

export function nextMove(rollout: DistributionRollout, facts: RolloutFacts): Move {
  if (!isOwn(rollout, facts.distribution)) return { type: 'supersede' };
  if (rollout.state !== 'running') return { type: 'wait', waitsFor: [] };
  const failing = facts.gainers.find(({ fault }) => fault !== undefined);
  if (failing?.fault !== undefined) {
    return { type: 'stop', stop: { cause: 'cluster', cluster: failing.cluster, detail: failing.fault } };
  }
  const { verifiedAt } = stepInForce(rollout);
  const behind = facts.gateways.flatMap(waitForGateway);
  if (verifiedAt === undefined && behind.length === 0) return { type: 'verify' };
  if (verifiedAt !== undefined && facts.gateways.some(({ programmed }) => programmed.status === 'False')) {
    return { type: 'restart' };
  }
  const waitsFor = [...behind, ...soak(rollout, facts.nowMs), ...paused(facts), ...unknown(facts)];
  if (waitsFor.length > 0) return { type: 'wait', waitsFor };
  const step = rollout.step + 1;
  return step < rollout.steps.length ? { type: 'step', step } : { type: 'finish' };
}

/** Tells whether the distribution is still as the rollout last wrote it. */
export function isOwn(
  { uid, revision }: DistributionRollout,
  distribution: Pick<Resource, 'uid' | 'revision'> | undefined,
): boolean {
  return distribution?.uid === uid && distribution.revision === revision;
}

export function stepInForce({ steps, step }: DistributionRollout): RolloutStep {
  const found = steps[step];
  if (found === undefined) throw new Error('A rollout is at one of its steps.');
  return found;
}

/** Returns when the wait of the current step ends, in epoch milliseconds; undefined while it has not begun. */
export function dueMs(rollout: DistributionRollout): number | undefined {
  const { verifiedAt, waitSeconds } = stepInForce(rollout);
  return verifiedAt === undefined ? undefined : msOf(verifiedAt) + waitSeconds * 1000;
}

function waitForGateway({ gateway, programmed, following }: RolloutGateway): Wait[] {
  const first = [programmed, following].find(({ status }) => status !== 'True');
  if (first === undefined) return [];
  return [{ reason: first.reason, message: `${gateway}: ${sentenceOf(first.reason, first.arguments)}` }];
}

function soak(rollout: DistributionRollout, nowMs: number): Wait[] {
  const due = dueMs(rollout);
  if (due === undefined || nowMs >= due) return [];
  const until = isoOf(due);
  return [{ reason: 'Soaking', message: sentenceOf('Soaking', { until }), until }];
}

function paused({ automation }: RolloutFacts): Wait[] {
  if (automation !== 'paused') return [];
  return [{ reason: 'RolloutPaused', message: sentenceOf('RolloutPaused', {}) }];
}

function unknown({ gainers }: RolloutFacts): Wait[] {
  return gainers
    .filter(({ isKnown }) => !isKnown)
    .map(({ cluster }) => ({ reason: 'GainerUnknown', message: sentenceOf('GainerUnknown', { cluster }) }));
}
