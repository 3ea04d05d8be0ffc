/** The final effect of a change that people ask for, and the results of the safety rules. */

import type { RuleResult } from '../../../schemas/decision.ts';
import { placementShares } from '../allocation/points.ts';
import { checkSafety, isRefused, type PlacementShares } from '../allocation/safety.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import type { Placement } from '../model/fleet-facts.ts';
import { type Context, stateOf } from './context.ts';
import { limitsOf } from './limits.ts';
import { sealAllocation, sealWithoutAutomation } from './seal.ts';
import type { Traffic } from './traffic.ts';

/** Returns the allocation that gateways are given in this state of a fleet. */
export function allocationIn(context: Context, traffic: Traffic): SealedAllocation {
  if (!context.acts) return sealWithoutAutomation(context, traffic);
  return sealAllocation(context, traffic, limitsOf(context, traffic), { last: traffic.allocation });
}

/** Checks the safety rules against what a change leads to. */
export function safetyOf(
  context: Context,
  before: Traffic,
  after: Traffic,
): { rules: RuleResult[]; isRefused: boolean } {
  const { policy, nowMs, clusters, placements } = context.input;
  const then = sharesIn(placements, before.allocation);
  const now = sharesIn(placements, allocationIn(context, after));
  const rules = checkSafety(
    {
      rules: policy.safety,
      breakGlasses: after.breakGlasses,
      nowMs,
      ceilings: ceilingsOf(clusters, policy.failover.headroomPercent),
      down: downIn(context, after),
    },
    then,
    now,
  );
  return { rules, isRefused: isRefused(rules) };
}

function sharesIn(placements: readonly Placement[], allocation: SealedAllocation): PlacementShares[] {
  return placements.map((placement) => ({ placement, shares: placementShares(placement, { allocation }) }));
}

/**
 * Returns the load that each cluster may be given when others cannot serve theirs, in requests per second: its capacity
 * less the headroom. Clusters without a declared capacity are absent.
 */
export function ceilingsOf(
  clusters: readonly { name: string; capacity?: number | undefined }[],
  headroomPercent: number,
): Map<string, number> {
  const part = 1 - headroomPercent / 100;
  return new Map(clusters.flatMap(({ name, capacity }) => (capacity === undefined ? [] : [[name, capacity * part]])));
}

/** Returns the clusters that are down: they serve nothing, whatever they are given. */
function downIn({ clusters }: Context, traffic: Traffic): Set<string> {
  const names = [...clusters.values()].filter(({ facts }) => stateOf(traffic, facts).standing === 'down');
  return new Set(names.map(({ facts }) => facts.name));
}
