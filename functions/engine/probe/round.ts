import type { FleetProbeRound, Shard } from '../../../schemas/probe-round.ts';
import type { HealthRecord } from '../../core/health/types.ts';
import { votersOf } from '../../core/health/voters.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type Deps, LeaseLost, StoreUnavailable } from '../../deps.ts';
import type { Limit } from '../../limit.ts';
import type { Pusher } from '../failover/evaluate.ts';
import { createEvaluator, type Evaluator } from '../failover/evaluator.ts';
import type { GateAsker } from '../failover/gate-asker.ts';
import type { HeldLease } from '../lease.ts';
import { observe } from '../observe.ts';
import { viewOf } from './gateway-view.ts';
import { createHeardVoters, type HeardVoters, recordHeardVoters } from './heard-voters.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { inShard, proberOf, type Target, targetsOf } from './targets.ts';
import type { Trust } from './trust.ts';

/** The state that all rounds of one invocation share. */
export interface Invocation {
  deps: Deps;
  /** The limit of concurrent probes. Urgent ones go first. */
  slots: Limit;
  /**
   * The limit of concurrent writes of observations. Writes must not take the connections of probes, since a probe that
   * waits for a connection would time out.
   */
  writes: Limit;
  trust: Trust;
  /** Records a heartbeat. It is called at the end of each round. */
  beat: () => Promise<void>;
  shard?: Shard | undefined;
  /** The time after which no target is begun. */
  deadlineMs: number;
  /**
   * The number of requests that may still be made. A Worker has 10,000 for a whole invocation (Workers limits, paid
   * plan).
   */
  requestsLeft: number;
}

/** The prober of one fleet, with its lease. */
export interface Prober {
  invocation: Invocation;
  lease: HeldLease;
  pusher: Pusher;
  asker: GateAsker;
}

interface Round extends Prober {
  fleet: Resource<'fleet'>;
  recorder: Recorder;
  evaluator: Evaluator;
  roll: HeardVoters;
}

type Result = FleetProbeRound['results'][number];

/**
 * Observes every cluster of the fleet that is in the shard once, as far as time permits, and decides on the findings.
 * When one part fails, the other parts are completed before the error is thrown.
 */
export async function runRound(fleet: Resource<'fleet'>, prober: Prober): Promise<FleetProbeRound> {
  const { invocation, lease, pusher, asker } = prober;
  const { deps, shard } = invocation;
  const [all, records] = await Promise.all([deps.store.all('cluster', fleet.name), deps.store.health(fleet.name)]);
  // A prober that sees only some of the clusters cannot vouch for all of them.
  const isWhole = shard === undefined;
  const round: Round = {
    ...prober,
    fleet,
    recorder: createRecorder(deps, fleet.spec, records, { limit: invocation.writes, lease, vouches: isWhole }),
    evaluator: createEvaluator(deps, fleet, pusher, lease),
    roll: createHeardVoters(),
  };
  const clusters = all.filter((cluster) => shard === undefined || inShard(cluster, shard));
  const [watched, viewed] = await Promise.all([
    Promise.allSettled(targetsOf(fleet, clusters, records).map((target) => watch(target, round))),
    // A single view covers all clusters, so one shard asks for it.
    Promise.allSettled(isWhole || shard.index === 0 ? views(all, round) : []),
  ]);
  const [called] = await Promise.allSettled([recordHeardVoters(deps, fleet, all, round.roll)]);
  round.evaluator.ask();
  const [decided] = await Promise.allSettled([round.evaluator.idle()]);
  if (isWhole || shard.index === 0) asker.ask(fleet, all);
  throwFailure([...watched, ...viewed, decided, called]);
  const done = watched.flatMap((part) => (part.status === 'fulfilled' && part.value) || []);
  return {
    fleet: fleet.name,
    state: 'done',
    results: done,
    skipped: watched.length - done.length,
    decision: decided.status === 'fulfilled' ? decided.value : undefined,
  };
}

