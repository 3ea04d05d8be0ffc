import { effectiveShares } from '../../../functions/core/distribution.ts';
import type { Pool, Share } from '../../../functions/core/ir.ts';
import { placementKey } from '../../../functions/core/placements.ts';
import type { ClusterFacts, Policy } from '../../../functions/core/situation.ts';
import { NO_TRAFFIC, type Traffic } from '../../../functions/core/traffic.ts';
import type { SafetyRuleName } from '../../../schemas/failover.ts';
import type { Fleet } from '../fleet.ts';
import type { Programmed } from '../gateway.ts';
import { type DecisionEntry, type Invariant, isAutomatic, isJoining, withdrawnBy } from '../history.ts';
import { SECOND_MS } from '../scenario.ts';

/** Invariants of weights: what gateways may be made to do, by anybody. */

export function conservation(): Invariant {
  return {
    name: 'I1',
    verified: ({ fleet, gateway }) => {
      for (const pool of fleet.declared.pools) {
        const percents = (gateway.applied[pool.key] ?? []).map(({ percent }) => percent);
        const sum = percents.reduce((total, percent) => total + percent, 0);
        const areWhole = percents.every((percent) => Number.isInteger(percent) && percent >= 0 && percent <= 100);
        if (!areWhole || (sum !== 100 && !isRejected(fleet, percents))) return `${pool.key} has ${percents.join(', ')}`;
        const idle = pool.members.find(({ weight }, index) => weight === 0 && (percents[index] ?? 0) > 0);
        if (idle) return `${idle.cluster} has a share of ${pool.key}, and no weight`;
      }
      return undefined;
    },
  };
}

function isRejected(fleet: Fleet, percents: readonly number[]): boolean {
  const { mode } = fleet.declared.policy.failover.panic;
  const { panics } = fleet.stored.traffic.automation;
  return (
    percents.every((percent) => percent === 0) && (mode === 'reject' || panics.some((panic) => panic.mode === 'reject'))
  );
}

export function neverEmpty(): Invariant {
  return {
    name: 'I2',
    decided: ({ fleet, before, after, verdict }) => {
      if (verdict.outcome !== 'applied') return undefined;
      const empty = fleet.declared.pools.find(({ key }) => total(before[key]) > 0 && total(after[key]) === 0);
      if (!empty || isRejected(fleet, [0])) return undefined;
      return `${empty.key} is left without any share`;
    },
  };
}

/** I8: no write breaks a rule that held, unless a live break-glass names it. What has not joined yet takes nothing from anybody. */
export function safetyRules(): Invariant {
  const removals: { cluster: string; atMs: number }[] = [];
  return {
    name: 'I8',
    decided: (entry) => {
      const { situation, verdict, before, after, fleet } = entry;
      if (verdict.outcome !== 'applied') return undefined;
      const { nowMs, policy } = situation;
      if (isAutomatic(entry)) removals.push(...withdrawnBy(entry).map((cluster) => ({ cluster, atMs: nowMs })));
      const windowMs = (policy.safety.maxRemoved?.windowSeconds ?? 0) * SECOND_MS;
      const recent = removals.filter(({ atMs }) => nowMs - atMs < windowMs).map(({ cluster }) => cluster);
      const removed = isAutomatic(entry) ? recent : [];
      for (const declared of fleet.declared.pools) {
        const hasJoined = ({ cluster }: { cluster: string }) => !isJoining(verdict.traffic, cluster);
        const pool = { ...declared, members: declared.members.filter(hasJoined) };
        const [then, now] = [before, after].map((programmed) => (programmed[pool.key] ?? []).filter(hasJoined));
        const broken = brokenRule(entry, pool, then ?? [], now ?? [], removed);
        if (broken) return broken;
      }
      return undefined;
    },
  };
}

function brokenRule(
  entry: DecisionEntry,
  pool: Pool,
  before: readonly Share[],
  after: readonly Share[],
  removed: readonly string[],
): string | undefined {
  const { safety } = entry.situation.policy;
  const isJudged = !pool.pinned && total(after) > 0 && !isContradictory(pool, safety);
  const isBack = isGivingBack(entry) || isShiftOver(entry);
  const counts = (rule: SafetyRuleName) => isJudged && !isSetAside(entry, rule) && !isBack;
  const [then, now] = [serving(before), serving(after)];
  if (counts('min-serving') && now.length < safety.minServingClusters && now.length < then.length) {
    return `min-serving: ${now.length} clusters of ${pool.key} serve`;
  }
  const isFlat = new Set(pool.members.map(({ tier }) => tier)).size === 1;
  const parts = [baseOf(pool, then), baseOf(pool, now), baseOf(pool, removed)] as const;
  if (counts('min-base') && isFlat && parts[1] < Math.min(safety.minBasePercent, parts[0])) {
    return `min-base: clusters with ${parts[1]} % of ${pool.key} serve`;
  }
  const hasLost = removed.some((name) => then.includes(name) && !now.includes(name));
  if (counts('max-removed') && isFlat && hasLost && parts[2] > (safety.maxRemoved?.percent ?? 100) + 1) {
    return `max-removed: ${parts[2]} % of ${pool.key} are removed`;
  }
  const lost = safety.exclusive.find((set) => isLost(pool, set, now) && !isLost(pool, set, then));
  if (counts('exclusive') && lost) return `exclusive: ${lost.join(' and ')} are at 0 of ${pool.key}`;
  // Loads that change may move shares past a closed gate: whether they should is not settled.
  const isOnlyLoad = entry.verdict.changes.every(({ action }) => action === 'reallocate');
  const hasNewcomer = entry.situation.clusters.some((facts) => isNew(entry, facts));
  if (isSetAside(entry, 'gate') || isOnlyLoad || hasNewcomer) return undefined;
  const closed = safety.gates.filter(({ open }) => !open);
  const moved = after.find(({ cluster, percent }) => {
    const isHeld = closed.some(({ clusters }) => clusters === undefined || clusters.includes(cluster));
    return isHeld && percent !== (before.find((share) => share.cluster === cluster)?.percent ?? 0);
  });
  return moved && `gate: the share of ${moved.cluster} moves`;
}

