import type { Fleet } from './fleet.ts';
import type { Invariant } from './history.ts';
import { boundedDetection, correlation, editSafety, noFalseFailover, unknownIsInert } from './invariants/evidence.ts';
import { exactlyOnce, explainable, isolation, oneWriter, progress, staticStability } from './invariants/ledger.ts';
import { drillsGiveWay, expiry, precedence } from './invariants/people.ts';
import { boundedFlapping, freeze, monotoneRamp, oneAtATime, verifiedSteps } from './invariants/returns.ts';
import { conservation, neverEmpty, noOverloadByChoice, panicMode, safetyRules } from './invariants/weights.ts';

const ALL: readonly ((fleet: Fleet) => Invariant)[] = [
  conservation,
  neverEmpty,
  panicMode,
  noFalseFailover,
  boundedDetection,
  unknownIsInert,
  boundedFlapping,
  monotoneRamp,
  safetyRules,
  oneWriter,
  exactlyOnce,
  precedence,
  noOverloadByChoice,
  staticStability,
  progress,
  explainable,
  editSafety,
  isolation,
  verifiedSteps,
  oneAtATime,
  freeze,
  correlation,
  expiry,
  drillsGiveWay,
];

/** Every invariant of FAILOVER.md 3.4, and rules of 3.3 that those do not say; each keeps what it remembers of one fleet. I17 is told by I4. */
export function invariantsOf(fleet: Fleet): Invariant[] {
  return ALL.map((create) => create(fleet));
}
