/** What has become of each cluster so far, by the world, by what voters said, and by what people did; never by what the product keeps. */

import type { ClusterFacts, Policy } from '../../functions/core/model/fleet-facts.ts';
import type { Declared } from './declared.ts';
import type { Book } from './people.ts';
import { type FleetScenario, formerRemovals, msAt, SECOND_MS } from './scenario.ts';
import { type View, vantageOf, type Witness } from './witness.ts';
import type { Condition } from './world.ts';

/** How long a failure is remembered, and an hour is the longest cooldown. */
export const MEMORY_SECONDS = 3600;

export interface Life {
  uid: string;
  condition: Condition;
  /** A truthful majority sees it so. */
  isDead: boolean;
  isLiving: boolean;
  /** People say that it is healthy. */
  isTrusted: boolean;
  /** It answers late. */
  isSlow: boolean;
  /** When it did so last. */
  slowTick: number;
  /** The vantages of the voters that truthfully see it dead. */
  vantages: number;
  /** The vantages of those that say that it fails, whether or not that is true. */
  saidBy: number;
  /** What a majority says of it now, whether or not that is true; unknown: there is none. */
  said: 'healthy' | 'unhealthy' | 'unknown';
  /** Since when a majority says that it fails, whether or not that is true. */
  failingSinceTick?: number | undefined;
  /** When a majority began to say so, each time. */
  failuresTick: number[];
  /** When it could be taken out, as far as `maxRemoved` allows that, each time. */
  removalsTick: number[];
  /** When that began while the cluster had more to serve than it can. */
  fallsTick: number[];
  /** A drill of it may begin by itself. */
  isRehearsed: boolean;
  /** When it was slow, or people or a mode other than automatic held it, last. */
  touchedTick: number;
  /** A truthful majority has seen it living at some time. */
  wasLiving: boolean;
  /** A majority has said at some time that it is healthy, whether or not that was true. */
  wasFound: boolean;
  /** How long a majority has said that it is healthy since it failed last, with pauses. */
  healthySeconds: number;
}

export class Chronicle {
  readonly lives = new Map<string, Life>();
  /** When clusters could be taken out that are gone since. */
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

  /** A cluster of another site failed shortly before or after it, and voters of one vantage alone say so: people may be asked first. */
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

  /** It was taken out within the window before, fewer others than may be were, or people have said that it does not matter. */
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

  /** It is taken for failing from now on, by its voters or because people have believed in it for long enough. */
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

  /** It is well, and has been for so long that nothing that has ever happened to it can still hold it back. */
  isSpotless(name: string, tick: number): boolean {
    const life = this.lives.get(name);
    if (life === undefined || !life.isLiving) return false;
    const lastFailureTick = life.failuresTick.at(-1) ?? Number.NEGATIVE_INFINITY;
    return tick - Math.max(lastFailureTick, life.touchedTick) > 2 * MEMORY_SECONDS;
  }
}

/** Those that began to fail first are taken out first. */
function inOrder(clusters: readonly ClusterFacts[], lives: ReadonlyMap<string, Life>): ClusterFacts[] {
  const sinceTick = ({ name }: ClusterFacts) => lives.get(name)?.failingSinceTick ?? Number.POSITIVE_INFINITY;
  return clusters.toSorted((a, b) => sinceTick(a) - sinceTick(b));
}

/** A closed gate keeps its traffic where it is. */
export function isGated({ safety }: Policy, name: string): boolean {
  return safety.gates.some(({ open, clusters }) => !open && (clusters?.includes(name) ?? true));
}

/** A drill of it begins by itself in such a window. */
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

/** What the chronicle is written from. */
export interface Sight {
  witness: Witness;
  view: View;
  book: Book;
  conditionOf: (facts: ClusterFacts) => Condition;
  isSlow: (facts: ClusterFacts) => boolean;
  /** What gateways send to the cluster or are being told to, in requests per second. */
  loadOf: (cluster: string) => number;
}

const LONGEST_FALL_SECONDS = 24 * MEMORY_SECONDS;

/** How many clusters automation may take out within the window. */
export function mostRemoved(
  { clusters, percent = 100 }: { clusters?: number | undefined; percent?: number | undefined },
  count: number,
): number {
  return clusters ?? Math.max(1, Math.floor((count * percent) / 100));
}

/** It went down above its capacity so lately that it need not be trusted with more again: for an hour, doubling each time, up to a day. */
export function hasFallen({ fallsTick }: Life, tick: number): boolean {
  const last = fallsTick.at(-1);
  if (last === undefined) return false;
  return tick - last < Math.min(MEMORY_SECONDS * 2 ** (fallsTick.length - 1), LONGEST_FALL_SECONDS);
}
