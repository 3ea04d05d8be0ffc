import type { Observation } from '../../../schemas/cluster.ts';
import type { HealthRecord } from '../health/types.ts';
import { isCounted } from '../health/voters.ts';
import type { ClusterFacts, Policy } from '../model/fleet-facts.ts';
import { isoOf } from '../model/time.ts';

/** The events of a simulation. Times are milliseconds after its beginning. */
export type Scenario =
  | { type: 'fail'; clusters: string[]; atMs: number; forMs?: number | undefined }
  | { type: 'flap'; clusters: string[]; periodMs: number; times: number }
  | { type: 'replay'; seen: TimedObservation[] };

export interface TimedObservation {
  cluster: string;
  atMs: number;
  observation: Observation;
}

/** Observations that arrive at the same time. */
export interface Batch {
  nowMs: number;
  seen: { cluster: string; observation: Observation }[];
}

export type HealthByCluster = ReadonlyMap<string, HealthRecord>;

/** Yields the next observations; undefined when there are no more. `health` is what is known after all earlier ones. */
export type Source = (health: HealthByCluster) => Batch | undefined;

export interface Setting {
  startMs: number;
  endMs: number;
  policy: Policy;
  clusters: readonly ClusterFacts[];
}

export function sourceOf(scenario: Scenario, setting: Setting): Source {
  return scenario.type === 'replay' ? replaying(scenario.seen, setting) : probing(scenario, setting);
}

/** Returns the time at which the cluster first begins to fail; undefined when the scenario does not say so. */
export function failsFromMs(scenario: Scenario, cluster: string): number | undefined {
  if (scenario.type === 'replay' || !scenario.clusters.includes(cluster)) return undefined;
  return scenario.type === 'fail' ? scenario.atMs : 0;
}

/**
 * Tells whether the cluster fails at this time. A failure begins right after a probe, so that it takes the longest time
 * to detect.
 */
function isFailing(scenario: Exclude<Scenario, { type: 'replay' }>, cluster: string, atMs: number): boolean {
  if (scenario.type === 'fail') {
    const { clusters, atMs: fromMs, forMs } = scenario;
    return clusters.includes(cluster) && atMs > fromMs && (forMs === undefined || atMs <= fromMs + forMs);
  }
  const { clusters, periodMs, times } = scenario;
  const intoMs = atMs % periodMs;
  return clusters.includes(cluster) && atMs < periodMs * times && intoMs > 0 && intoMs <= periodMs / 2;
}

/** One voter that probes one cluster. */
interface Prober {
  cluster: string;
  voter: string;
  confirms: boolean;
  sentMs: number;
  fails: boolean;
  /** The time at which the result arrives. A probe that fails takes its whole time-out. */
  arrivesMs: number;
}

/**
 * Returns a source in which every voter probes each cluster that it watches as the engine does: once per interval, and
 * at shorter intervals after a first failure.
 */
function probing(
  scenario: Exclude<Scenario, { type: 'replay' }>,
  { startMs, endMs, policy, clusters }: Setting,
): Source {
  const { intervalSeconds, timeoutSeconds, confirmSeconds } = policy.health;
  const sent = (prober: Prober, sentMs: number): Prober => {
    const fails = isFailing(scenario, prober.cluster, sentMs - startMs);
    return { ...prober, sentMs, fails, arrivesMs: sentMs + (fails ? timeoutSeconds * 1000 : 0) };
  };
  const sentAgain = (prober: Prober, health: HealthByCluster): Prober => {
    const vote = health.get(prober.cluster)?.votes.find(({ voter }) => voter === prober.voter);
    const isDoubtful = prober.fails && prober.confirms && vote?.state !== 'unhealthy';
    const waitMs = (isDoubtful ? confirmSeconds : intervalSeconds) * 1000;
    return sent(prober, Math.max(prober.arrivesMs, prober.sentMs + waitMs));
  };
  let probers = probersOf(policy, clusters).map((prober) => sent(prober, startMs));
  let lastMs = Number.NEGATIVE_INFINITY;
  return (health) => {
    probers = probers.map((prober) => (prober.arrivesMs <= lastMs ? sentAgain(prober, health) : prober));
    const nowMs = Math.min(...probers.map(({ arrivesMs }) => arrivesMs));
    if (nowMs > endMs || probers.length === 0) return undefined;
    lastMs = nowMs;
    const seen = probers.filter(({ arrivesMs }) => arrivesMs === nowMs).map((prober) => seenBy(prober, nowMs));
    return { nowMs, seen };
  };
}

function probersOf({ voters }: Policy, clusters: readonly ClusterFacts[]): Prober[] {
  const confirming = new Set(
    voters.filter(({ type }) => type === 'edge' || type === 'gateway-path').map(({ name }) => name),
  );
  const counted = new Set(voters.filter(isCounted).map(({ name }) => name));
  return clusters.flatMap((cluster) =>
    cluster.voters
      .filter((voter) => counted.has(voter))
      .map((voter) => ({
        cluster: cluster.name,
        voter,
        confirms: confirming.has(voter),
        sentMs: 0,
        fails: false,
        arrivesMs: 0,
      })),
  );
}

function seenBy({ cluster, voter, fails }: Prober, nowMs: number): Batch['seen'][number] {
  const common = { voter, observedAt: isoOf(nowMs), latencyMs: 0 };
  const observation: Observation = fails
    ? { ...common, outcome: 'fail', cause: 'Cluster', detail: 'simulated: no answer' }
    : { ...common, outcome: 'ok', detail: 'simulated: answers' };
  return { cluster, observation };
}

/** The shortest time between two decisions. */
const GRAIN_MS = 1000;

/** Returns a source of recorded observations, in their order, as if they were made now. */
function replaying(seen: readonly TimedObservation[], { startMs, endMs }: Setting): Source {
  const moments = Map.groupBy(
    [...seen].sort((a, b) => a.atMs - b.atMs).filter(({ atMs }) => startMs + atMs <= endMs),
    ({ atMs }) => startMs + Math.ceil(atMs / GRAIN_MS) * GRAIN_MS,
  );
  const batches = [...moments].map(([nowMs, items]) => ({
    nowMs,
    seen: items.map(({ cluster, atMs, observation }) => ({
      cluster,
      observation: { ...observation, observedAt: isoOf(startMs + atMs) },
    })),
  }));
  return () => batches.shift();
}
