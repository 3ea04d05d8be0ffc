/** Who writes what, and what is said of it. */

import { shares } from '../../../functions/core/allocation/points.ts';
import type { Fleet } from '../fleet.ts';
import { type Gateway, isSame, type Programmed, percentOf } from '../gateway.ts';
import type { Truth } from '../history.ts';

/** T10: what is said of points at a gateway is what the gateway had when it was read. */
export function saidIsGiven(): Truth {
  return {
    name: 'saidIsGiven',
    ticked: ({ fleet, tick }) => {
      const read = fleet.stored.gateways.filter(
        ({ verified, verifiedAtTick }) => verified >= 0 && verifiedAtTick === tick,
      );
      return read.map((gate) => lieOf(fleet, gate)).find((lie) => lie !== undefined);
    },
  };
}

function lieOf({ declared, stored }: Fleet, { name, verifiedPoints, verified }: Gateway): string | undefined {
  if (verified !== stored.version) return undefined;
  for (const pool of declared.pools) {
    const said = shares(pool, stored.traffic);
    const odd = said.find(
      ({ cluster, effectivePercent }) => effectivePercent !== percentOf(verifiedPoints, pool.key, cluster),
    );
    if (odd)
      return `${odd.cluster} is said to have ${odd.effectivePercent} of ${pool.key}, and has something else at ${name}`;
  }
  return undefined;
}

/** T11: every change has one decision, which replays, and comes to gateways from one writer, in order; decisions upon what is over are refused. */
export function oneDecisionEach(): Truth {
  const seen = new Map<string, number>();
  let last: Programmed | undefined;
  let version: number | undefined;
  return {
    name: 'oneDecisionEach',
    decided: ({ input, result, fleet, before, after }) => {
      const expected = version;
      version = result.traffic.version;
      if (input.fleet !== fleet.name) return `a decision of ${input.fleet} is one of ${fleet.name}`;
      if (expected !== undefined && input.traffic.version !== expected)
        return `version ${expected} was decided upon twice`;
      const isUntold = last !== undefined && !isSame(last, before) && !hasBeenEdited(fleet);
      last = after;
      return isUntold ? 'points have changed without a decision' : undefined;
    },
    ticked: ({ fleet, hasChanged }) => {
      const now = fleet.programmed(fleet.stored.traffic);
      const isUntold = last !== undefined && !hasChanged && !isSame(last, now);
      last = now;
      return isUntold ? 'points have changed without a decision' : undefined;
    },
    pushed: ({ gateway }) => {
      const before = seen.get(gateway.name) ?? 0;
      seen.set(gateway.name, gateway.seen);
      return gateway.seen < before ? `${gateway.name} went from order ${before} back to ${gateway.seen}` : undefined;
    },
  };
}

/** In this very tick, before anything was decided. */
function hasBeenEdited({ events, tick }: Fleet): boolean {
  return events.some((event) => event.tick === tick || event.tick + event.seconds === tick);
}
