import type { FleetProbeRound, ProbeRound, Shard } from '../../../schemas/probe-round.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type Deps, LeaseLost, type Readable, StoreUnavailable } from '../../deps.ts';
import { createLimit } from '../../limit.ts';
import { createPusher } from '../failover/evaluate.ts';
import { createGateAsker } from '../failover/gate-asker.ts';
import { createHeartbeat, createSignal, type Signal } from '../heartbeat.ts';
import { withLease } from '../lease.ts';
import { observe } from '../observe.ts';
import { firstRecord, observedBy } from './recorder.ts';
import { type Invocation, type Prober, runRound } from './round.ts';
import { inShard, proberOf, targetsOf } from './targets.ts';
import { createTrust } from './trust.ts';

/** The time for which a prober that dies blocks its fleet, in addition to the timeout of one probe. */
const LEASE_MS = 15_000;

/** The connections for probes and for writes. A Worker has six connections at a time. */
const PROBE_CONNECTIONS = 4;
const WRITE_CONNECTIONS = 2;

/** The number of requests for probes. A Worker may make 10,000; the rest is for decisions, pushes and sweeps. */
const PROBE_REQUESTS = 8_000;

/** The time that a single round may take: as long as a firing of the schedule. */
const ROUND_MS = 57_000;

/** The time before the list of fleets is read again when the store is unavailable. */
const LIST_AGAIN_MS = 5_000;

export interface RoundOptions {
  fleet?: string | undefined;
  shard?: Shard | undefined;
  isDry?: boolean | undefined;
  /** Sent when the round is done. */
  signal?: Signal | undefined;
}

/**
 * Runs one round of one fleet, or of all, and acts on the findings before it answers. A dry round observes, but stores
 * and moves nothing.
 */
export async function runProbeRound(deps: Deps, options: RoundOptions = {}): Promise<ProbeRound> {
  const startedMs = deps.clock.now();
  const startedAt = new Date(startedMs).toISOString();
  const named = options.fleet === undefined ? undefined : await deps.store.get('fleet', options.fleet, options.fleet);
  const all = options.fleet === undefined ? await readableFleets(deps) : undefined;
  const fleets = all?.items ?? [named].filter((fleet) => fleet !== undefined);
  if (options.isDry) return { startedAt, fleets: await lookAt(deps, fleets, options.shard) };
  const { shard, signal } = options;
  const invocation = begin(deps, { deadlineMs: startedMs + ROUND_MS, shard, signal });
  const rounds = await Promise.all(fleets.map((fleet) => probeFleet(invocation, fleet, runRound)));
  if ((all && isEmpty(all)) || rounds.some(({ state }) => state === 'done')) await invocation.beat();
  return { startedAt, fleets: rounds };
}

/**
 * Runs rounds of every fleet at its own interval until the deadline, because the scheduler can only fire once a minute
 * and failures must be detected within seconds. The fleet is read again before each round, so that an edit applies at
 * once. However late the schedule fires, at least one round begins.
 */
export async function runProbeSchedule(deps: Deps, deadlineMs: number): Promise<void> {
  const signal = createSignal(deps);
  const invocation = begin(deps, { deadlineMs, signal });
  const fleets = await listFleets(deps, deadlineMs);
  if (isEmpty(fleets)) await invocation.beat();
  await Promise.all(fleets.items.map((fleet) => probeUntilDeadline(invocation, fleet)));
  await signal.idle();
}

/** Reads the fleets. It waits for a store that is unavailable, because the store may be back within the minute. */
async function listFleets(deps: Deps, deadlineMs: number): Promise<Readable<Resource<'fleet'>>> {
  for (;;) {
    try {
      return await readableFleets(deps);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || deps.clock.now() + LIST_AGAIN_MS >= deadlineMs) throw error;
      deps.log.error('probe.fleets-unknown', {}, error);
      await deps.clock.sleep(LIST_AGAIN_MS);
    }
  }
}

/**
 * Probes a fleet until the deadline. While another prober holds the lease, or after a failure, it waits for one
 * interval and begins again.
 */
async function probeUntilDeadline(invocation: Invocation, fleet: Resource<'fleet'>): Promise<void> {
  const { clock } = invocation.deps;
  const intervalMs = fleet.spec.health.intervalSeconds * 1000;
  for (;;) {
    const { state } = await probeFleet(invocation, fleet, runRounds);
    const isOver = clock.now() + intervalMs >= invocation.deadlineMs || invocation.requestsLeft < 0;
    if (state === 'done' || isOver) return;
    await clock.sleep(intervalMs);
  }
}

/** Reads all fleets. A fleet whose record cannot be read is logged and left out. */
async function readableFleets({ store, log }: Deps): Promise<Readable<Resource<'fleet'>>> {
  const fleets = await store.fleets();
  for (const error of fleets.unreadable) log.error('probe.failed', {}, error);
  return fleets;
}

/**
 * Tells whether there are no fleets at all. A round without fleets counts as done; a round whose fleets are all
 * unreadable does not.
 */
function isEmpty({ items, unreadable }: Readable<Resource<'fleet'>>): boolean {
  return items.length + unreadable.length === 0;
}

