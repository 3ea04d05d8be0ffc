import { describe, expect, it } from 'vitest';
import type { ConditionState } from '../../../functions/core/gateway/status.ts';
import { isoOf } from '../../../functions/core/model/time.ts';
import { nextMove, type RolloutFacts } from '../../../functions/core/rollout/next-move.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';

const T0 = Date.parse('2026-11-23T07:00:00.000Z');
const members = [{ cluster: 'b', weight: 100 }];

/** At the first of two steps, which is watched for a minute. */
function rollout(overrides: Partial<DistributionRollout> = {}, verifiedAt?: string): DistributionRollout {
  const first = { percent: 50, waitSeconds: 60, clusters: members, ...(verifiedAt !== undefined && { verifiedAt }) };
  return {
    ...{ id: 'rol_1', fleet: 'prod', distribution: 'main', state: 'running', actor: 'ada', reason: 'r' },
    ...{ createdAt: isoOf(T0), updatedAt: isoOf(T0), from: members, step: 0, percent: 50, uid: 'dst_1', revision: 7 },
    steps: [first, { percent: 100, waitSeconds: 0, clusters: members }],
    ...overrides,
  };
}

const yes: ConditionState = { status: 'True', reason: 'Programmed', arguments: {}, at: isoOf(T0) };
const pending: ConditionState = { ...yes, status: 'False', reason: 'Pending', arguments: { waitingSince: isoOf(T0) } };
const unread: ConditionState = { ...yes, status: 'Unknown', reason: 'Stale' };

function facts(overrides: Partial<RolloutFacts> = {}): RolloutFacts {
  return {
    nowMs: T0 + 60_000,
    distribution: { uid: 'dst_1', revision: 7 },
    automation: 'automatic',
    gateways: [{ gateway: 'edge', programmed: yes, following: yes }],
    gainers: [{ cluster: 'b', isKnown: true }],
    ...overrides,
  };
}

const at = (programmed: ConditionState, following = yes) => ({ gateways: [{ gateway: 'edge', programmed, following }] });
const verified = isoOf(T0);

describe('what comes next of a rollout', () => {
  it.each<[string, DistributionRollout, Partial<RolloutFacts>, object]>([
    ['the next step, when its wait is over', rollout({}, verified), {}, { type: 'step', step: 1 }],
    [
      'the end after the last',
      rollout({ step: 1, steps: rollout({}, verified).steps.toReversed() }, verified),
      {},
      { type: 'finish' },
    ],
    [
      'a wait to the last moment',
      rollout({}, verified),
      { nowMs: T0 + 59_999 },
      { waitsFor: [{ reason: 'Soaking', until: isoOf(T0 + 60_000) }] },
    ],
    ['the beginning of the wait, when all follow', rollout(), {}, { type: 'verify' }],
    ['nothing, while a gateway has yet to follow', rollout(), at(pending), { waitsFor: [{ reason: 'Pending' }] }],
    ['nothing, while points have yet to follow', rollout(), at(yes, pending), { waitsFor: [{ reason: 'Pending' }] }],
    ['nothing, while a gateway cannot be read', rollout({}, verified), at(unread), { waitsFor: [{ reason: 'Stale' }] }],
    ['a new wait, when a gateway is found otherwise', rollout({}, verified), at(pending), { type: 'restart' }],
    [
      'nothing, while others are pushed',
      rollout({}, verified),
      at(yes, pending),
      { waitsFor: [{ reason: 'Pending' }] },
    ],
    [
      'nothing, while automation is paused',
      rollout({}, verified),
      { automation: 'paused' },
      { waitsFor: [{ reason: 'RolloutPaused' }] },
    ],
    [
      'the next step, where automation recommends',
      rollout({}, verified),
      { automation: 'recommend' },
      { type: 'step', step: 1 },
    ],
    [
      'nothing, while nobody can say that a gaining cluster is well',
      rollout({}, verified),
      { gainers: [{ cluster: 'b', isKnown: false }] },
      { waitsFor: [{ reason: 'GainerUnknown' }] },
    ],
    [
      'a stop in the middle of a wait, when one fails',
      rollout({}, verified),
      { nowMs: T0, gainers: [{ cluster: 'b', isKnown: false, fault: 'b is down.' }] },
      { type: 'stop', stop: { cause: 'cluster', cluster: 'b', detail: 'b is down.' } },
    ],
    ['nothing of one that has stopped', rollout({ state: 'stopped' }, verified), {}, { type: 'wait', waitsFor: [] }],
    [
      'an end, when others have written',
      rollout({}, verified),
      { distribution: { uid: 'dst_1', revision: 8 } },
      { type: 'supersede' },
    ],
    [
      'an end of one that has stopped',
      rollout({ state: 'stopped' }),
      { distribution: undefined },
      { type: 'supersede' },
    ],
    [
      'an end, when it is another one of the name',
      rollout(),
      { distribution: { uid: 'dst_2', revision: 7 } },
      { type: 'supersede' },
    ],
  ])('is %s', (_, given, overrides, expected) => {
    expect(nextMove(given, facts(overrides))).toMatchObject(expected);
  });
});
