/**
 * Keeps the history of each cluster, taken from the world, from the words of voters and from the acts of people, and
 * never from what the product stores.
 */

import type { ClusterFacts, Policy } from '../../functions/core/model/fleet-facts.ts';
import type { Declared } from './declared.ts';
import type { Book } from './people.ts';
import { type FleetScenario, formerRemovals, msAt, SECOND_MS } from './scenario.ts';
import { type View, vantageOf, type Witness } from './witness.ts';
import type { Condition } from './world.ts';

/** Seconds for which a failure is remembered; the longest cooldown is an hour as well. */
export const MEMORY_SECONDS = 3600;

export interface Life {
  uid: string;
  condition: Condition;
  /** A truthful majority sees the cluster dead. */
  isDead: boolean;
  isLiving: boolean;
  /** People say that the cluster is healthy. */
  isTrusted: boolean;
  /** The cluster answers late. */
  isSlow: boolean;
  /** The last time at which the cluster answered late. */
  slowTick: number;
  /** Number of vantages of the voters that truthfully see the cluster dead. */
  vantages: number;
  /** Number of vantages of the voters that say that the cluster fails, whether or not that is true. */
  saidBy: number;
  /** The word of a majority now, whether or not it is true; unknown when there is no majority. */
  said: 'healthy' | 'unhealthy' | 'unknown';
  /** Time since which a majority says that the cluster fails, whether or not that is true. */
  failingSinceTick?: number | undefined;
  /** Times at which a majority began to say so. */
  failuresTick: number[];
  /** Times at which the cluster could be taken out, as far as `maxRemoved` allows that. */
  removalsTick: number[];
  /** Times at which a failure began while the cluster had more to serve than it can. */
  fallsTick: number[];
  /** A drill of the cluster may begin by itself. */
  isRehearsed: boolean;
  /** Last time at which the cluster was slow, or was held by people or by a mode other than automatic. */
  touchedTick: number;
  /** A truthful majority has seen the cluster living at some time. */
  wasLiving: boolean;
  /** A majority has said at some time that the cluster is healthy, whether or not that was true. */
  wasFound: boolean;
  /** Seconds for which a majority has said that the cluster is healthy since its last failure, with pauses. */
  healthySeconds: number;
}

export class Chronicle {
  readonly lives = new Map<string, Life>();
  /** Times at which clusters that are gone now could be taken out. */
  readonly goneRemovalsTick: number[] = [];
  private readonly scenario: FleetScenario;

  constructor(scenario: FleetScenario) {
    this.scenario = scenario;
  }

  of(name: string): Life | undefined {
    return this.lives.get(name);
  }

  note(tick: number, declared: Declared, sight: Sight): void {
    for (const [name, { uid, removalsTick }] of this.lives) {
      if (declared.clusters.some((item) => item.name === name && item.uid === uid)) continue;
      this.goneRemovalsTick.push(...removalsTick.slice(-1));
      this.lives.delete(name);
    }
    for (const facts of declared.clusters) this.noteOne(tick, facts, declared, sight);
    for (const facts of inOrder(declared.clusters, this.lives)) this.noteRemoval(tick, facts, declared, sight);
  }

