import { say } from '../../../schemas/messages/index.ts';
import { placementShares } from '../allocation/points.ts';
import { decide } from '../failover/decide.ts';
import type { DecisionInput, DecisionResult } from '../failover/decision-input.ts';
import { expectedDrillReading } from '../failover/drill-reading.ts';
import type { Traffic } from '../failover/traffic.ts';
import { unknownHealth, type Watch, withObservation } from '../health/record.ts';
import type { HealthRecord, VoterRecord } from '../health/types.ts';
import { isCounted } from '../health/voters.ts';
import { freshnessMs } from '../health/votes.ts';
import { saidAtMs } from '../health/vouch.ts';
import { repeated } from '../health/window.ts';
import type { ClusterFacts, Placement, Policy } from '../model/fleet-facts.ts';
import type { Share } from '../model/ir.ts';
import { type Batch, failsFromMs, type Scenario, sourceOf } from './scenario.ts';

/**
 * The most decisions of a simulation, and the most observations that it may take in: it has to fit into the processor
 * time of one request.
 */
const MAX_EVALUATIONS = 2000;
const MAX_OBSERVATIONS = 60_000;

export interface SimulationSetup {
  /** The state at the beginning of the simulation. */
  input: DecisionInput;
  scenario: Scenario;
  durationMs: number;
  /** The time from a decision until gateways are verified to follow. */
  pushMs: number;
  /**
   * The only service whose backends are reported, which then do not share placements with others; absent when all are.
   */
  service?: string | undefined;
}

/** A decision of a simulation. Times are milliseconds after its beginning. */
export type SimulatedDecision = Pick<DecisionResult, 'outcome' | 'changes' | 'rules' | 'flags'> & { atMs: number };

/** The traffic that is in force from a time on. */
export interface Phase {
  atMs: number;
  traffic: Traffic;
  /** The shares of each placement, in the order of the input's placements. */
  shares: Share[][];
}

export interface SimulationRun {
  decisions: SimulatedDecision[];
  /** The phases of the simulation: the first is the state at its beginning, and each move of traffic begins another. */
  phases: Phase[];
  /**
   * The clusters that failed, each with the time at which it was first found unhealthy and the time at which it lost
   * its last share.
   */
  found: { cluster: string; failedAtMs: number; foundAtMs?: number | undefined; servedUntilMs?: number | undefined }[];
  /**
   * The end of the simulation, in milliseconds after its beginning; earlier than the duration where there was too much
   * to look at.
   */
  endMs: number;
  evaluations: number;
}

/**
 * Plays a scenario in virtual time, with the same code that judges and decides in production. It changes nothing
 * outside of the simulation.
 */
export function runSimulation(setup: SimulationSetup): SimulationRun {
  const { input, scenario, durationMs } = setup;
  const { nowMs: startMs, policy, clusters } = input;
  const source = sourceOf(scenario, { startMs, endMs: startMs + durationMs, policy, clusters });
  const state = initialState(setup);
  let observations = 0;
  for (let batch = source(state.health); batch !== undefined; batch = source(state.health)) {
    observations += batch.seen.length;
    if (state.evaluations === MAX_EVALUATIONS || observations > MAX_OBSERVATIONS) break;
    watch(state, batch);
    act(state, batch.nowMs);
    state.endMs = batch.nowMs - startMs;
  }
  return runOf(state);
}

/** The state that changes while a simulation runs. */
interface SimulationState {
  setup: SimulationSetup;
  watches: ReadonlyMap<string, Watch>;
  health: Map<string, HealthRecord>;
  traffic: Traffic;
  /** The time at which the gateways follow, which may be in the future. */
  verifiedAtMs: number;
  decisions: SimulatedDecision[];
  phases: Phase[];
  foundAtMs: Map<string, number>;
  endMs: number;
  evaluations: number;
}

function initialState(setup: SimulationSetup): SimulationState {
  const { input, pushMs } = setup;
  const { nowMs, traffic, clusters, policy } = input;
  const known = new Map(input.health.map((record) => [record.cluster, { ...record, recent: [] }]));
  return {
    setup,
    watches: new Map(clusters.map((cluster) => [cluster.name, watchOf(policy, cluster)])),
    health: new Map(
      clusters.map(({ name, uid, voters }) => {
        const record = known.get(name) ?? unknownHealth(input.fleet, name, uid, nowMs);
        return [name, agreed(record, voters, policy, nowMs)];
      }),
    ),
    traffic,
    verifiedAtMs: input.verifiedAtMs ?? nowMs + pushMs,
    decisions: [],
    phases: [phaseOf(input, traffic, 0)],
    foundAtMs: new Map(),
    endMs: 0,
    evaluations: 0,
  };
}

/**
 * Returns the record with votes for the voters that are silent at the beginning, such as those of a candidate: they are
 * assumed to agree with what is known about the cluster.
 */
