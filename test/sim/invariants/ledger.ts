import { WARM_UP } from '../adversary.ts';
import type { Fleet } from '../fleet.ts';
import { isSame } from '../gateway.ts';
import type { Invariant } from '../history.ts';
import { isContradictory, isOverloaded } from './weights.ts';

/** Invariants of what is written and by whom, and of coming to rest. */

export function oneWriter(): Invariant {
  const seen = new Map<string, number>();
  return {
    name: 'I9',
    verified: ({ gateway }) => {
      const last = seen.get(gateway.name) ?? 0;
      seen.set(gateway.name, gateway.seen);
      return gateway.seen < last ? `${gateway.name} went from version ${last} back to ${gateway.seen}` : undefined;
    },
  };
}

/** A tick that is delivered twice has the effect of one: nothing is done again. What the first one made possible is something else. */
export function exactlyOnce(): Invariant {
  let last = { tick: -1, done: [''] };
  return {
    name: 'I10',
    decided: ({ tick, situation, verdict }) => {
      if (situation.command !== undefined) return undefined;
      const moved = verdict.changes.filter(({ action }) => action !== 'reallocate');
      const done = moved.map(({ cluster, action }) => `${action} ${cluster}`);
      const again = tick === last.tick ? done.find((item) => last.done.includes(item)) : undefined;
      last = { tick, done };
      return again && `done again: ${again}`;
    },
  };
}

export function staticStability(): Invariant {
  let before: string | undefined;
  return {
    name: 'I13',
    ticked: ({ fleet, active }) => {
      const isStalled = fleet.has('stall') && !active.some(({ type }) => type === 'tamper');
      const now = isStalled ? JSON.stringify(fleet.stored.gateways.map(({ applied }) => applied)) : undefined;
      const isMoved = before !== undefined && now !== undefined && before !== now;
      before = now;
      return isMoved ? 'weights moved while the control plane did not run' : undefined;
    },
  };
}

export function progress(): Invariant {
  return {
    name: 'I14',
    ended: ({ fleet, declared }) => {
      const { traffic } = fleet.stored;
      if (traffic.drill) return `the drill ${traffic.drill.run} never ends`;
      if (traffic.shifts.length > 0) return `the shift ${traffic.shifts[0]?.name} never ends`;
      if (fleet.verifiedAtMs() === undefined || !fleet.isFollowed()) return 'a gateway does not follow';
      const out = traffic.withdrawals[0];
      const { automation, safety } = declared.policy;
      const isContrary = declared.pools.some((pool) => isContradictory(pool, safety)) || isOverloaded(fleet);
      if (automation !== 'automatic' || !out || isContrary) return undefined;
      return `${out.cluster} is healthy, and has ${out.percent} % of its share: ${out.reason}`;
    },
  };
}

/** What is recorded with a decision is enough to take it again. */
export function explainable(): Invariant {
  return {
    name: 'I15',
    decided: ({ fleet, situation, verdict }) => {
      if (verdict.traffic.version !== situation.traffic.version + 1)
        return `version ${verdict.traffic.version} is not the next`;
      const again = fleet.production.decide(JSON.parse(JSON.stringify(situation)));
      return JSON.stringify(again) === JSON.stringify(verdict) ? undefined : 'the replay decides otherwise';
    },
  };
}

export function isolation({ events }: Fleet): Invariant {
  return {
    name: 'I18',
    decided: ({ verdict, tick }) =>
      events.length === 0 && tick >= WARM_UP
        ? `nothing happens here, yet it decides: ${JSON.stringify(verdict.changes)}`
        : undefined,
    ended: ({ fleet }) => {
      const { applied } = fleet.stored.gateways[0] ?? { applied: {} };
      return isSame(applied, fleet.programmed(fleet.stored.traffic)) ? undefined : 'a gateway has what nobody wants';
    },
  };
}
