import pLimit, { type LimitFunction } from 'p-limit';
import type { Observation } from '../../../schemas/cluster.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import { distrust, type HealthRecord, step, unknownHealth } from '../../core/health/record.ts';
import { votersOf } from '../../core/health/voters.ts';
import { unchanged } from '../../core/health/vouch.ts';
import type { Resource } from '../../core/model/resource.ts';
import { msOf } from '../../core/model/time.ts';
import type { Deps } from '../../deps.ts';
import type { HeldLease } from '../lease.ts';
import { createWriter } from '../writer.ts';

/** Voters write to one record at the same time. */
const MAX_TRIES = 4;

export interface Recorded {
  record: HealthRecord;
  /** False when the observation says nothing new, or others kept getting in between. */
  isKept: boolean;
  /** A voter has changed its mind. */
  isNews: boolean;
  /** It is what the voter saw before, and not written: the voter has to vouch for it. */
  isSame: boolean;
}

type Step = (record: HealthRecord) => HealthRecord;

export interface Recorder {
  /** Takes the observation into account and keeps it. `suspectUntilMs`: its voter does not count before. */
  take(cluster: Resource<'cluster'>, observation: Observation, suspectUntilMs?: number): Promise<Recorded>;
  /** Keeps what `step` makes of what is known, unless it is the same; asked again when others have got in between. */
  change(cluster: Resource<'cluster'>, step: Step): Promise<Recorded>;
}

/**
 * Keeps what voters of a fleet see; `records` is what is known of its clusters. `limit`: how many writes at a time. Under a lease, if there is
 * one. `vouches`: who sees what they saw before vouch for it, so that it is not written.
 */
export function createRecorder(
  deps: Deps,
  spec: FleetSpec,
  records: readonly HealthRecord[],
  { limit, lease, vouches = false }: { limit: LimitFunction; lease?: HeldLease; vouches?: boolean },
): Recorder {
  const put = createWriter(deps, limit, lease);
  const known = new Map(records.map((record) => [record.uid, record]));
  const turns = new Map<string, LimitFunction>();
  /** Undefined when others have got in between. */
  const tryOnce = async (
    before: HealthRecord,
    step: Step,
    observation: Observation | undefined,
  ): Promise<Recorded | undefined> => {
    const record = step(before);
    if (record === before) return notKept(before);
    const same = vouches ? sameSight(before, record, observation) : undefined;
    if (same) return { record: same, isKept: true, isNews: false, isSame: true };
    if (!(await put({ record, observation }))) return undefined;
    return { record, isKept: true, isNews: mindOf(record) !== mindOf(before), isSame: false };
  };
  const write = async (cluster: Resource<'cluster'>, step: Step, observation?: Observation): Promise<Recorded> => {
    let before = known.get(cluster.uid) ?? firstRecord(deps, cluster);
    let done: Recorded | undefined;
    for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
      done = await tryOnce(before, step, observation);
      if (done !== undefined) break;
      before = (await stored(deps, cluster)) ?? firstRecord(deps, cluster);
    }
    const recorded = done ?? notKept(before);
    known.set(cluster.uid, recorded.record);
    return recorded;
  };
  const inTurn = async (cluster: Resource<'cluster'>, step: Step, observation?: Observation) => {
    const turn = turns.get(cluster.uid) ?? pLimit(1);
    turns.set(cluster.uid, turn);
    return await turn(() => write(cluster, step, observation));
  };
  return {
    take: (cluster, observation, suspectUntilMs) => {
      const step = (record: HealthRecord) => stepped(deps, spec, cluster, record, { observation, suspectUntilMs });
      return inTurn(cluster, step, observation);
    },
    change: inTurn,
  };
}

function notKept(record: HealthRecord): Recorded {
  return { record, isKept: false, isNews: false, isSame: false };
}

/** The record when its voter has seen the same as before; what says nothing is no such sight. */
function sameSight(before: HealthRecord, after: HealthRecord, seen: Observation | undefined): HealthRecord | undefined {
  if (seen === undefined || seen.outcome === 'inconclusive') return undefined;
  return unchanged(before, after, seen.voter, msOf(seen.observedAt));
}

/** The record as it is after an observation; the record itself when that is to be ignored. */
export function stepped(
  { clock }: Pick<Deps, 'clock'>,
  { voters, health }: FleetSpec,
  cluster: Resource<'cluster'>,
  record: HealthRecord,
  { observation, suspectUntilMs }: { observation: Observation; suspectUntilMs?: number | undefined },
): HealthRecord {
  const names = votersOf(cluster, voters);
  const watch = { policy: health, voters: voters.filter(({ name }) => names.includes(name)) };
  const next = step(record, observation, watch, clock.now());
  return suspectUntilMs === undefined || next === record ? next : distrust(next, observation.voter, suspectUntilMs);
}

export function firstRecord(deps: Pick<Deps, 'clock'>, { fleet, name, uid }: Resource<'cluster'>): HealthRecord {
  return unknownHealth(fleet, name, uid, deps.clock.now());
}

async function stored(deps: Deps, { fleet, name, uid }: Resource<'cluster'>): Promise<HealthRecord | undefined> {
  const records = await deps.store.health(fleet, { from: name, to: name });
  return records.find((record) => record.uid === uid);
}

/** What is decided upon. */
function mindOf({ state, votes }: HealthRecord): string {
  return [state, ...votes.map((vote) => `${vote.voter}:${vote.state}:${vote.slowSinceMs}`)].join(' ');
}
