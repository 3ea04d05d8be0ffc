/** Examples of the operations with which a person on call acts on a fleet. */

import type * as z from 'zod';
import type { DataGateAnswerInput } from '../../../schemas/data-gate.ts';
import type { Decision } from '../../../schemas/decision.ts';
import type { Evacuation, EvacuationInput, Return, ReturnInput } from '../../../schemas/evacuation.ts';
import type { Fleet, PauseInput } from '../../../schemas/fleet.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { Example } from '../http/example.ts';

const points = (percent: number) => ({ minPercent: percent, maxPercent: percent });

const evacuationInput = {
  city: 'hangzhou',
  reason: 'the line to hangzhou loses packets',
} satisfies z.input<typeof EvacuationInput>;

const evacuation = (decision: Decision): Evacuation => ({
  clusters: [{ cluster: 'hangzhou-a', shift: 'evacuation-hangzhou-a', expiresAt: '2026-11-26T07:02:06.000Z' }],
  points: [
    { cluster: 'hangzhou-a', before: points(70), after: points(0) },
    { cluster: 'shanghai-b', before: points(30), after: points(100) },
  ],
  loads: [
    { cluster: 'hangzhou-a', before: 700, after: 0, isOverloaded: false },
    { cluster: 'shanghai-b', before: 300, after: 1000, capacity: 1200, isOverloaded: false },
  ],
  heldBy: [],
  decision,
});

const returned = (decision: Decision): Return => ({
  clusters: [
    {
      cluster: 'hangzhou-a',
      standing: 'held',
      endedShifts: ['evacuation-hangzhou-a'],
      points: points(0),
      waitsFor: [{ reason: 'AwaitsTurn', message: sentenceOf('AwaitsTurn', {}) }],
    },
  ],
  decision,
});

export function buttonExamples(decision: Decision, fleet: Fleet): Record<string, Example> {
  const answer = { response: { decision } };
  return {
    applyDecision: answer,
    pauseFleet: {
      body: { reason: 'the provider works on the network' } satisfies z.input<typeof PauseInput>,
      response: { ...fleet, automation: 'paused' },
    },
    resumeFleet: { response: fleet },
    resumeCluster: answer,
    dismissCluster: answer,
    restoreCluster: answer,
    createEvacuation: { body: evacuationInput, response: evacuation(decision) },
    answerDataGate: {
      body: {
        city: 'hangzhou',
        answer: 'go',
        reason: 'the replica in shanghai is promoted',
      } satisfies z.input<typeof DataGateAnswerInput>,
      ...answer,
    },
    createReturn: { body: { city: 'hangzhou' } satisfies z.input<typeof ReturnInput>, response: returned(decision) },
  };
}
