/** Nothing moves by itself, and in the end nothing is left of what has happened. */

import { NO_TRAFFIC, type Traffic } from '../../../functions/core/failover/traffic.ts';
import { standingShown } from '../../../functions/core/failover/withdrawals.ts';
import { equal } from '../../../functions/core/model/digest.ts';
import { hasFallen, MEMORY_SECONDS } from '../chronicle.ts';
import type { Fleet } from '../fleet.ts';
import { isSame, type Programmed } from '../gateway.ts';
import type { Truth } from '../history.ts';
import { loadsBy } from './healthy.ts';

/** T5: without new evidence, clock or write nothing moves; equal input has equal output. */
export function nothingMovesByItself(): Truth {
  return {
    name: 'nothingMovesByItself',
    decided: ({ fleet, input, result }) => {
      const again = fleet.product.decide(JSON.parse(JSON.stringify(input)));
      if (!equal(again, result)) return 'the same input leads to something else';
      const { command: _, ...rest } = input;
      const { verifiedAtMs } = fleet.input();
      const next = fleet.product.decide({ ...rest, traffic: result.traffic, verifiedAtMs });
      return next && `a decision follows at once without anything new: ${differences(result.traffic, next.traffic)}`;
    },
  };
}

function differences(before: Traffic, after: Traffic): string {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Traffic)[];
  const changed = keys.filter((key) => key !== 'version' && !equal(before[key], after[key]));
  return changed.map((key) => `${key} ${JSON.stringify(before[key])} → ${JSON.stringify(after[key])}`).join('; ');
}

/**
 * T4: after the last fault and the longest clock, points are those of a fresh fleet and nothing waits, but for what a declared `manual` or mode
 * holds, which is shown.
 */
export function comesToRest(): Truth {
  return {
    name: 'comesToRest',
    ended: ({ fleet, tick }) => {
      const { declared, chronicle, stored } = fleet;
      const { automation, failover } = declared.policy;
      const fresh = freshOf(fleet);
      // A fresh fleet would see how slow the load of this one makes its clusters.
      const isHot = [fresh, fleet.programmed(stored.traffic)].some((points) => isOverloaded(fleet, points));
      const isFallen = [...chronicle.lives.values()].some((life) => hasFallen(life, tick));
      if (automation !== 'automatic' || isHot || isFallen || isAsFresh(fleet)) return undefined;
      const waiting = stored.traffic.clusters.filter(({ standing }) => standing !== 'up');
      const isDeclared = failover.failback.mode === 'manual' && fleet.scenario.attentionSeconds === undefined;
      const areNamed = waiting.every(({ cluster }) =>
        standingShown(stored.traffic, cluster).waitsFor?.includes('consent'),
      );
      if (isDeclared && areNamed && waiting.length > 0) return undefined;
      const standings = waiting.map(({ cluster, standing }) => `${cluster} is ${standing}`).join(', ');
      const now = JSON.stringify(fleet.programmed(stored.traffic));
      return `it does not come to rest: ${standings || 'all are up'}; ${now} where a fresh fleet has ${JSON.stringify(fresh)}`;
    },
  };
}

function isOverloaded(fleet: Fleet, points: Programmed): boolean {
  const loads = loadsBy(fleet, points);
  return fleet.declared.clusters.some(({ name, capacity }) => (loads.get(name) ?? 0) > (capacity ?? Infinity));
}

/** Everything is as in a fleet to which nothing has ever happened, and every gateway follows. */
export function isAsFresh(fleet: Fleet): boolean {
  const { traffic } = fleet.stored;
  const isQuiet = traffic.clusters.every(({ standing, impairedSinceMs }) => standing === 'up' && !impairedSinceMs);
  if (!isQuiet || traffic.shifts.length > 0 || traffic.drill !== undefined) return false;
  const fresh = freshOf(fleet);
  return (
    isSame(fleet.programmed(traffic), fresh) && fleet.stored.gateways.every(({ applied }) => isSame(applied, fresh))
  );
}

function freshOf(fleet: Fleet): Programmed {
  const result = fleet.product.decide({ ...fleet.input(), traffic: NO_TRAFFIC });
  return fleet.programmed(result?.traffic ?? NO_TRAFFIC);
}

/** The longest clock in seconds, and for each cluster the time to be found healthy, to be attended to and to return. */
export function comesToRestIn({ declared, scenario }: Fleet): number {
  const { health, failover } = declared.policy;
  const { rampSeconds, stepPercent } = failover.failback;
  const evidence = (health.successThreshold + 10) * health.intervalSeconds + health.dwellSeconds;
  const steps = Math.ceil(100 / stepPercent) * 10;
  const attention = (scenario.attentionSeconds ?? 0) * 2;
  return MEMORY_SECONDS + evidence + attention + declared.clusters.length * (rampSeconds + steps + 60);
}