  private noteOne(tick: number, facts: ClusterFacts, declared: Declared, sight: Sight): void {
    const { witness, view } = sight;
    const life = this.lifeOf(facts, tick);
    const dead = witness.dead(facts, view);
    const accusers = witness.accusers(facts, view);
    life.said = accusers.length > 0 ? 'unhealthy' : witness.saysHealthy(facts, view) ? 'healthy' : 'unknown';
    life.condition = sight.conditionOf(facts);
    life.isDead = life.condition === 'down' && dead.length > 0;
    life.isLiving = life.condition === 'up' && witness.isLiving(facts, view);
    life.vantages = new Set(dead.map(vantageOf)).size;
    life.saidBy = new Set(accusers.map(vantageOf)).size;
    life.wasLiving ||= life.isLiving;
    if (life.said === 'healthy') {
      life.failingSinceTick = undefined;
      life.wasFound = true;
      life.healthySeconds++;
    }
    if (life.said === 'unhealthy' && life.failingSinceTick === undefined) this.noteFailure(life, facts, tick, sight);
    const isTrusted = sight.book.isTrusted(facts.name, tick);
    if (life.said === 'unhealthy' && life.isTrusted && !isTrusted) this.noteFall(life, facts, tick, sight);
    life.isTrusted = isTrusted;
    life.isSlow = sight.isSlow(facts);
    if (life.isSlow) life.slowTick = tick;
    life.isRehearsed = isRehearsed(declared.policy, facts.name, tick);
    const isHandled =
      life.isSlow || life.isRehearsed || sight.book.isHandled(facts.name) || declared.policy.automation !== 'automatic';
    if (isHandled) life.touchedTick = tick;
  }

  /**
   * Tells whether people may be asked first: a cluster of another site failed shortly before or after this one, and
   * only voters of one vantage say that it fails.
   */
  isAskedFor(tick: number, { name, site }: ClusterFacts, { policy, clusters }: Declared): boolean {
    const { action, windowSeconds, askSeconds } = policy.failover.correlation;
    const { failingSinceTick = tick, vantages = 0 } = this.lives.get(name) ?? {};
    if ((action !== 'ask' && action !== 'halt') || vantages > 1 || tick - failingSinceTick > askSeconds + 1)
      return false;
    return clusters.some((other) => {
      const failuresTick = this.lives.get(other.name)?.failuresTick ?? [];
      const isNear = failuresTick.some((failedTick) => Math.abs(failingSinceTick - failedTick) <= windowSeconds + 1);
      return other.name !== name && other.site !== site && isNear;
    });
  }

  /**
   * Tells whether the cluster may be taken out: it was taken out within the window before, fewer others than the limit
   * were, or people have set the limit aside.
   */
  private mayBeRemoved(tick: number, name: string, life: Life, { policy, clusters }: Declared, book: Book): boolean {
    const { maxRemoved } = policy.safety;
    if (maxRemoved === undefined || book.isSetAside('max-removed') || book.isResumed(name, life.failingSinceTick)) {
      return true;
    }
    const isNear = (removedTick: number) => tick - removedTick < maxRemoved.windowSeconds;
    const wasRemoved = ({ removalsTick }: Life) => removalsTick.slice(-1).some(isNear);
    const removed = [...this.lives.values()].filter(wasRemoved);
    const count = removed.length + this.goneRemovalsTick.filter(isNear).length;
    return removed.includes(life) || count < mostRemoved(maxRemoved, clusters.length);
  }

  private noteRemoval(tick: number, facts: ClusterFacts, declared: Declared, { book }: Sight): void {
    const life = this.lifeOf(facts, tick);
    const { failingSinceTick, removalsTick } = life;
    const removedTick = removalsTick.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (failingSinceTick === undefined || removedTick >= failingSinceTick || life.said !== 'unhealthy') return;
    if (isGated(declared.policy, facts.name)) return;
    const isAsked = !book.isResumed(facts.name, failingSinceTick) && this.isAskedFor(tick, facts, declared);
    if (!isAsked && this.mayBeRemoved(tick, facts.name, life, declared, book)) removalsTick.push(tick);
  }

  private noteFailure(life: Life, facts: ClusterFacts, tick: number, sight: Sight): void {
    life.failingSinceTick = tick;
    life.healthySeconds = 0;
    life.failuresTick.push(tick);
    this.noteFall(life, facts, tick, sight);
  }

  /**
   * Notes a fall when the cluster is above its capacity at the moment from which it counts as failing: its voters begin
   * to say so, or the time of a dismissal is over.
   */
  private noteFall(life: Life, { name, capacity }: ClusterFacts, tick: number, { loadOf }: Sight): void {
    if (!hasFallen(life, tick)) life.fallsTick = [];
    if (capacity !== undefined && loadOf(name) > capacity) life.fallsTick.push(tick);
  }

