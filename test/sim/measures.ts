/** Measures a run beyond whether it is right. */

import { type DecisionEntry, isAutomatic } from './history.ts';

const HOUR_SECONDS = 3600;

interface Move {
  tick: number;
  isUp: boolean;
}

export class Measures {
  decisions = 0;
  maxTurnsPerHour = 0;
  /** Percent of a backend, times seconds, that gateways sent to dead clusters beyond the bound. */
  lostBeyondBound = 0;
  /** Seconds from when a truthful majority sees a cluster dead to when a gateway sends it nothing. */
  readonly evacuations: number[] = [];
  private readonly moves = new Map<string, Move[]>();

  decided(entry: DecisionEntry): void {
    this.decisions++;
    if (!isAutomatic(entry)) return;
    const { fleet, tick, before, after } = entry;
    for (const { name } of fleet.declared.clusters) {
      const change = totalOf(after, name) - totalOf(before, name);
      const life = fleet.chronicle.of(name);
      const isOwn = change < 0 ? life?.failingSinceTick !== undefined : isRecovered(life?.failuresTick, tick);
      if (change !== 0 && isOwn) this.turn(`${fleet.name}/${name}`, { tick, isUp: change > 0 });
    }
  }

  /**
   * A turn is a move against the one before it: out after in, or in after out. The steps of one return count as one
   * move.
   */
  private turn(key: string, next: Move): void {
    const moves = this.moves.get(key) ?? [];
    if (moves.at(-1)?.isUp === next.isUp) return;
    moves.push(next);
    this.moves.set(key, moves);
    const turns = moves.slice(1).filter(({ tick }) => next.tick - tick < HOUR_SECONDS).length;
    this.maxTurnsPerHour = Math.max(this.maxTurnsPerHour, turns);
  }

  add(other: Measures): void {
    this.decisions += other.decisions;
    this.lostBeyondBound += other.lostBeyondBound;
    this.maxTurnsPerHour = Math.max(this.maxTurnsPerHour, other.maxTurnsPerHour);
    for (const seconds of other.evacuations) this.evacuations.push(seconds);
  }
}

function isRecovered(failuresTick: readonly number[] = [], tick: number): boolean {
  return tick - (failuresTick.at(-1) ?? Number.NEGATIVE_INFINITY) < 2 * HOUR_SECONDS;
}

function totalOf(programmed: DecisionEntry['after'], name: string): number {
  return Object.values(programmed)
    .flat()
    .reduce((sum, { cluster, percent }) => (cluster === name ? sum + percent : sum), 0);
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