function begin(
  deps: Deps,
  { deadlineMs, shard, signal }: Pick<RoundOptions, 'shard' | 'signal'> & { deadlineMs: number },
): Invocation {
  const slots = createLimit(PROBE_CONNECTIONS);
  const writes = createLimit(WRITE_CONNECTIONS);
  const [trust, beat] = [createTrust(deps, slots), createHeartbeat(deps, 'probe', signal)];
  return { deps, slots, writes, trust, beat, shard, deadlineMs, requestsLeft: PROBE_REQUESTS };
}

/** Observes each target once and returns the state that each observation would lead to. Nothing is stored. */
async function lookAt(deps: Deps, fleets: readonly Resource<'fleet'>[], shard?: Shard): Promise<FleetProbeRound[]> {
  const slots = createLimit(PROBE_CONNECTIONS);
  return await Promise.all(
    fleets.map(async (fleet): Promise<FleetProbeRound> => {
      const { name, spec } = fleet;
      const [all, records] = await Promise.all([deps.store.all('cluster', name), deps.store.health(name)]);
      const clusters = all.filter((cluster) => shard === undefined || inShard(cluster, shard));
      const results = targetsOf(fleet, clusters, records).map(async (target) => {
        const { cluster, probes } = target;
        const { observation } = await slots(() => observe(deps, probes, proberOf(target, fleet)));
        const record = records.find(({ uid }) => uid === cluster.uid) ?? firstRecord(deps, cluster);
        const { state } = observedBy(deps, spec, cluster, record, { observation });
        return { cluster: cluster.name, state, observation };
      });
      return { fleet: name, state: 'done', results: await Promise.all(results), skipped: 0 };
    }),
  );
}

/**
 * Probes a fleet under its lease, which allows one prober per fleet and shard; a second one returns `busy`. A failure
 * in one fleet does not affect the others.
 */
async function probeFleet(
  invocation: Invocation,
  fleet: Resource<'fleet'>,
  work: (fleet: Resource<'fleet'>, prober: Prober) => Promise<FleetProbeRound>,
): Promise<FleetProbeRound> {
  const { deps } = invocation;
  const pusher = createPusher(deps, fleet.name);
  const asker = createGateAsker(deps, pusher);
  const ttlMs = LEASE_MS + fleet.spec.health.timeoutSeconds * 1000;
  try {
    const done = await withLease(deps, leaseName(fleet, invocation), ttlMs, (lease) =>
      work(fleet, { invocation, lease, pusher, asker }),
    );
    return done ?? without(fleet, 'busy');
  } catch (error) {
    logFailure(deps, 'probe.failed', fleet, error);
    return without(fleet, error instanceof LeaseLost ? 'busy' : 'failed');
  } finally {
    await asker.idle();
    await pusher.idle();
  }
}

/** Returns a round without results. */
function without({ name }: Resource<'fleet'>, state: FleetProbeRound['state']): FleetProbeRound {
  return { fleet: name, state, results: [], skipped: 0 };
}

function logFailure({ log }: Deps, event: string, { name: fleet }: Resource<'fleet'>, error: unknown): void {
  log.error(event, { fleet }, error);
}

function leaseName({ name }: Resource<'fleet'>, { shard }: Invocation): string {
  return shard === undefined ? `probe/${name}` : `probe/${name}/${shard.index}of${shard.count}`;
}

/** Runs rounds until the deadline, the deletion of the fleet or the loss of the lease. Returns the last round. */
async function runRounds(fleet: Resource<'fleet'>, prober: Prober): Promise<FleetProbeRound> {
  const { deps, deadlineMs } = prober.invocation;
  const { clock } = deps;
  let current: Resource<'fleet'> | undefined = fleet;
  let round = without(fleet, 'done');
  while (current !== undefined) {
    const nextMs: number = clock.now() + current.spec.health.intervalSeconds * 1000;
    round = await tryRound(current, prober);
    if (round.state === 'done') await prober.invocation.beat();
    if (nextMs >= deadlineMs || prober.invocation.requestsLeft < 0) break;
    await clock.sleep(Math.max(0, nextMs - clock.now()));
    current = await readAnew(current, prober);
  }
  if (round.skipped > 0) deps.log.error('probe.overloaded', { fleet: fleet.name, skipped: round.skipped });
  return round;
}

/** Runs a round. A failure, other than the loss of the lease, affects only this round: the next one begins in time. */
async function tryRound(fleet: Resource<'fleet'>, prober: Prober): Promise<FleetProbeRound> {
  try {
    return await runRound(fleet, prober);
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    logFailure(prober.invocation.deps, 'probe.round-failed', fleet, error);
    return without(fleet, 'failed');
  }
}

/**
 * Reads the fleet again; returns it as it was before when the store is unavailable, and undefined when the fleet has
 * been deleted.
 */
async function readAnew(
  fleet: Resource<'fleet'>,
  { invocation, lease }: Prober,
): Promise<Resource<'fleet'> | undefined> {
  try {
    await lease.ensure();
    return await invocation.deps.store.get('fleet', fleet.name, fleet.name);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return fleet;
  }
}
