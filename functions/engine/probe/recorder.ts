import type { Observation } from '../../../schemas/cluster.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import { contend } from '../../attempts.ts';
import { distrust, unknownHealth, withObservation } from '../../core/health/record.ts';
import type { HealthRecord } from '../../core/health/types.ts';
import { votersOf } from '../../core/health/voters.ts';
import { unchanged } from '../../core/health/vouch.ts';
import type { Resource } from '../../core/model/resource.ts';
import { msOf } from '../../core/model/time.ts';
import type { Deps } from '../../deps.ts';
import { createLimit, type Limit } from '../../limit.ts';
import type { HeldLease } from '../lease.ts';
import { createWriter } from '../writer.ts';

/** The number of attempts to store a record, because voters write to the same record concurrently. */
const MAX_TRIES = 4;

export interface Recorded {
  record: HealthRecord;
  /** False when the observation says nothing new, or other writes came first at every attempt. */
  isKept: boolean;
  /** True when the state or the vote of a voter has changed. */
  isNews: boolean;
  /** True when the voter saw the same as before. The observation is not written then: the voter has to vouch for it. */
  isSame: boolean;
}

type RecordUpdate = (record: HealthRecord) => HealthRecord;

export interface Recorder {
  /**
   * Applies the observation to the record of the cluster and stores it. The votes of the voter do not count before
   * `suspectUntilMs`.
   */
  take(cluster: Resource<'cluster'>, observation: Observation, suspectUntilMs?: number): Promise<Recorded>;
  /**
   * Stores the record that `update` returns, unless it is unchanged. `update` is called again when another write came
   * first.
   */
  change(cluster: Resource<'cluster'>, update: RecordUpdate): Promise<Recorded>;
}

/**
 * Creates a recorder for the observations of the voters of a fleet. `records` are the known records of its clusters,
 * `limit` bounds the concurrent writes, and writes are made under `lease` if there is one. With `vouches`, a voter that
 * sees the same as before vouches for it, and the observation is not written.
 */
export function createRecorder(
  deps: Deps,
  spec: FleetSpec,
  records: readonly HealthRecord[],
  { limit, lease, vouches = false }: { limit: Limit; lease?: HeldLease; vouches?: boolean },
): Recorder {
  const put = createWriter(deps, limit, lease);
  const known = new Map(records.map((record) => [record.uid, record]));
  const turns = new Map<string, Limit>();
  /** Resolves with undefined when another write came first. */
  const tryOnce = async (
    before: HealthRecord,
    update: RecordUpdate,
    observation: Observation | undefined,
  ): Promise<Recorded | undefined> => {
    const record = update(before);
    if (record === before) return notKept(before);
    const same = vouches ? sameSight(before, record, observation) : undefined;
    if (same) return { record: same, isKept: true, isNews: false, isSame: true };
    if (!(await put({ record, observation }))) return undefined;
    return { record, isKept: true, isNews: mindOf(record) !== mindOf(before), isSame: false };
  };
  const write = async (
    cluster: Resource<'cluster'>,
    update: RecordUpdate,
    observation?: Observation,
  ): Promise<Recorded> => {
    let before = known.get(cluster.uid) ?? firstRecord(deps, cluster);
    const done = await contend(MAX_TRIES, async () => {
      const recorded = await tryOnce(before, update, observation);
      if (recorded === undefined) before = (await stored(deps, cluster)) ?? firstRecord(deps, cluster);
      return recorded;
    });
    const recorded = done ?? notKept(before);
    known.set(cluster.uid, recorded.record);
    return recorded;
  };
  const inTurn = async (cluster: Resource<'cluster'>, update: RecordUpdate, observation?: Observation) => {
    const turn = turns.get(cluster.uid) ?? createLimit(1);
    turns.set(cluster.uid, turn);
    return await turn(() => write(cluster, update, observation));
  };
  return {
    take: (cluster, observation, suspectUntilMs) => {
      const update = (record: HealthRecord) => observedBy(deps, spec, cluster, record, { observation, suspectUntilMs });
      return inTurn(cluster, update, observation);
    },
    change: inTurn,
  };
}

function notKept(record: HealthRecord): Recorded {
  return { record, isKept: false, isNews: false, isSame: false };
}

/**
 * Returns the record when its voter has seen the same as before. An inconclusive observation never counts as the same.
 */
function sameSight(before: HealthRecord, after: HealthRecord, seen: Observation | undefined): HealthRecord | undefined {
  if (seen === undefined || seen.outcome === 'inconclusive') return undefined;
  return unchanged(before, after, seen.voter, msOf(seen.observedAt));
}

/** Returns the record after an observation, or the record itself when the observation is to be ignored. */
export function observedBy(
  { clock }: Pick<Deps, 'clock'>,
  { voters, health }: FleetSpec,
  cluster: Resource<'cluster'>,
  record: HealthRecord,
  { observation, suspectUntilMs }: { observation: Observation; suspectUntilMs?: number | undefined },
): HealthRecord {
  const names = votersOf(cluster, voters);
  const watch = { policy: health, voters: voters.filter(({ name }) => names.includes(name)) };
  const next = withObservation(record, observation, watch, clock.now());
  return suspectUntilMs === undefined || next === record ? next : distrust(next, observation.voter, suspectUntilMs);
}

export function firstRecord(deps: Pick<Deps, 'clock'>, { fleet, name, uid }: Resource<'cluster'>): HealthRecord {
  return unknownHealth(fleet, name, uid, deps.clock.now());
}

async function stored(deps: Deps, { fleet, name, uid }: Resource<'cluster'>): Promise<HealthRecord | undefined> {
  const records = await deps.store.health(fleet, { from: name, to: name });
  return records.find((record) => record.uid === uid);
}

/** Returns the parts of a record that decisions depend on, as text. */
function mindOf({ state, votes }: HealthRecord): string {
  return [state, ...votes.map((vote) => `${vote.voter}:${vote.state}:${vote.slowSinceMs}`)].join(' ');
}
