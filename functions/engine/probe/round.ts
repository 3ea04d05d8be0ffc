import type { LimitFunction } from 'p-limit';
import type { FleetProbeRound, Shard } from '../../../schemas/probe-round.ts';
import type { HealthRecord } from '../../core/health/record.ts';
import { votersOf } from '../../core/health/voters.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type Deps, LeaseLost, StoreUnavailable } from '../../deps.ts';
import type { Pusher } from '../failover/evaluate.ts';
import { createEvaluator, type Evaluator } from '../failover/evaluator.ts';
import type { GateAsker } from '../failover/gate-asker.ts';
import type { HeldLease } from '../lease.ts';
import { observe } from '../observe.ts';
import { viewOf } from './gateway-view.ts';
import type { Lanes } from './lanes.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { callRoll, createRoll, type Roll } from './roll-call.ts';
import { inShard, proberOf, type Target, targetsOf } from './targets.ts';
import type { Trust } from './trust.ts';

/** What all rounds of one invocation share. */
export interface Invocation {
  deps: Deps;
  lanes: Lanes;
  /** Keeping what is seen must not take the connections of probes: one that waits for a connection would time out. */
  writes: LimitFunction;
  trust: Trust;
  /** To be called at the end of each round. */
  beat: () => Promise<void>;
  shard?: Shard | undefined;
  /** No target is begun after it. */
  deadlineMs: number;
  /** How many more requests may be made: a Worker has 10,000 for all of an invocation (Workers limits, paid plan). */
  requestsLeft: number;
}

/** Who probes a fleet. */
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
  roll: Roll;
}

type Result = FleetProbeRound['results'][number];

/**
 * Looks once at every cluster of the fleet that is in the shard, as far as there is time, and decides upon what is found. When something of
 * it fails, the rest is done before that is thrown.
 */
export async function runRound(fleet: Resource<'fleet'>, prober: Prober): Promise<FleetProbeRound> {
  const { invocation, lease, pusher, asker } = prober;
  const { deps, shard } = invocation;
  const [all, records] = await Promise.all([deps.store.all('cluster', fleet.name), deps.store.health(fleet.name)]);
  // Who sees a part of the clusters cannot vouch for all of them.
  const isWhole = shard === undefined;
  const round: Round = {
    ...prober,
    fleet,
    recorder: createRecorder(deps, fleet.spec, records, { limit: invocation.writes, lease, vouches: isWhole }),
    evaluator: createEvaluator(deps, fleet, pusher, lease),
    roll: createRoll(),
  };
  const clusters = all.filter((cluster) => shard === undefined || inShard(cluster, shard));
  const [watched, viewed] = await Promise.all([
    Promise.allSettled(targetsOf(fleet, clusters, records).map((target) => watch(target, round))),
    // One view tells of all clusters, so that one shard asks for it.
    Promise.allSettled(isWhole || shard.index === 0 ? views(all, round) : []),
  ]);
  const [called] = await Promise.allSettled([callRoll(deps, fleet, all, round.roll)]);
  round.evaluator.ask();
  const [decided] = await Promise.allSettled([round.evaluator.settled()]);
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
 * Throws what made one of the parts fail, once all of them have ended: none keeps another from its end, and none goes on into the next round.
 * A lost lease goes before anything else, since it ends the prober.
 */
function throwFailure(parts: readonly PromiseSettledResult<unknown>[]): void {
  const errors: unknown[] = parts.flatMap((part) => (part.status === 'rejected' ? [part.reason] : []));
  if (errors.length > 0) throw errors.find((error) => error instanceof LeaseLost) ?? errors[0];
}

/**
 * Observes a target, and after a failure of a healthy one again and again until it is certain, each time `confirmSeconds` after the last one was
 * begun: a cluster that fails is found out in that time instead of `intervalSeconds`. Undefined when there was no time for it.
 */
async function watch(target: Target, round: Round): Promise<Result | undefined> {
  const { invocation, fleet, lease } = round;
  const { cluster, voter } = target;
  let result: Result | undefined;
  for (let isUrgent = false; ; isUrgent = true) {
    const seen = await invocation.lanes.run(() => look(target, round), { isUrgent });
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

/** A store that is away for a moment takes no lease from its holder: all that a round writes is written under the lease. */
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
  // Two more: what is seen is kept, and may have to be read again.
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
  // A cluster that has just failed does not wait for the slower targets of the round.
  if (isNews) evaluator.ask();
  return { record, observation: weighed.observation };
}

/** What gateways see of their backends, each asked once. */
function views(clusters: readonly Resource<'cluster'>[], round: Round): Promise<void>[] {
  const { invocation, fleet, recorder, evaluator, roll } = round;
  const voters = fleet.spec.voters.filter((voter) => voter.type === 'gateway-view');
  return voters.map(async (voter) => {
    const watched = clusters.filter((cluster) => votersOf(cluster, [voter]).length > 0);
    if (watched.length === 0) return;
    const sights = await viewOf(invocation.deps, voter, watched);
    const taken = sights.map(async ({ cluster, observation }) => {
      const recorded = await recorder.take(cluster, observation);
      roll.note(cluster, observation, recorded);
      if (recorded.isNews) evaluator.ask();
    });
    throwFailure(await Promise.allSettled(taken));
  });
}
