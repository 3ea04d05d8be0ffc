import type { RuleResult } from '../../../schemas/decision.ts';
import type { Voter } from '../../../schemas/failover.ts';
import { type Tally, tally } from '../health/votes.ts';
import { saidAtMs } from '../health/vouch.ts';
import type { ClusterFacts, Placement } from '../model/fleet-facts.ts';
import type { Situation, Verdict } from './situation.ts';
import type { Finding } from './standing.ts';
import { type ClusterState, freshStateOf, type Traffic } from './traffic.ts';

/** A cluster, and what is known of it now. */
export interface Watched {
  facts: ClusterFacts;
  record: Situation['health'][number] | undefined;
  tally: Tally;
  /** Somebody watches it. */
  isWatched: boolean;
}

/** A situation as the steps of a decision see it. */
export interface Context {
  situation: Situation;
  /** By name. */
  clusters: ReadonlyMap<string, Watched>;
  /** The placements of which a cluster is a member, by name. */
  placements: ReadonlyMap<string, readonly Placement[]>;
  /** What the clock of each voter showed when it said something last, of whichever cluster. */
  clocksMs: ReadonlyMap<string, number>;
  /** Automation moves traffic; without, it recommends. */
  acts: boolean;
  /** When every gateway that takes writes was verified to follow; undefined while one has yet to. */
  verifiedAtMs: number | undefined;
}

/** What a step has looked at and found, for whoever reads the decision. */
export interface Trace {
  rules: RuleResult[];
  events: Verdict['events'];
  endings: Verdict['endings'];
}

/** What a step of a decision comes to. refused: a person asked for what a rule forbids. */
export type StepResult =
  | { type: 'unchanged'; trace?: Partial<Trace> }
  | { type: 'moved'; traffic: Traffic; trace?: Partial<Trace> }
  | { type: 'refused'; trace: Partial<Trace> };

/** One thing that may change the state of a fleet; steps follow one another, each upon what the last has left. */
export type Step = (context: Context, traffic: Traffic) => StepResult;

export const UNCHANGED: StepResult = { type: 'unchanged' };

export function moved(traffic: Traffic, trace?: Partial<Trace>): StepResult {
  return trace ? { type: 'moved', traffic, trace } : { type: 'moved', traffic };
}

/** A refusal by one rule. */
export function refused(rule: string, detail: string, cluster?: string): StepResult {
  return { type: 'refused', trace: { rules: [result(rule, false, detail, cluster)] } };
}

export function result(rule: string, passed: boolean, detail: string, cluster?: string): RuleResult {
  return { rule, ...(cluster !== undefined && { cluster }), passed, detail };
}

export function contextOf(situation: Situation): Context {
  const clusters = new Map<string, Watched>();
  const records = new Map(situation.health.map((record) => [`${record.cluster}/${record.uid}`, record]));
  for (const facts of situation.clusters) {
    const record = records.get(`${facts.name}/${facts.uid}`);
    clusters.set(facts.name, watched(facts, record, situation));
  }
  const acts = situation.policy.automation === 'automatic';
  const placements = placementsByCluster(situation);
  return { situation, clusters, placements, clocksMs: clocksOf(situation), acts, verifiedAtMs: situation.verifiedAtMs };
}

function placementsByCluster({ placements }: Situation): Context['placements'] {
  const found = new Map<string, Placement[]>();
  for (const placement of placements) {
    for (const { cluster } of placement.members) {
      const own = found.get(cluster);
      if (own) own.push(placement);
      else found.set(cluster, [placement]);
    }
  }
  return found;
}

function clocksOf({ health }: Situation): Context['clocksMs'] {
  const found = new Map<string, number>();
  for (const vote of health.flatMap(({ votes }) => votes)) {
    found.set(vote.voter, Math.max(saidAtMs(vote), found.get(vote.voter) ?? 0));
  }
  return found;
}

function watched(facts: ClusterFacts, record: Watched['record'], { policy, nowMs }: Situation): Watched {
  const voters = policy.voters.filter((voter: Voter) => facts.voters.includes(voter.name));
  const counted = tally(record, voters, policy.health, nowMs);
  return { facts, record, tally: counted, isWatched: counted.votes.length > 0 };
}

/** The state of a cluster; one that is up where nothing is remembered. */
export function stateOf(traffic: Traffic, { name, uid }: ClusterFacts): ClusterState {
  return traffic.clusters.find(({ cluster }) => cluster === name) ?? freshStateOf(name, uid);
}

/** The states of all clusters, by name. */
export function statesOf({ clusters }: Context, traffic: Traffic): Map<string, ClusterState> {
  const known = new Map(traffic.clusters.map((state) => [state.cluster, state]));
  return new Map([...clusters].map(([name, { facts }]) => [name, known.get(name) ?? freshStateOf(name, facts.uid)]));
}

/** What the voters of a cluster say of it, or a person instead of them. */
export function findingOf(traffic: Traffic, { facts, tally: counted, isWatched }: Watched): Finding {
  return isKept(traffic, facts) || !isWatched ? 'healthy' : counted.verdict;
}

/** A person says that it is healthy. */
export function isKept({ shifts }: Traffic, { name }: ClusterFacts): boolean {
  return shifts.some(({ mode, cluster }) => mode === 'keep' && cluster === name);
}
