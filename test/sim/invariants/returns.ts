import type { Share } from '../../../functions/core/ir.ts';
import type { Situation } from '../../../functions/core/situation.ts';
import { automaticPercent, type DecisionEntry, type Invariant, isAutomatic, isJoining } from '../history.ts';
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
    .filter(({ cluster }) => !isAnother(situation, cluster))
    .filter(({ cluster }) => !isJoining(situation.traffic, cluster) && !isJoining(verdict.traffic, cluster));
}

/** What is known is of one that had the name before. */
function isAnother({ clusters, traffic }: Situation, name: string): boolean {
  const uid = clusters.find((facts) => facts.name === name)?.uid;
  return traffic.automation.outages.some((outage) => outage.cluster === name && outage.uid !== uid);
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

/** The cluster really gets more or less than before: the last one that serves does not, whatever is decided. */
export function isFelt({ before, after }: DecisionEntry, name: string): boolean {
  const percentOf = (shares: readonly Share[] = []) => shares.find(({ cluster }) => cluster === name)?.percent;
  return Object.keys(after).some((key) => percentOf(before[key]) !== percentOf(after[key]));
}

/** A backend that had lost all its clusters gets one back; who was kept there all the time needs no hurry. */
export function isLastHope({ situation, verdict, before, fleet }: DecisionEntry, name: string): boolean {
  const isOut = (cluster: string) =>
    [situation.traffic, verdict.traffic].some(({ withdrawals }) =>
      withdrawals.some((item) => item.cluster === cluster && item.percent === 0),
    );
  return fleet.declared.pools.some(({ key, members, pinned }) => {
    const able = members.filter(({ weight }) => weight > 0).map(({ cluster }) => cluster);
    const isKept = before[key]?.some(({ cluster, percent }) => cluster === name && percent > 0);
    return !pinned && !isKept && able.includes(name) && able.every((cluster) => cluster === name || isOut(cluster));
  });
}

const HOUR_MS = 3_600_000;

/** What automation has done with one incarnation of a cluster. */
interface Past {
  falls: number[];
  /** Moves against the one before, that were felt. */
  turns: number[];
  isOut: boolean;
}

/**
 * I6, R16: the k-th failure within the hour keeps a cluster out for base · 2^(k-1), at most an hour; so that it turns at most
 * 2 · (1 + log2(hour / base)) times in any hour. Failures are never delayed: the first turn of the hour may be one that was due before.
 * A cluster that comes back at once because nobody else is left has not turned: there is nothing that its hold would protect.
 */
export function boundedFlapping(): Invariant {
  const pasts = new Map<string, Past>();
  let baseMs = Number.POSITIVE_INFINITY;
  const pastOf = ({ clusters }: Situation, cluster: string): Past => {
    const uid = clusters.find(({ name }) => name === cluster)?.uid ?? cluster;
    const past = pasts.get(uid) ?? { falls: [], turns: [], isOut: false };
    pasts.set(uid, past);
    return past;
  };
  return {
    name: 'I6',
    decided: (entry) => {
      const { situation } = entry;
      const { nowMs } = situation;
      baseMs = Math.min(baseMs, situation.policy.failover.cooldownSeconds * SECOND_MS);
      for (const { cluster } of raisesOf(entry)) {
        const early = earliness(pastOf(situation, cluster), baseMs, nowMs);
        if (early) return `${cluster} returns after ${early}`;
      }
      for (const move of turnsOf(entry)) {
        const next = { isOut: move.to < move.from, isFelt: isFelt(entry, move.cluster), baseMs, nowMs };
        const flapping = turn(pastOf(situation, move.cluster), next);
        if (flapping) return `${move.cluster} ${flapping}`;
      }
      return undefined;
    },
  };
}

function turnsOf(entry: DecisionEntry): Move[] {
  if (!isAutomatic(entry)) return [];
  return movesOf(entry).filter(({ cluster, from, to }) => to < from || !isLastHope(entry, cluster));
}

function earliness({ falls, isOut }: Past, baseMs: number, nowMs: number): string | undefined {
  const last = falls.at(-1);
  if (!isOut || last === undefined) return undefined;
  const failures = falls.filter((atMs) => last - atMs < HOUR_MS).length;
  const heldMs = Math.min(HOUR_MS, baseMs * 2 ** (failures - 1));
  return nowMs - last < heldMs ? `${(nowMs - last) / SECOND_MS} s, of ${heldMs / SECOND_MS}` : undefined;
}

function turn(
  past: Past,
  next: { isOut: boolean; isFelt: boolean; baseMs: number; nowMs: number },
): string | undefined {
  const isTurn = past.isOut !== next.isOut;
  past.isOut = next.isOut;
  if (next.isOut) past.falls.push(next.nowMs);
  if (!isTurn || !next.isFelt) return undefined;
  past.turns.push(next.nowMs);
  const turns = past.turns.filter((atMs) => next.nowMs - atMs < HOUR_MS).length;
  const most = 2 * (1 + Math.log2(HOUR_MS / next.baseMs)) + 1;
  return turns > most ? `has turned ${turns} times within the hour, of ${most}` : undefined;
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
