import type { VoterRecord } from '../../../functions/core/health.ts';
import type { ClusterFacts, Situation } from '../../../functions/core/situation.ts';
import type { Fleet } from '../fleet.ts';
import {
  automaticPercent,
  type DecisionEntry,
  type Invariant,
  isAutomatic,
  isJoining,
  type TickEntry,
  withdrawnBy,
} from '../history.ts';
import type { Testimony } from '../oracle.ts';
import { msAt, SECOND_MS } from '../scenario.ts';
import { isUndisturbed } from '../world.ts';
import { forbids, poolsToLeave } from './forbids.ts';

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
        if (!facts) continue;
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

/** I5, R2 and R3: nothing moves without a majority of fresh evidence that is not void, and only as that majority says. */
export function unknownIsInert(fleet: Fleet): Invariant {
  return {
    name: 'I5',
    decided: (entry) => {
      if (!isAutomatic(entry)) return undefined;
      const { situation, verdict } = entry;
      for (const facts of watchedMoves(entry)) {
        const { name } = facts;
        const state =
          automaticPercent(verdict.traffic, name) > automaticPercent(situation.traffic, name) ? 'up' : 'down';
        if (!isAgreed(fleet, situation, facts, () => true)) return `${name} moves, and most of its voters say nothing`;
        if (!isAgreed(fleet, situation, facts, (item) => item.state === state)) {
          return `${name} moves, and no majority sees it ${state}`;
        }
      }
      return undefined;
    },
  };
}

/** Not of those that are other ones than before, or that nobody watches. */
function watchedMoves({ situation, verdict }: DecisionEntry): ClusterFacts[] {
  const { traffic } = situation;
  const isSame = ({ name, uid }: ClusterFacts) =>
    traffic.automation.outages.every((outage) => outage.cluster !== name || outage.uid === uid);
  const isMoved = ({ name }: ClusterFacts) =>
    !isJoining(verdict.traffic, name) && automaticPercent(traffic, name) !== automaticPercent(verdict.traffic, name);
  return situation.clusters.filter((facts) => facts.voters.length > 0 && isSame(facts) && isMoved(facts));
}

function isAgreed(
  fleet: Fleet,
  situation: Situation,
  facts: ClusterFacts,
  says: (item: Testimony) => boolean,
): boolean {
  const voters = votersOf(situation, facts);
  const valid = voters.filter(({ name }) => !fleet.isSuspect(name, situation.nowMs));
  const { votes, isSufficient } = fleet.oracle.count(facts.uid, valid, situation.policy.health, situation.nowMs, says);
  return votes * 2 > voters.length && isSufficient;
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
        const gateway = servedBy(entry, facts);
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
export function servedBy({ fleet }: Pick<TickEntry, 'fleet'>, facts: ClusterFacts): string | undefined {
  const keys = poolsToLeave(fleet, facts).map(({ key }) => key);
  return fleet.stored.gateways.find(({ applied }) =>
    keys.some((key) => applied[key]?.some(({ cluster, percent }) => cluster === facts.name && percent > 0)),
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
          if (told && told.atMs === vote.observedAtMs && !isRemembered(vote, told)) {
            return `of ${name}, ${vote.voter} said ${JSON.stringify(told)}, and is remembered as ${JSON.stringify(vote)}`;
          }
        }
      }
      return undefined;
    },
  };
}

const STATES = { healthy: 'up', unhealthy: 'down', unknown: 'unsure' } as const;

function isRemembered({ state, consecutiveFailures, consecutiveSuccesses }: VoterRecord, told: Testimony): boolean {
  return STATES[state] === told.state && consecutiveFailures === told.fails && consecutiveSuccesses === told.oks;
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
        const isSaid = (state: Testimony['state']) => {
          const { voters } = facts;
          const watching = votersOf(declared, facts);
          const { votes, isSufficient } = oracle.count(
            facts.uid,
            watching,
            health,
            msAt(tick),
            (item) => item.state === state,
          );
          return votes * 2 > voters.length && isSufficient;
        };
        if (isSaid('up')) downSince.delete(facts.name);
        else if (!downSince.has(facts.name) && isSaid('down')) downSince.set(facts.name, msAt(tick));
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
        if (!facts) continue;
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
