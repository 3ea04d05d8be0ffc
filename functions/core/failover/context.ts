import type { RuleResult } from '../../../schemas/decision.ts';
import type { Voter } from '../../../schemas/failover.ts';
import { type Tally, tally } from '../health/votes.ts';
import { saidAtMs } from '../health/vouch.ts';
import type { ClusterFacts, Placement } from '../model/fleet-facts.ts';
import type { DecisionInput, DecisionResult } from './decision-input.ts';
import type { QuorumVerdict } from './standing.ts';
import { type ClusterState, freshStateOf, type Traffic } from './traffic.ts';

/** A cluster, with its health record and what its voters say now. */
export interface Watched {
  facts: ClusterFacts;
  record: DecisionInput['health'][number] | undefined;
  tally: Tally;
  /** True when at least one voter watches it. */
  isWatched: boolean;
}

/** The input, indexed for the steps of a decision. */
export interface Context {
  input: DecisionInput;
  /** All clusters, by name. */
  clusters: ReadonlyMap<string, Watched>;
  /** The placements of which a cluster is a member, by the cluster's name. */
  placements: ReadonlyMap<string, readonly Placement[]>;
  /** The latest time on each voter's own clock at which it reported on any cluster. */
  clocksMs: ReadonlyMap<string, number>;
  /** True when automation moves traffic itself; false when it only recommends. */
  acts: boolean;
  /**
   * The time at which all gateways that take writes were verified to follow; undefined while one of them has yet to.
   */
  verifiedAtMs: number | undefined;
}

/** The trace of the steps, for readers of the decision. */
export interface Trace {
  rules: RuleResult[];
  events: DecisionResult['events'];
  endings: DecisionResult['endings'];
}

/** The result of one step of a decision. refused: a person asked for something that a rule forbids. */
export type StepResult =
  | { type: 'unchanged'; trace?: Partial<Trace> }
  | { type: 'moved'; traffic: Traffic; trace?: Partial<Trace> }
  | { type: 'refused'; trace: Partial<Trace> };

/**
 * One kind of change to the failover state of a fleet. Steps run in sequence, each on the result of the one before it.
 */
export type Step = (context: Context, traffic: Traffic) => StepResult;

export const UNCHANGED: StepResult = { type: 'unchanged' };

export function moved(traffic: Traffic, trace?: Partial<Trace>): StepResult {
  return trace ? { type: 'moved', traffic, trace } : { type: 'moved', traffic };
}

/** Returns a refusal by a single rule. */
export function refused(rule: string, detail: string, cluster?: string): StepResult {
  return { type: 'refused', trace: { rules: [ruleResult(rule, false, detail, cluster)] } };
}

export function ruleResult(rule: string, passed: boolean, detail: string, cluster?: string): RuleResult {
  return { rule, ...(cluster !== undefined && { cluster }), passed, detail };
}

export function contextOf(input: DecisionInput): Context {
  const clusters = new Map<string, Watched>();
  const records = new Map(input.health.map((record) => [`${record.cluster}/${record.uid}`, record]));
  for (const facts of input.clusters) {
    const record = records.get(`${facts.name}/${facts.uid}`);
    clusters.set(facts.name, watched(facts, record, input));
  }
  const acts = input.policy.automation === 'automatic';
  const placements = placementsByCluster(input);
  return { input, clusters, placements, clocksMs: clocksOf(input), acts, verifiedAtMs: input.verifiedAtMs };
}

function placementsByCluster({ placements }: DecisionInput): Context['placements'] {
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

function clocksOf({ health }: DecisionInput): Context['clocksMs'] {
  const found = new Map<string, number>();
  for (const vote of health.flatMap(({ votes }) => votes)) {
    found.set(vote.voter, Math.max(saidAtMs(vote), found.get(vote.voter) ?? 0));
  }
  return found;
}

function watched(facts: ClusterFacts, record: Watched['record'], { policy, nowMs }: DecisionInput): Watched {
  const voters = policy.voters.filter((voter: Voter) => facts.voters.includes(voter.name));
  const counted = tally(record, voters, policy.health, nowMs);
  return { facts, record, tally: counted, isWatched: counted.votes.length > 0 };
}

/** Returns the state of a cluster; it is up where nothing is remembered. */
export function stateOf(traffic: Traffic, { name, uid }: ClusterFacts): ClusterState {
  return traffic.clusters.find(({ cluster }) => cluster === name) ?? freshStateOf(name, uid);
}

/** Returns the states of all clusters, by name. */
export function statesOf({ clusters }: Context, traffic: Traffic): Map<string, ClusterState> {
  const known = new Map(traffic.clusters.map((state) => [state.cluster, state]));
  return new Map([...clusters].map(([name, { facts }]) => [name, known.get(name) ?? freshStateOf(name, facts.uid)]));
}

/**
 * Returns what a quorum of its voters says about a cluster. It is healthy when a person says so, or when nobody watches
 * it.
 */
export function quorumVerdictOf(traffic: Traffic, { facts, tally: counted, isWatched }: Watched): QuorumVerdict {
  return isKept(traffic, facts) || !isWatched ? 'healthy' : counted.verdict;
}

/** Tells whether a shift of the mode `keep` declares the cluster healthy. */
export function isKept({ shifts }: Traffic, { name }: ClusterFacts): boolean {
  return shifts.some(({ mode, cluster }) => mode === 'keep' && cluster === name);
}
