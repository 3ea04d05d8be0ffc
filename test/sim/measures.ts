import type { ClusterFacts } from '../../functions/core/situation.ts';
import { type DecisionEntry, isAutomatic, type TickEntry } from './history.ts';
import { isObstructed, servedBy } from './invariants/evidence.ts';
import { isFelt, isLastHope, movesOf } from './invariants/returns.ts';
import { loadsOf } from './invariants/weights.ts';

const HOUR_MS = 3_600_000;

/** An outage that is not measured: something is in the way, or it has been measured. */
const DISCOUNTED = -1;

interface Move {
  atMs: number;
  isUp: boolean;
}

/** What is measured of a run, besides whether it is right. */
export class Measures {
  /** Seconds from when a cluster goes down to when no gateway sends it anything, of those that I4 is about. */
  readonly detections: number[] = [];
  /** Seconds from a decision to all gateways verified. */
  readonly switches: number[] = [];
  decisions = 0;
  failovers = 0;
  maxTurnsPerHour = 0;
  overloadSeconds = 0;
  /** Of one request per second and pool. */
  lostRequests = 0;
  providerCalls = 0;
  private readonly downSince = new Map<string, number>();
  private readonly moves = new Map<string, Move[]>();
  private decidedTick: number | undefined;

  decided(entry: DecisionEntry): void {
    this.decisions++;
    if (entry.verdict.outcome === 'applied') this.decidedTick ??= entry.tick;
    if (!isAutomatic(entry)) return;
    for (const { cluster, from, to } of movesOf(entry)) {
      if (to < from) this.failovers++;
      if (isFelt(entry, cluster) && (to < from || !isLastHope(entry, cluster)))
        this.turn(`${entry.fleet.name}/${cluster}`, { atMs: entry.situation.nowMs, isUp: to > from });
    }
  }

  /** A turn is a move against the one before: out after in, in after out. The steps of one way back are one move. */
  private turn(key: string, next: Move): void {
    const moves = this.moves.get(key) ?? [];
    if (moves.at(-1)?.isUp === next.isUp) return;
    moves.push(next);
    this.moves.set(key, moves);
    const turns = moves.slice(1).filter(({ atMs }) => next.atMs - atMs < HOUR_MS).length;
    this.maxTurnsPerHour = Math.max(this.maxTurnsPerHour, turns);
  }

  ticked(entry: TickEntry): void {
    const { fleet, tick } = entry;
    if (this.decidedTick !== undefined && fleet.verifiedAtMs() !== undefined) {
      this.switches.push(tick - this.decidedTick);
      this.decidedTick = undefined;
    }
    for (const facts of entry.declared.clusters) this.detect(entry, `${fleet.name}/${facts.uid}`, facts);
    const applied = fleet.stored.gateways[0]?.applied ?? {};
    const loads = loadsOf(fleet, applied);
    if (entry.declared.clusters.some(({ name, capacity }) => (loads.get(name) ?? 0) > (capacity ?? Infinity))) {
      this.overloadSeconds++;
    }
    for (const shares of Object.values(applied)) {
      for (const { cluster, percent } of shares)
        if (entry.truths.get(cluster) === 'down') this.lostRequests += percent / 100;
    }
  }

  private detect(entry: TickEntry, key: string, facts: ClusterFacts): void {
    if (entry.truths.get(facts.name) !== 'down') {
      this.downSince.delete(key);
      return;
    }
    const sinceTick = this.downSince.get(key) ?? entry.tick;
    const isFirst = sinceTick === entry.tick;
    this.downSince.set(key, sinceTick);
    if (sinceTick === DISCOUNTED) return;
    const isServed = servedBy(entry, facts) !== undefined;
    if (!isServed && !isFirst) this.detections.push(entry.tick - sinceTick);
    const counts = isServed && !isObstructed({ ...entry, hasChanged: entry.hasChanged && !isFirst }, facts);
    if (!counts) this.downSince.set(key, DISCOUNTED);
  }

  add(other: Measures): void {
    for (const seconds of other.detections) this.detections.push(seconds);
    for (const seconds of other.switches) this.switches.push(seconds);
    this.decisions += other.decisions;
    this.failovers += other.failovers;
    this.overloadSeconds += other.overloadSeconds;
    this.lostRequests += other.lostRequests;
    this.providerCalls += other.providerCalls;
    this.maxTurnsPerHour = Math.max(this.maxTurnsPerHour, other.maxTurnsPerHour);
  }
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
