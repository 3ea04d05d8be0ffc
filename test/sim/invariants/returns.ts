import type { Situation } from '../../../functions/core/situation.ts';
import type { Fleet } from '../fleet.ts';
import { automaticPercent, type DecisionEntry, type Invariant, isAutomatic } from '../history.ts';
import { SECOND_MS } from '../scenario.ts';

/** Invariants of how clusters come back. */

export interface Move {
  cluster: string;
  from: number;
  to: number;
}

/** What automation does with clusters because of their health, but for those that have never served. */
export function movesOf({ situation, verdict }: DecisionEntry): Move[] {
  return situation.clusters
    .map(({ name }) => ({
      cluster: name,
      from: automaticPercent(situation.traffic, name),
      to: automaticPercent(verdict.traffic, name),
    }))
    .filter(({ from, to }) => from !== to)
    .filter(({ cluster }) => !isJoining(situation, cluster) && !isJoining({ traffic: verdict.traffic }, cluster));
}

function isJoining({ traffic }: Pick<Situation, 'traffic'>, name: string): boolean {
  return traffic.automation.outages.some(({ cluster, phase }) => cluster === name && phase === 'joining');
}

/** Steps up that are judged: not of a cluster that a shift governs, that nobody watches, or that is all that is left. */
function raisesOf(entry: DecisionEntry): Move[] {
  if (!isAutomatic(entry)) return [];
  const { traffic, clusters } = entry.situation;
  const isShifted = (name: string) =>
    traffic.shifts.some(({ cluster, phase }) => cluster === name && phase !== 'returning');
  const isWatched = (name: string) => clusters.some((facts) => facts.name === name && facts.voters.length > 0);
  return movesOf(entry).filter(
    ({ cluster, from, to }) => to > from && !isShifted(cluster) && isWatched(cluster) && !isLastHope(entry, cluster),
  );
}

function isLastHope({ situation }: DecisionEntry, name: string): boolean {
  const isOut = (cluster: string) =>
    situation.traffic.withdrawals.some((item) => item.cluster === cluster && item.percent === 0);
  return situation.placements.some(({ members, pinned }) => {
    const able = members.filter(({ weight }) => weight > 0);
    return !pinned && able.some(({ cluster }) => cluster === name) && able.every(({ cluster }) => isOut(cluster));
  });
}

const HOUR_MS = 3_600_000;

/** I6, R16: the k-th failure within the hour keeps a cluster out for base · 2^(k-1), at most an hour. */
export function boundedFlapping({ declared }: Fleet): Invariant {
  const falls = new Map<string, number[]>();
  let leastSeconds = declared.policy.failover.cooldownSeconds;
  return {
    name: 'I6',
    decided: (entry) => {
      const { situation } = entry;
      leastSeconds = Math.min(leastSeconds, situation.policy.failover.cooldownSeconds);
      for (const { cluster } of raisesOf(entry)) {
        const known = falls.get(uidOf(situation, cluster)) ?? [];
        const last = known.at(-1);
        const isOut = situation.traffic.automation.outages.some(
          (item) => item.cluster === cluster && item.phase === 'out',
        );
        if (last === undefined || !isOut) continue;
        const failures = known.filter((atMs) => last - atMs < HOUR_MS).length;
        const heldMs = Math.min(HOUR_MS, leastSeconds * SECOND_MS * 2 ** (failures - 1));
        const outMs = situation.nowMs - last;
        if (outMs < heldMs)
          return `${cluster} returns after ${outMs / SECOND_MS} s, ${heldMs / SECOND_MS} s are its hold`;
      }
      if (!isAutomatic(entry)) return undefined;
      for (const { cluster, to } of movesOf(entry)) {
        const uid = uidOf(situation, cluster);
        if (to === 0) falls.set(uid, [...(falls.get(uid) ?? []), situation.nowMs]);
      }
      return undefined;
    },
  };
}

function uidOf({ clusters }: Situation, cluster: string): string {
  return clusters.find(({ name }) => name === cluster)?.uid ?? cluster;
}

/** I7. */
export function monotoneRamp(): Invariant {
  return {
    name: 'I7',
    decided: (entry) => {
      const { mode, stepPercent, minimumPercent } = entry.situation.policy.failover.failback;
      if (!isAutomatic(entry)) return undefined;
      const fallen = movesOf(entry).find(({ from, to }) => to < from && to !== 0);
      if (fallen) return `${fallen.cluster} goes from ${fallen.from} back to ${fallen.to} %`;
      if (mode !== 'ramp') return undefined;
      const jump = raisesOf(entry).find(
        ({ from, to }) => to - from > (from === 0 ? Math.max(stepPercent, minimumPercent) : stepPercent),
      );
      return jump && `${jump.cluster} goes from ${jump.from} to ${jump.to} % in one step of at most ${stepPercent}`;
    },
  };
}

/** R24: no step up before the gateways follow the last one. */
export function verifiedSteps(): Invariant {
  return {
    name: 'R24',
    decided: (entry) => {
      const [first] = raisesOf(entry);
      const isEarly = first !== undefined && entry.situation.verifiedAtMs === undefined;
      return isEarly ? `${first.cluster} gets ${first.to} % before the gateways are verified` : undefined;
    },
  };
}

/** R17. */
export function oneAtATime(): Invariant {
  return {
    name: 'R17',
    decided: (entry) => {
      const { verdict, situation } = entry;
      const returning = verdict.traffic.automation.outages.filter(({ phase }) => phase === 'returning');
      if (isAutomatic(entry) && returning.length > 1)
        return `${returning.map(({ cluster }) => cluster).join(' and ')} return at once`;
      const raised = raisesOf(entry).map(({ cluster }) => cluster);
      const before = situation.traffic.automation.outages.filter(({ phase }) => phase === 'returning');
      const other = before.find(
        ({ cluster }) => !raised.includes(cluster) && returning.some((item) => item.cluster === cluster),
      );
      return raised.length > 0 && other ? `${raised.join()} returns while ${other.cluster} does` : undefined;
    },
  };
}

/** R17: nothing returns and no drill begins in a freeze window. */
export function freeze(): Invariant {
  return {
    name: 'R17-freeze',
    decided: (entry) => {
      const { situation, verdict } = entry;
      const isFrozen = situation.policy.failover.freezeWindows.some(
        (window) =>
          window.type === 'once' &&
          Date.parse(window.from) <= situation.nowMs &&
          situation.nowMs < Date.parse(window.to),
      );
      if (!isFrozen) return undefined;
      if (verdict.traffic.drill && !situation.traffic.drill) return `the drill ${verdict.traffic.drill.run} begins`;
      const [first] = raisesOf(entry);
      return first && `${first.cluster} gets ${first.to} %`;
    },
  };
}