  private lifeOf({ name, uid, createdAtMs }: ClusterFacts, tick: number): Life {
    const known = this.lives.get(name);
    if (known?.uid === uid) return known;
    const isOld = createdAtMs < msAt(0) && this.scenario.formerTraffic === undefined;
    const former = createdAtMs < msAt(0) ? formerRemovals(this.scenario) : [];
    const touchedTick = isOld ? Number.NEGATIVE_INFINITY : tick;
    const life: Life = {
      ...{
        uid,
        condition: 'up',
        said: 'unknown',
        isDead: false,
        isLiving: false,
        isSlow: false,
        isTrusted: false,
        isRehearsed: false,
        slowTick: Number.NEGATIVE_INFINITY,
        vantages: 0,
        saidBy: 0,
        failuresTick: [],
        removalsTick: former.filter(({ cluster }) => cluster === name).map((removal) => removal.tick),
        fallsTick: [],
      },
      ...{ touchedTick, wasLiving: false, wasFound: false, healthySeconds: 0 },
    };
    this.lives.set(name, life);
    return life;
  }

  /** Tells whether the cluster is well, and has been for so long that no earlier event can still hold it back. */
  isSpotless(name: string, tick: number): boolean {
    const life = this.lives.get(name);
    if (life === undefined || !life.isLiving) return false;
    const lastFailureTick = life.failuresTick.at(-1) ?? Number.NEGATIVE_INFINITY;
    return tick - Math.max(lastFailureTick, life.touchedTick) > 2 * MEMORY_SECONDS;
  }
}

/** Clusters that began to fail first are taken out first. */
function inOrder(clusters: readonly ClusterFacts[], lives: ReadonlyMap<string, Life>): ClusterFacts[] {
  const sinceTick = ({ name }: ClusterFacts) => lives.get(name)?.failingSinceTick ?? Number.POSITIVE_INFINITY;
  return clusters.toSorted((a, b) => sinceTick(a) - sinceTick(b));
}

/** A closed gate keeps its traffic where it is. */
export function isGated({ safety }: Policy, name: string): boolean {
  return safety.gates.some(({ open, clusters }) => !open && (clusters?.includes(name) ?? true));
}

/** Tells whether a drill of the cluster may begin by itself around this tick. */
function isRehearsed({ drills }: Policy, name: string, tick: number): boolean {
  return drills.some(({ cluster, windows, durationSeconds, recoveryTargetSeconds }) => {
    const lastMs = (durationSeconds + recoveryTargetSeconds) * SECOND_MS;
    const isNear = windows.some((window) => {
      if (window.type !== 'once') return true;
      return Date.parse(window.from) <= msAt(tick) && msAt(tick) < Date.parse(window.to) + lastMs;
    });
    return cluster === name && isNear;
  });
}

/** The sources of the chronicle. */
export interface Sight {
  witness: Witness;
  view: View;
  book: Book;
  conditionOf: (facts: ClusterFacts) => Condition;
  isSlow: (facts: ClusterFacts) => boolean;
  /** Returns what gateways send to the cluster or are being told to send, in requests per second. */
  loadOf: (cluster: string) => number;
}

const LONGEST_FALL_SECONDS = 24 * MEMORY_SECONDS;

/** Returns how many clusters automation may take out within the window. */
export function mostRemoved(
  { clusters, percent = 100 }: { clusters?: number | undefined; percent?: number | undefined },
  count: number,
): number {
  return clusters ?? Math.max(1, Math.floor((count * percent) / 100));
}

/**
 * Tells whether the cluster went down above its capacity so lately that it need not be trusted with more again: for an
 * hour, doubling each time, up to a day.
 */
export function hasFallen({ fallsTick }: Life, tick: number): boolean {
  const last = fallsTick.at(-1);
  if (last === undefined) return false;
  return tick - last < Math.min(MEMORY_SECONDS * 2 ** (fallsTick.length - 1), LONGEST_FALL_SECONDS);
}
