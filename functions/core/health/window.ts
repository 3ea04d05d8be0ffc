import type { HealthPolicy } from '../../../schemas/fleet.ts';

/** What one voter makes of its last observations of a cluster: it enters and leaves a finding by two windows with a gap between them. */

/** Its last observations that say something, oldest first, one letter each: o is good, s good but slow, f failed. */
export type Outcomes = string;

/** What an observation may speak for. */
export type Finding = 'f' | 's';

/** As many as the largest window of a policy, so that no edit of a policy needs more than there is. */
const KEPT = 20;

export function withOutcome(outcomes: Outcomes, outcome: Finding | 'o'): Outcomes {
  return (outcomes + outcome).slice(-KEPT);
}

/** So many observations in a row. */
export function repeated(outcome: Finding | 'o', times: number): Outcomes {
  return outcome.repeat(Math.min(times, KEPT));
}

/** How many of the last `size` observations speak for the finding. */
export function countIn(outcomes: Outcomes, finding: Finding, size: number): number {
  return outcomes.slice(-size).split(finding).length - 1;
}

/** Enough of the last observations speak for it. */
export function isFound(outcomes: Outcomes, finding: Finding, policy: HealthPolicy): boolean {
  return countIn(outcomes, finding, policy.failureWindow) >= policy.failureThreshold;
}

/** For as long as it takes to believe so, no observation has spoken for it. */
export function isGone(outcomes: Outcomes, finding: Finding, { successThreshold }: HealthPolicy): boolean {
  return outcomes.length >= successThreshold && countIn(outcomes, finding, successThreshold) === 0;
}

/** It is gone after it had been found: one stray observation further back is forgiven. */
export function isOver(outcomes: Outcomes, finding: Finding, policy: HealthPolicy): boolean {
  return isGone(outcomes, finding, policy) && countIn(outcomes, finding, policy.recoveryWindow) <= 1;
}

/** How many of the last observations failed, or did not fail, without another one in between. */
export function runsOf(outcomes: Outcomes): { failures: number; successes: number } {
  const lastFailure = outcomes.lastIndexOf('f');
  const failures = outcomes.length - outcomes.replace(/f+$/, '').length;
  return { failures, successes: outcomes.length - 1 - lastFailure };
}
