import pLimit, { type LimitFunction } from 'p-limit';
import type { Observation } from '../../schemas/cluster.ts';
import type { FleetProbeRound, ProbeRound } from '../../schemas/probe-round.ts';
import { type HealthRecord, step, unknownHealth } from '../core/health.ts';
import type { Resource } from '../core/model.ts';
import type { Deps } from '../deps.ts';
import { createPusher, evaluate, type Pusher } from './failover.ts';
import { type HeldLease, withLease } from './lease.ts';
import { observe } from './observe.ts';

/** A prober that dies blocks its fleet for this long. */
const LEASE_MS = 15_000;

/** A Worker has six connections at a time; two are left for the store and the cloud. */
const PROBE_CONNECTIONS = 4;

/** What the rounds of one fleet share. */
interface Prober {
  deps: Deps;
  limit: LimitFunction;
  lease: HeldLease;
  pusher: Pusher;
}

/** Runs one round of one fleet, or of all, and acts upon what it finds before it answers; a dry one looks, keeps nothing and moves nothing. */
export async function runProbeRound(
  deps: Deps,
  options: { fleet?: string | undefined; isDry?: boolean | undefined } = {},
): Promise<ProbeRound> {
  const startedAt = new Date(deps.clock.now()).toISOString();
  const named = options.fleet === undefined ? undefined : await deps.store.get('fleet', options.fleet, options.fleet);
  const fleets =
    options.fleet === undefined ? await deps.store.all('fleet', '') : [named].filter((fleet) => fleet !== undefined);
  if (options.isDry) return { startedAt, fleets: await lookAt(deps, fleets) };
  return { startedAt, fleets: await probeFleets(deps, fleets, (fleet, prober) => runRound(fleet, prober)) };
}

/** One observation of each cluster, and the state that it would lead to. */
async function lookAt(deps: Deps, fleets: readonly Resource<'fleet'>[]): Promise<FleetProbeRound[]> {
  const limit = pLimit(PROBE_CONNECTIONS);
  return await Promise.all(
    fleets.map(async ({ name: fleet, spec }): Promise<FleetProbeRound> => {
      const [clusters, records] = await Promise.all([deps.store.all('cluster', fleet), deps.store.health(fleet)]);
      const probed = clusters.filter((cluster) => cluster.spec.probes.length > 0);
      const results = probed.map(async (cluster) => {
        const observation = await limit(() => observe(deps, cluster.spec.probes, spec.health));
        const { state } = step(recordOf(cluster, records, deps), observation, deps.clock.now(), spec.health);
        return { cluster: cluster.name, state, observation };
      });
      return { fleet, state: 'done', results: await Promise.all(results) };
    }),
  );
}

function recordOf(cluster: Resource<'cluster'>, records: readonly HealthRecord[], { clock }: Deps): HealthRecord {
  const known = records.find((record) => record.uid === cluster.uid);
  return known ?? unknownHealth(cluster.fleet, cluster.name, cluster.uid, clock.now());
}

/**
 * Runs rounds of every fleet at its own interval until the deadline: the scheduler's finest step is a minute, detection is a matter of
 * seconds. Policies are read anew for each round, so that an edit counts at once.
 */
export async function runProbeSchedule(deps: Deps, deadlineMs: number): Promise<void> {
  await probeFleets(deps, await deps.store.all('fleet', ''), (fleet, prober) => runRounds(fleet, prober, deadlineMs));
}

/** One prober per fleet; a second one answers busy. Trouble in one fleet is no trouble of another. */
async function probeFleets(
  deps: Deps,
  fleets: readonly Resource<'fleet'>[],
  work: (fleet: Resource<'fleet'>, prober: Prober) => Promise<FleetProbeRound>,
): Promise<FleetProbeRound[]> {
  const limit = pLimit(PROBE_CONNECTIONS);
  return await Promise.all(
    fleets.map(async (fleet) => {
      const idle: FleetProbeRound = { fleet: fleet.name, state: 'busy', results: [] };
      const pusher = createPusher(deps, fleet.name);
      try {
        return (
          (await withLease(deps, `probe/${fleet.name}`, LEASE_MS, (lease) =>
            work(fleet, { deps, limit, lease, pusher }),
          )) ?? idle
        );
      } catch (error) {
        deps.log.error('probe.failed', { fleet: fleet.name, name: error instanceof Error ? error.name : typeof error });
        return idle;
      } finally {
        await pusher.settled();
      }
    }),
  );
}

async function runRounds(fleet: Resource<'fleet'>, prober: Prober, deadlineMs: number): Promise<FleetProbeRound> {
  const { store, clock } = prober.deps;
  let current: Resource<'fleet'> | undefined = fleet;
  let round: FleetProbeRound = { fleet: fleet.name, state: 'done', results: [] };
  while (current !== undefined) {
    const nextMs: number = clock.now() + current.spec.health.intervalSeconds * 1000;
    round = await runRound(current, prober);
    if (nextMs >= deadlineMs) break;
    await clock.sleep(Math.max(0, nextMs - clock.now()));
    await prober.lease.ensure();
    current = await store.get('fleet', fleet.name, fleet.name);
  }
  return round;
}

async function runRound(fleet: Resource<'fleet'>, prober: Prober): Promise<FleetProbeRound> {
  const { deps, pusher } = prober;
  const [clusters, records] = await Promise.all([deps.store.all('cluster', fleet.name), deps.store.health(fleet.name)]);
  const decisions: (string | undefined)[] = [];
  const act = async () => {
    decisions.push(await evaluate(deps, fleet.name, fleet.spec));
    pusher.push();
  };
  const results = await Promise.all(
    clusters
      .filter((cluster) => cluster.spec.probes.length > 0)
      .map(async (cluster) => {
        const known = recordOf(cluster, records, deps);
        const { record, observation } = await probeCluster(fleet, cluster, known, prober);
        // A cluster that has just failed does not wait for the slower targets of the round.
        if (record.state === 'unhealthy' && known.state !== 'unhealthy') await act();
        return { cluster: cluster.name, state: record.state, observation };
      }),
  );
  await act();
  return { fleet: fleet.name, state: 'done', results, decision: decisions.find((id) => id !== undefined) };
}

/**
 * Observes a cluster, and after a first failure again and again until it is certain: a cluster that fails is found out in
 * `confirmSeconds` times the threshold instead of `intervalSeconds`.
 */
async function probeCluster(
  fleet: Resource<'fleet'>,
  cluster: Resource<'cluster'>,
  known: HealthRecord,
  { deps, limit, lease }: Prober,
): Promise<{ record: HealthRecord; observation: Observation }> {
  const policy = fleet.spec.health;
  let record = known;
  for (;;) {
    const observation = await limit(() => observe(deps, cluster.spec.probes, policy));
    record = step(record, observation, deps.clock.now(), policy);
    const stored = await deps.store.putHealth(record, observation);
    const doubtful = observation.outcome === 'fail' && record.state !== 'unhealthy';
    if (!stored || !doubtful) return { record, observation };
    await deps.clock.sleep(policy.confirmSeconds * 1000);
    await lease.ensure();
  }
}
