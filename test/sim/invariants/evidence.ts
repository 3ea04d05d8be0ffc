import type { ClusterFacts, Situation } from '../../../functions/core/situation.ts';
import type { Fleet } from '../fleet.ts';
import {
  automaticPercent,
  type DecisionEntry,
  type Invariant,
  isAutomatic,
  type TickEntry,
  withdrawnBy,
} from '../history.ts';
import { msAt, SECOND_MS } from '../scenario.ts';
import { isUndisturbed } from '../world.ts';
import { forbids } from './forbids.ts';

/** Invariants of evidence: judged by what voters were really told, not by what the product made of it. */

function votersOf({ policy }: Pick<Situation, 'policy'>, { voters }: ClusterFacts) {
  return policy.voters.filter(({ name }) => voters.includes(name));
}

/** I3. A voter says truthfully up when its last U results that say something are ok, and the cluster was up each time. */
export function noFalseFailover({ oracle }: Fleet): Invariant {
  return {
    name: 'I3',
    decided: (entry) => {
      if (!isAutomatic(entry)) return undefined;
      const { situation } = entry;
      const { health } = situation.policy;
      for (const name of withdrawnBy(entry)) {
        const facts = situation.clusters.find((item) => item.name === name);
        if (!facts || isJoining(entry, name)) continue;
        const says = ({ truthfulOks }: { truthfulOks: number }) => truthfulOks >= health.successThreshold;
        const { votes, isMajority } = oracle.count(
          facts.uid,
          votersOf(situation, facts),
          health,
          situation.nowMs,
          says,
        );
        if (isMajority)
          return `${name} is withdrawn, and ${votes} of ${facts.voters.length} voters truthfully see it up`;
      }
      return undefined;
    },
  };
}

function isJoining({ verdict }: DecisionEntry, name: string): boolean {
  return verdict.traffic.automation.outages.some(({ cluster, phase }) => cluster === name && phase === 'joining');
}

/** I5, R2 and R3: no withdrawal without a majority for it, and nothing at all without a majority of fresh evidence that is not void. */
export function unknownIsInert(fleet: Fleet): Invariant {
  return {
    name: 'I5',
    decided: (entry) => {
      if (!isAutomatic(entry)) return undefined;
      const { situation, verdict } = entry;
      for (const facts of situation.clusters) {
        const [before, after] = [situation.traffic, verdict.traffic].map((item) => automaticPercent(item, facts.name));
        if (before === after || facts.voters.length === 0 || isJoining(entry, facts.name)) continue;
        const { health } = situation.policy;
        const voters = votersOf(situation, facts);
        const valid = voters.filter(({ name }) => !fleet.isSuspect(name, situation.nowMs));
        const count = (says: Parameters<typeof fleet.oracle.count>[4]) => {
          const { votes, isSufficient } = fleet.oracle.count(facts.uid, valid, health, situation.nowMs, says);
          return votes * 2 > voters.length && isSufficient;
        };
        if (!count(() => true)) return `${facts.name} moves, and most of its voters say nothing`;
        if (Number(after) < Number(before) && !count(({ state }) => state === 'down')) {
          return `${facts.name} is withdrawn, and no majority sees it down`;
        }
        if (Number(after) > Number(before) && !count(({ state }) => state === 'up')) {
          return `${facts.name} returns, and no majority sees it up`;
        }
      }
      return undefined;
    },
  };
}

/** Pushed in the second of the decision, verified in the next, and one to spare. */
const PUSH_SECONDS = 3;

export function boundSeconds({ health }: Situation['policy']): number {
  return (health.failureThreshold + 1) * health.intervalSeconds + health.timeoutSeconds + PUSH_SECONDS;
}

/**
 * I4, and with it I17: a cluster that is down, for a majority of undisturbed voters, with nothing in the way, has no share within the
 * bound. The time counts from when all of this has been so.
 */
export function boundedDetection(): Invariant {
  const since = new Map<string, number>();
  return {
    name: 'I4',
    ticked: (entry) => {
      for (const facts of entry.declared.clusters) {
        if (entry.truths.get(facts.name) !== 'down' || isObstructed(entry, facts)) {
          since.delete(facts.uid);
          continue;
        }
        const sinceTick = since.get(facts.uid) ?? entry.tick;
        since.set(facts.uid, sinceTick);
        const seconds = entry.tick - sinceTick;
        if (seconds <= boundSeconds(entry.declared.policy) || forbids(entry.fleet, facts)) continue;
        const gateway = servedBy(entry, facts.name);
        if (gateway) return `${facts.name} has been down for ${seconds} s, and ${gateway} still sends requests to it`;
      }
      return undefined;
    },
  };
}

