import type { HealthPolicy } from '../../../schemas/fleet.ts';

/**
 * A voter's finding from its last observations of a cluster. A finding is entered and left by two different windows,
 * with a gap between them against flapping.
 */

/**
 * A voter's last conclusive observations, oldest first, one letter each: `o` is good, `s` is good but slow, `f` is
 * failed.
 */
export type Outcomes = string;

/** The findings that an observation can support: `f` failed, `s` slow. */
export type Symptom = 'f' | 's';

/**
 * The number of observations that are kept: as many as the largest window of a policy, so that an edit of a policy
 * never needs more.
 */
const KEPT = 20;

export function withOutcome(outcomes: Outcomes, outcome: Symptom | 'o'): Outcomes {
  return (outcomes + outcome).slice(-KEPT);
}

/** Returns the same outcome, `times` in a row. */
export function repeated(outcome: Symptom | 'o', times: number): Outcomes {
  return outcome.repeat(Math.min(times, KEPT));
}

/** Returns how many of the last `size` observations support the finding. */
export function countIn(outcomes: Outcomes, symptom: Symptom, size: number): number {
  return outcomes.slice(-size).split(symptom).length - 1;
}

/** Tells whether enough of the last observations support the finding for it to begin. */
export function isFound(outcomes: Outcomes, symptom: Symptom, policy: HealthPolicy): boolean {
  return countIn(outcomes, symptom, policy.failureWindow) >= policy.failureThreshold;
}

/** Tells whether none of the last `successThreshold` observations supports the finding. */
export function isGone(outcomes: Outcomes, symptom: Symptom, { successThreshold }: HealthPolicy): boolean {
  return outcomes.length >= successThreshold && countIn(outcomes, symptom, successThreshold) === 0;
}

/** Tells whether a finding has ended: it is gone, and at most one observation in the recovery window supports it. */
export function isOver(outcomes: Outcomes, symptom: Symptom, policy: HealthPolicy): boolean {
  return isGone(outcomes, symptom, policy) && countIn(outcomes, symptom, policy.recoveryWindow) <= 1;
}

/** Returns how many of the last observations in a row have failed, and how many in a row have not. */
export function runsOf(outcomes: Outcomes): { failures: number; successes: number } {
  const lastFailure = outcomes.lastIndexOf('f');
  const failures = outcomes.length - outcomes.replace(/f+$/, '').length;
  return { failures, successes: outcomes.length - 1 - lastFailure };
}