/** What is declared comes back, step by step: that takes from those who filled in. */
function isGivingBack({ situation, verdict }: DecisionEntry): boolean {
  const percentOf = ({ withdrawals }: Traffic, name: string) =>
    withdrawals.find(({ cluster }) => cluster === name)?.percent ?? 100;
  return situation.clusters.some(({ name }) => percentOf(verdict.traffic, name) > percentOf(situation.traffic, name));
}

/** It has just been added, or is another one of the same name: who added it has moved the share. */
function isNew({ situation, verdict }: DecisionEntry, { name, uid }: ClusterFacts): boolean {
  const known = situation.traffic.automation.outages.find(({ cluster }) => cluster === name);
  return known ? known.uid !== uid : isJoining(verdict.traffic, name);
}

/** A shift that kept a cluster in has ended, which nothing can refuse: automation has its say again. */
function isShiftOver({ situation, verdict }: DecisionEntry): boolean {
  const live = verdict.traffic.shifts.filter(({ phase }) => phase !== 'returning');
  return situation.traffic.shifts.some(
    ({ name, phase }) => phase !== 'returning' && live.every((shift) => shift.name !== name),
  );
}

/** What people declare of the pool breaks the rules already. */
export function isContradictory(pool: Pool, { minServingClusters, minBasePercent }: Policy['safety']): boolean {
  const declared = serving(effectiveShares(pool, NO_TRAFFIC));
  return declared.length < minServingClusters || baseOf(pool, declared) < minBasePercent;
}

/** What people declare is above what a cluster may serve already. */
export function isOverloaded(fleet: Fleet): boolean {
  const { clusters, pools, policy } = fleet.declared;
  const loads = loadsOf(fleet, Object.fromEntries(pools.map((pool) => [pool.key, effectiveShares(pool, NO_TRAFFIC)])));
  const part = 1 - policy.failover.headroomPercent / 100;
  return clusters.some(({ name, capacity }) => (loads.get(name) ?? 0) > (capacity ?? Number.POSITIVE_INFINITY) * part);
}

function isSetAside({ situation, verdict }: DecisionEntry, rule: SafetyRuleName): boolean {
  const all = [...situation.traffic.breakGlasses, ...verdict.traffic.breakGlasses];
  return all.some(({ rules, expiresAtMs }) => rules.includes(rule) && expiresAtMs > situation.nowMs);
}

function serving(shares: readonly Share[]): string[] {
  return shares.filter(({ percent }) => percent > 0).map(({ cluster }) => cluster);
}

export function baseOf({ members }: Pick<Pool, 'members'>, names: readonly string[]): number {
  const all = members.reduce((sum, { weight }) => sum + weight, 0);
  const part = members.filter(({ cluster }) => names.includes(cluster)).reduce((sum, { weight }) => sum + weight, 0);
  return all === 0 ? 0 : Math.floor((100 * part) / all);
}

function isLost(pool: Pool, set: readonly string[], now: readonly string[]): boolean {
  const hasAll = set.every((name) => pool.members.some(({ cluster, weight }) => cluster === name && weight > 0));
  return hasAll && set.every((name) => !now.includes(name));
}

/** I12. Who was over its ceiling already may be relieved by anybody. */
export function noOverloadByChoice(): Invariant {
  return {
    name: 'I12',
    decided: (entry) => {
      const { verdict, situation, fleet, before, after } = entry;
      if (verdict.outcome !== 'applied' || isSetAside(entry, 'capacity')) return undefined;
      const [then, now] = [loadsOf(fleet, before), loadsOf(fleet, after)];
      const part = 1 - situation.policy.failover.headroomPercent / 100;
      const capped = situation.clusters.map(({ name, capacity = Number.POSITIVE_INFINITY }) => ({
        name,
        ceiling: capacity * part,
      }));
      if (capped.some(({ name, ceiling }) => (then.get(name) ?? 0) > ceiling + 1e-6)) return undefined;
      const hot = capped.find(({ name, ceiling }) => (now.get(name) ?? 0) > ceiling + 1e-6);
      const hasDead = verdict.traffic.withdrawals.some(({ cause }) => cause === 'failure');
      if (!hot) return undefined;
      const roomy =
        hasDead && verdict.flags.includes('overload') ? roomBeside(entry, hot.name, now, capped) : 'nobody dead';
      return roomy && `${hot.name} has to serve ${now.get(hot.name)}/s, of ${hot.ceiling}; there is ${roomy}`;
    },
  };
}

