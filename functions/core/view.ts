import type { RuleResult } from '../../schemas/decision.ts';
import type { Voter } from '../../schemas/failover.ts';
import type { Rules } from './rules.ts';
import type { ClusterFacts, Situation, Verdict } from './situation.ts';
import type { Traffic } from './traffic.ts';
import type { Tally } from './votes.ts';

/** A cluster, and what is known of its health now. */
export interface Watched {
  facts: ClusterFacts;
  record: Situation['health'][number] | undefined;
  tally: Tally;
  /** Somebody watches it. */
  isWatched: boolean;
}

/** What a decision has looked at so far, for whoever reads it. */
export interface Notes {
  rules: RuleResult[];
  events: Verdict['events'];
  endings: Verdict['endings'];
  /** Why the share of a cluster changes. */
  reasons: Map<string, string>;
  /** What could not be done, by cluster, and the rule that forbids it. */
  blocked: Map<string, string>;
  /** A cluster has got more: the next step waits until that is verified. */
  hasStepped: boolean;
}

/** A situation as decisions see it. */
export interface View {
  situation: Situation;
  rules: Rules;
  /** By name. */
  clusters: ReadonlyMap<string, Watched>;
  /** What was in force before. */
  base: Traffic;
  /** Automation moves traffic; without, it does what people have asked for. */
  acts: boolean;
  notes: Notes;
}

export function viewOf(rules: Rules, situation: Situation): View {
  const clusters = new Map<string, Watched>();
  for (const facts of situation.clusters) clusters.set(facts.name, watched(facts, rules, situation));
  const acts = situation.policy.automation === 'automatic';
  return { situation, rules, clusters, base: situation.traffic, acts, notes: freshNotes() };
}

export function freshNotes(): Notes {
  return { rules: [], events: [], endings: [], reasons: new Map(), blocked: new Map(), hasStepped: false };
}

function watched(facts: ClusterFacts, rules: Rules, { policy, health, nowMs }: Situation): Watched {
  const record = health.find((item) => item.cluster === facts.name && item.uid === facts.uid);
  const voters = policy.voters.filter((voter: Voter) => facts.voters.includes(voter.name));
  const tally = rules.verdictOf(record, voters, policy.health, nowMs, rules.votes);
  return { facts, record, tally, isWatched: voters.length > 0 };
}

/** Found healthy now, and since when; undefined while it is not. */
export function healthySinceMs({ record, tally }: Watched): number | undefined {
  return tally.verdict === 'healthy' && record?.state === 'healthy' ? record.sinceMs : undefined;
}

/** Found unhealthy now, and since when; undefined while it is not. */
export function failedAtMs({ record, tally }: Watched, nowMs: number): number | undefined {
  if (tally.verdict !== 'unhealthy') return undefined;
  return record?.state === 'unhealthy' ? record.sinceMs : nowMs;
}

/** Nothing speaks against giving it more. */
export function isFit(item: Watched): boolean {
  return !item.isWatched || item.tally.verdict === 'healthy';
}

export function note({ notes }: View, rule: string, passed: boolean, detail: string, cluster?: string): void {
  notes.rules.push({ rule, ...(cluster !== undefined && { cluster }), passed, detail });
}
