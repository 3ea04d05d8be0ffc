import pLimit, { type LimitFunction } from 'p-limit';
import type { Observation } from '../../schemas/cluster.ts';
import type { FleetSpec } from '../../schemas/fleet.ts';
import { distrust, type HealthRecord, step, unknownHealth } from '../core/health.ts';
import type { Resource } from '../core/model.ts';
import { votersOf } from '../core/votes.ts';
import type { Deps } from '../deps.ts';
import type { HeldLease } from './lease.ts';
import { createWriter } from './writer.ts';

/** Voters write to one record at the same time. */
const MAX_TRIES = 4;

export interface Recorded {
  record: HealthRecord;
  /** False when the observation says nothing new, or others kept getting in between. */
  isKept: boolean;
  /** A voter has changed its mind. */
  isNews: boolean;
}

export interface Recorder {
  /** Takes the observation into account and keeps it. `suspectUntilMs`: its voter does not count before. */
  take(cluster: Resource<'cluster'>, observation: Observation, suspectUntilMs?: number): Promise<Recorded>;
}

/** Keeps what voters of a fleet see; `records` is what is known of its clusters. `limit`: how many writes at a time. Under a lease, if there is one. */
export function createRecorder(
  deps: Deps,
  spec: FleetSpec,
  records: readonly HealthRecord[],
  { limit, lease }: { limit: LimitFunction; lease?: HeldLease },
): Recorder {
  const put = createWriter(deps, limit, lease);
  const known = new Map(records.map((record) => [record.uid, record]));
  const turns = new Map<string, LimitFunction>();
  const write = async (cluster: Resource<'cluster'>, observation: Observation, suspectUntilMs?: number) => {
    let before = known.get(cluster.uid) ?? firstRecord(deps, cluster);
    for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
      const record = stepped(deps, spec, cluster, before, { observation, suspectUntilMs });
      if (record === before) break;
      if (await put({ record, observation })) {
        known.set(cluster.uid, record);
        return { record, isKept: true, isNews: mindOf(record) !== mindOf(before) };
      }
      before = (await stored(deps, cluster)) ?? firstRecord(deps, cluster);
    }
    known.set(cluster.uid, before);
    return { record: before, isKept: false, isNews: false };
  };
  return {
    take: async (cluster, observation, suspectUntilMs) => {
      const turn = turns.get(cluster.uid) ?? pLimit(1);
      turns.set(cluster.uid, turn);
      return await turn(() => write(cluster, observation, suspectUntilMs));
    },
  };
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
  return [state, ...votes.map((vote) => `${vote.voter}:${vote.state}`)].join(' ');
}
