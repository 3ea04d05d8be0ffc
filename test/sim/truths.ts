/** What must hold whatever happens; each truth keeps what it remembers of one fleet. */

import type { Truth } from './history.ts';
import type { Measures } from './measures.ts';
import { deadAreLeft } from './truths/dead.ts';
import { noHealthyLoses } from './truths/healthy.ts';
import { peopleAreObeyed } from './truths/people.ts';
import { declaredRatio, pointsAreWhole } from './truths/points.ts';
import { comesToRest, nothingMovesByItself } from './truths/rest.ts';

export function truthsOf(measures: Measures): Truth[] {
  return [
    pointsAreWhole(),
    noHealthyLoses(),
    deadAreLeft(measures),
    peopleAreObeyed(),
    declaredRatio(),
    nothingMovesByItself(),
    comesToRest(),
  ];
}