function agreed(record: HealthRecord, voters: readonly string[], policy: Policy, nowMs: number): HealthRecord {
  const { state, sinceMs } = record;
  if (state === 'unknown') return record;
  const isSpeaking = (vote: VoterRecord) => nowMs - saidAtMs(vote) <= freshnessMs(policy.health);
  const speaking = record.votes.filter((vote) => voters.includes(vote.voter) && isSpeaking(vote));
  const counted = policy.voters.filter(isCounted).filter(({ name }) => voters.includes(name));
  const silent = counted.map(({ name }) => name).filter((name) => !speaking.some((vote) => vote.voter === name));
  const outcome = state === 'healthy' ? ('ok' as const) : ('fail' as const);
  const votes = silent.map((voter) => ({
    voter,
    state,
    sinceMs,
    outcomes:
      outcome === 'fail'
        ? repeated('f', policy.health.failureThreshold)
        : repeated('o', policy.health.successThreshold),
    observedAtMs: nowMs - 1,
    suspectUntilMs: 0,
    last: { outcome, detail: say('AssumedToAgree').text },
  }));
  return { ...record, votes: [...speaking, ...votes] };
}

function watch({ setup, watches, health, foundAtMs }: SimulationState, { nowMs, seen }: Batch): void {
  for (const { cluster, observation } of seen) {
    const [before, by] = [health.get(cluster), watches.get(cluster)];
    if (before === undefined || by === undefined) continue;
    const after = withObservation(before, observation, by, nowMs);
    health.set(cluster, after);
    const isFound = before.state !== 'unhealthy' && after.state === 'unhealthy';
    if (isFound && !foundAtMs.has(cluster)) foundAtMs.set(cluster, nowMs - setup.input.nowMs);
  }
}

function watchOf({ health, voters }: Policy, cluster: ClusterFacts): Watch {
  return { policy: health, voters: voters.filter(({ name }) => cluster.voters.includes(name)) };
}

function act(state: SimulationState, nowMs: number): void {
  const { setup, traffic, verifiedAtMs } = state;
  const { input, pushMs } = setup;
  state.evaluations += 1;
  const { verifiedAtMs: _, drilled: __, ...today } = input;
  const { drill } = traffic;
  const readAtMs = verifiedAtMs <= nowMs ? verifiedAtMs : 0;
  const result = decide({
    ...today,
    nowMs,
    decision: `simulated-${state.decisions.length + 1}`,
    health: [...state.health.values()].map(({ recent: ___, ...record }) => record),
    traffic,
    ...(verifiedAtMs <= nowMs && { verifiedAtMs }),
    ...(drill && { drilled: expectedDrillReading(drill, input.placements, traffic, { readAtMs, nowMs }) }),
  });
  if (result === undefined) return;
  const { outcome, changes, rules, flags } = result;
  const atMs = nowMs - input.nowMs;
  state.decisions.push({ atMs, outcome, changes, rules, flags });
  state.traffic = result.traffic;
  const phase = phaseOf(input, result.traffic, atMs);
  if (JSON.stringify(phase.shares) === JSON.stringify(state.phases.at(-1)?.shares)) return;
  state.phases.push(phase);
  state.verifiedAtMs = nowMs + pushMs;
}

function phaseOf({ placements }: DecisionInput, traffic: Traffic, atMs: number): Phase {
  return { atMs, traffic, shares: placements.map((placement) => placementShares(placement, traffic)) };
}

function runOf({ setup, decisions, phases, foundAtMs, endMs, evaluations }: SimulationState): SimulationRun {
  const { input, scenario, service } = setup;
  const found = input.clusters.flatMap(({ name: cluster }) => {
    const foundAt = foundAtMs.get(cluster);
    const failedAtMs = failsFromMs(scenario, cluster) ?? foundAt;
    if (failedAtMs === undefined) return [];
    const servedUntilMs = servedUntil(input, phases, { cluster, failedAtMs, service });
    return [{ cluster, failedAtMs, foundAtMs: foundAt, servedUntilMs }];
  });
  return { decisions, phases, found, endMs, evaluations };
}

/**
 * Returns the time at which a failed cluster has lost its last share, not counting pinned ones; undefined while it has
 * any.
 */
function servedUntil(
  { placements }: DecisionInput,
  phases: readonly Phase[],
  { cluster, failedAtMs, service }: { cluster: string; failedAtMs: number; service: string | undefined },
): number | undefined {
  const serves = ({ shares }: Phase) =>
    placements.some((placement, index) => {
      const has = shares[index]?.some((share) => share.cluster === cluster && share.percent > 0);
      return has && !placement.pinned && isReported(placement, service);
    });
  return phases.find((phase) => phase.atMs >= failedAtMs && !serves(phase))?.atMs;
}

/** Tells whether a simulation of one service, or of all when it is undefined, reports a placement. */
export function isReported({ service: own }: Placement, service: string | undefined): boolean {
  return service === undefined || own === service;
}

/** Returns the load that each cluster has to serve in a phase, in requests per second. */
export function loadsOf({ placements, clusters }: DecisionInput, { shares }: Phase): Map<string, number> {
  const loads = new Map(clusters.map(({ name }) => [name, 0]));
  for (const [index, placement] of placements.entries()) {
    for (const { cluster, percent } of shares[index] ?? []) {
      loads.set(cluster, (loads.get(cluster) ?? 0) + (placement.load * percent) / 100);
    }
  }
  return loads;
}

/** Returns how often the share of a cluster changed direction: down after up, or up after down. */
export function directionChanges(decisions: readonly SimulatedDecision[], cluster: string): number {
  const directions = decisions
    .filter(({ outcome }) => outcome === 'applied')
    .flatMap(({ changes }) => changes.filter((change) => change.cluster === cluster))
    .map(({ fromPercent, toPercent }) => Math.sign(toPercent - fromPercent))
    .filter((direction) => direction !== 0);
  return directions.filter((direction, index) => index > 0 && direction !== directions[index - 1]).length;
}