/** Somebody fully in who could take a point of what is too much for the cluster; where pools compete for room it is not looked for. */
function roomBeside(
  { fleet, verdict, after }: DecisionEntry,
  hot: string,
  loads: ReadonlyMap<string, number>,
  capped: readonly { name: string; ceiling: number }[],
): string | undefined {
  const { withdrawals, automation } = verdict.traffic;
  const loaded = fleet.declared.pools.filter(({ load = 0, pinned }) => load > 0 && !pinned);
  if (automation.panics.length > 0 || loaded.length > 1) return undefined;
  const isIn = (name: string) => withdrawals.every(({ cluster }) => cluster !== name);
  for (const { key, members, pinned, load = 0 } of fleet.declared.pools) {
    const isHot = after[key]?.some(({ cluster, percent }) => cluster === hot && percent > 1);
    if (pinned || load === 0 || !isHot) continue;
    const able = members.filter(({ cluster, weight }) => weight > 0 && cluster !== hot && isIn(cluster));
    const roomy = able.find(({ cluster }) => {
      const ceiling = capped.find(({ name }) => name === cluster)?.ceiling ?? 0;
      return (loads.get(cluster) ?? 0) + load / 50 <= ceiling;
    });
    if (roomy) return `room at ${roomy.cluster} for ${key}`;
  }
  return undefined;
}

export function loadsOf(fleet: Fleet, programmed: Programmed): Map<string, number> {
  const loads = new Map<string, number>();
  for (const { key, load = 0 } of fleet.declared.pools) {
    for (const { cluster, percent } of programmed[key] ?? []) {
      loads.set(cluster, (loads.get(cluster) ?? 0) + (load * percent) / 100);
    }
  }
  return loads;
}

function total(shares: readonly Share[] = []): number {
  return shares.reduce((sum, { percent }) => sum + percent, 0);
}

/** R13: with so little left, by number and by capacity, the declared mode is in force; with clearly enough left it is not. */
export function panicMode(): Invariant {
  return {
    name: 'R13',
    decided: (entry) => {
      const { fleet, verdict } = entry;
      const { withdrawals } = verdict.traffic;
      const areFailures = withdrawals.every(({ cause }) => cause === 'failure' || cause === 'return');
      if (!isAutomatic(entry) || !areFailures) return undefined;
      const movable = fleet.declared.pools.filter(({ pinned }) => !pinned);
      return movable.map((pool) => panicFault(entry, pool)).find((detail) => detail !== undefined);
    },
  };
}

function panicFault(entry: DecisionEntry, pool: Pool): string | undefined {
  const { situation, verdict, before, after } = entry;
  const { thresholdPercent, mode } = situation.policy.failover.panic;
  const { least, most } = leftOf(entry, pool);
  const isIn = ({ automation }: Traffic) => automation.panics.some(({ placement }) => placement === placementKey(pool));
  const isPanic = isIn(verdict.traffic);
  if (least >= Math.min(100, thresholdPercent + 10) && isPanic) return `${pool.key} panics with ${least} % left`;
  if (most >= thresholdPercent) return undefined;
  if (!isPanic) return `${pool.key} does not panic with ${most} % left`;
  if (mode === 'reject' && total(after[pool.key]) > 0) return `${pool.key} is not rejected`;
  const hasServed = (before[pool.key] ?? []).some(({ cluster, percent }) => percent > 0 && isFit(entry, cluster));
  const isHeld = isIn(situation.traffic) || JSON.stringify(before[pool.key]) === JSON.stringify(after[pool.key]);
  return mode === 'hold' && hasServed && !isHeld ? `${pool.key} is not held` : undefined;
}

function isFit({ verdict }: DecisionEntry, name: string): boolean {
  return verdict.traffic.withdrawals.every(({ cluster }) => cluster !== name);
}

/** Percent of a pool that has not failed, by number and by capacity. */
function leftOf({ situation, verdict }: DecisionEntry, { members }: Pool): { least: number; most: number } {
  const able = members.filter(({ weight }) => weight > 0).map(({ cluster }) => cluster);
  const capacityOf = (name: string) => situation.clusters.find((facts) => facts.name === name)?.capacity;
  const isOut = (name: string) =>
    verdict.traffic.withdrawals.some((item) => item.cluster === name && item.cause === 'failure');
  const left = able.filter((name) => !isOut(name));
  const sum = (names: readonly string[]) => names.reduce((all, name) => all + (capacityOf(name) ?? 0), 0);
  const byNumber = (100 * left.length) / able.length;
  const isKnown = able.every((name) => capacityOf(name) !== undefined);
  const byCapacity = isKnown ? (100 * sum(left)) / sum(able) : byNumber;
  return { least: Math.min(byNumber, byCapacity), most: Math.max(byNumber, byCapacity) };
}