/** For something other than evidence; whatever has just changed needs its time too. */
export function isObstructed(
  { fleet, declared, active, hasChanged, isCalm, tick }: TickEntry,
  facts: ClusterFacts,
): boolean {
  if (hasChanged || !isCalm || declared.policy.automation !== 'automatic') return true;
  if (forbids(fleet, facts)) return true;
  const able = votersOf(declared, facts).filter(
    ({ name }) => isUndisturbed(name, facts.name, active) && !fleet.isSuspect(name, msAt(tick)),
  );
  return able.length * 2 <= facts.voters.length || able.every(({ type }) => type === 'gateway-view');
}

/** The gateway that sends it anything that it should not. */
export function servedBy({ fleet, declared }: Pick<TickEntry, 'fleet' | 'declared'>, name: string): string | undefined {
  const movable = declared.pools.filter(({ pinned }) => !pinned);
  return fleet.stored.gateways.find(({ applied }) =>
    movable.some(({ key }) => applied[key]?.some(({ cluster, percent }) => cluster === name && percent > 0)),
  )?.name;
}

/** I16, R8: whatever is edited, the counts of each voter are what it said, told again from the beginning. */
export function editSafety({ oracle }: Fleet): Invariant {
  return {
    name: 'I16',
    ticked: ({ fleet, declared, tick }) => {
      if (tick % 5 !== 0) return undefined;
      for (const { uid, name } of declared.clusters) {
        for (const vote of fleet.stored.health[uid]?.votes ?? []) {
          const told = oracle.of(uid, vote.voter);
          if (!told || told.atMs !== vote.observedAtMs) continue;
          const state = vote.state === 'healthy' ? 'up' : vote.state === 'unhealthy' ? 'down' : 'unsure';
          if (told.fails === vote.consecutiveFailures && told.oks === vote.consecutiveSuccesses && told.state === state)
            continue;
          return `of ${name}, ${vote.voter} said ${told.state} after ${told.fails} failures, and is remembered as ${state} after ${vote.consecutiveFailures}`;
        }
      }
      return undefined;
    },
  };
}

/** R18: automation does not take out clusters of two fault domains that failed within one window, unless somebody has told it to go on. */
export function correlation({ oracle }: Fleet): Invariant {
  const downSince = new Map<string, number>();
  let removed: { name: string; domain: string; atMs: number; downMs: number }[] = [];
  return {
    name: 'R18',
    ticked: ({ declared, tick }) => {
      for (const facts of declared.clusters) {
        const { health } = declared.policy;
        const says = ({ state }: { state: string }) => state === 'down';
        const { isMajority, isSufficient } = oracle.count(
          facts.uid,
          votersOf(declared, facts),
          health,
          msAt(tick),
          says,
        );
        if (!isMajority || !isSufficient) downSince.delete(facts.name);
        else if (!downSince.has(facts.name)) downSince.set(facts.name, msAt(tick));
      }
      return undefined;
    },
    decided: (entry) => {
      const { situation } = entry;
      if (situation.command?.type === 'resume') removed = [];
      if (!isAutomatic(entry)) return undefined;
      const { action, windowSeconds } = situation.policy.failover.correlation;
      for (const name of withdrawnBy(entry)) {
        const facts = situation.clusters.find((item) => item.name === name);
        if (!facts || isJoining(entry, name)) continue;
        const downMs = downSince.get(name) ?? situation.nowMs;
        const isNear = (ms: number) => Math.abs(downMs - ms) <= (windowSeconds - 2) * SECOND_MS;
        const other = removed.find(
          (item) =>
            item.domain !== facts.faultDomain &&
            isNear(item.atMs) &&
            isNear(item.downMs) &&
            exists(situation, item.name),
        );
        if (action === 'halt' && other) return `${name} is taken out within ${windowSeconds} s of ${other.name}`;
        removed.push({ name, domain: facts.faultDomain, atMs: situation.nowMs, downMs });
      }
      return undefined;
    },
  };
}

function exists({ clusters }: Situation, cluster: string): boolean {
  return clusters.some(({ name }) => name === cluster);
}