/**
 * Throws the error of a failed part. It is called once all parts have ended, so that no failure keeps another part from
 * its end and no part runs on into the next round. A lost lease goes before other errors, since it ends the prober.
 */
function throwFailure(parts: readonly PromiseSettledResult<unknown>[]): void {
  const errors: unknown[] = parts.flatMap((part) => (part.status === 'rejected' ? [part.reason] : []));
  if (errors.length > 0) throw errors.find((error) => error instanceof LeaseLost) ?? errors[0];
}

/**
 * Observes a target. When a healthy one fails, it is observed again until the result is certain, each time
 * `confirmSeconds` after the start of the last observation, so that a failure is confirmed in that time instead of
 * `intervalSeconds`. Returns undefined when there was no time for an observation.
 */
async function watch(target: Target, round: Round): Promise<Result | undefined> {
  const { invocation, fleet, lease } = round;
  const { cluster, voter } = target;
  let result: Result | undefined;
  for (let isUrgent = false; ; isUrgent = true) {
    const seen = await invocation.slots(() => look(target, round), isUrgent);
    if (seen === undefined) return result;
    const { record, observation } = await keep(target, seen, round);
    await extend(lease);
    result = { cluster: cluster.name, state: record.state, observation };
    const vote = record.votes.find((item) => item.voter === voter.name);
    if (observation.outcome !== 'fail' || vote?.state !== 'healthy') return result;
    const { clock } = invocation.deps;
    await clock.sleep(Math.max(0, seen.startedMs + fleet.spec.health.confirmSeconds * 1000 - clock.now()));
  }
}

/**
 * Renews the lease. A store that is briefly unavailable does not end the round, because everything that the round
 * writes is written under the lease.
 */
async function extend(lease: HeldLease): Promise<void> {
  try {
    await lease.ensure();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
}

interface Look {
  startedMs: number;
  observation: Result['observation'];
}

async function look(target: Target, { invocation, fleet }: Round): Promise<Look | undefined> {
  const { cluster, voter, probes } = target;
  const { deps, trust } = invocation;
  const startedMs = deps.clock.now();
  // Two more requests: the observation is stored, and the record may have to be read again.
  invocation.requestsLeft -= probes.length + 2;
  if (startedMs >= invocation.deadlineMs || invocation.requestsLeft < 0) return undefined;
  const { observation } = await observe(deps, probes, proberOf(target, fleet));
  if (voter.type === 'edge') trust.note(cluster, observation.outcome === 'fail');
  return { startedMs, observation };
}

async function keep(
  { cluster }: Target,
  { startedMs, observation }: Look,
  { invocation, fleet, recorder, evaluator, roll }: Round,
): Promise<{ record: HealthRecord; observation: Result['observation'] }> {
  const weighed = await invocation.trust.weigh(fleet, observation, startedMs);
  const recorded = await recorder.take(cluster, weighed.observation, weighed.suspectUntilMs);
  roll.note(cluster, weighed.observation, recorded);
  const { record, isNews } = recorded;
  // The decision about a cluster that has just failed does not wait for the slower targets of the round.
  if (isNews) evaluator.ask();
  return { record, observation: weighed.observation };
}

/** Records what gateways see of their backends, asking each gateway once. */
function views(clusters: readonly Resource<'cluster'>[], round: Round): Promise<void>[] {
  const { invocation, fleet, recorder, evaluator, roll } = round;
  const voters = fleet.spec.voters.filter((voter) => voter.type === 'gateway-view');
  return voters.map(async (voter) => {
    const watched = clusters.filter((cluster) => votersOf(cluster, [voter]).length > 0);
    if (watched.length === 0) return;
    const results = await viewOf(invocation.deps, voter, watched);
    const taken = results.map(async ({ cluster, observation }) => {
      const recorded = await recorder.take(cluster, observation);
      roll.note(cluster, observation, recorded);
      if (recorded.isNews) evaluator.ask();
    });
    throwFailure(await Promise.allSettled(taken));
  });
}
