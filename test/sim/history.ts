import type { Situation, TrafficChange, Verdict } from '../../functions/core/situation.ts';
import type { Declared } from './declared.ts';
import type { FleetEvent } from './events.ts';
import type { Fleet } from './fleet.ts';
import type { Gateway, Programmed } from './gateway.ts';
import type { Truth } from './world.ts';

/** A decision that was taken, with what was in force before and after it. */
export interface DecisionEntry {
  tick: number;
  fleet: Fleet;
  situation: Situation;
  verdict: Verdict;
  before: Programmed;
  after: Programmed;
}

export interface TickEntry {
  tick: number;
  fleet: Fleet;
  declared: Declared;
  active: readonly FleetEvent[];
  truths: ReadonlyMap<string, Truth>;
  /** An edit or a fault began or ended in this tick. */
  hasChanged: boolean;
  /** Nothing holds up the control plane or the gateways. */
  isCalm: boolean;
}

export interface VerifiedEntry {
  tick: number;
  fleet: Fleet;
  gateway: Gateway;
}

/** Says what is wrong, if anything is. */
type Judge<T> = (entry: T) => string | undefined;

/** An invariant, told everything that happens to one fleet. `name` is the one of FAILOVER.md 3.4. */
export interface Invariant {
  name: string;
  decided?: Judge<DecisionEntry>;
  ticked?: Judge<TickEntry>;
  verified?: Judge<VerifiedEntry>;
  /** After the time to come to rest. */
  ended?: Judge<TickEntry>;
}

export interface Violation {
  invariant: string;
  fleet: string;
  tick: number;
  detail: string;
}

export class ViolationError extends Error {
  readonly violation: Violation;

  constructor(violation: Violation) {
    super(`${violation.invariant} at tick ${violation.tick} of ${violation.fleet}: ${violation.detail}`);
    this.violation = violation;
  }
}

/** Automation did it, and it was done: people and recommendations are not judged by what binds automation. */
export function isAutomatic({ situation, verdict }: Pick<DecisionEntry, 'situation' | 'verdict'>): boolean {
  return situation.command === undefined && verdict.outcome === 'applied';
}

/** What is left to a cluster of its share, of what automation takes from it because of its health. */
export function automaticPercent(traffic: Situation['traffic'], cluster: string): number {
  return traffic.automation.outages.find((item) => item.cluster === cluster)?.percent ?? 100;
}

/** Clusters that automation takes out; those that are new and wait for their first share were never in. */
export function withdrawnBy({ verdict, situation }: DecisionEntry): string[] {
  return situation.clusters
    .map(({ name }) => name)
    .filter((name) => !isJoining(verdict.traffic, name))
    .filter((name) => automaticPercent(verdict.traffic, name) < automaticPercent(situation.traffic, name));
}

export function isJoining({ automation }: Situation['traffic'], name: string): boolean {
  return automation.outages.some(({ cluster, phase }) => cluster === name && phase === 'joining');
}

export function textOf(change: TrafficChange): string {
  return `${change.action} ${change.cluster} ${change.fromPercent}→${change.toPercent} (${change.reason})`;
}
