/** Lists what must hold whatever happens; each truth keeps what it remembers of one fleet. */

import type { Truth } from './history.ts';
import type { Measures } from './measures.ts';
import { modesHold, removalsAreCapped, suspicionsHold } from './truths/brakes.ts';
import { noAvoidableOverload } from './truths/capacity.ts';
import { deadAreLeft } from './truths/dead.ts';
import { noHealthyLoses } from './truths/healthy.ts';
import { oneDecisionEach, saidIsGiven } from './truths/ledger.ts';
import { peopleAreObeyed } from './truths/people.ts';
import { declaredRatio, pointsAreWhole } from './truths/points.ts';
import { comesToRest, nothingMovesByItself } from './truths/rest.ts';
import { movesAreBounded, returnsByOneStep } from './truths/returns.ts';
import { longDeadStayLeft } from './truths/together.ts';
import { waitsAreServed } from './truths/waits.ts';

export function truthsOf(measures: Measures): Truth[] {
  return [
    pointsAreWhole(),
    noHealthyLoses(),
    deadAreLeft(measures),
    longDeadStayLeft(),
    peopleAreObeyed(),
    declaredRatio(),
    nothingMovesByItself(),
    comesToRest(),
    returnsByOneStep(),
    movesAreBounded(),
    removalsAreCapped(),
    suspicionsHold(),
    modesHold(),
    waitsAreServed(),
    noAvoidableOverload(),
    saidIsGiven(),
    oneDecisionEach(),
  ];
}
