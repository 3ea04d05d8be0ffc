import type { Observation } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import type { Heard } from '../../core/health/silence.ts';
import { votersOf } from '../../core/health/voters.ts';
import type { Vouch } from '../../core/health/vouch.ts';
import type { VoterTrace } from '../../core/incidents/incident.ts';
import type { Resource } from '../../core/model/resource.ts';
import { msOf } from '../../core/model/time.ts';
import type { Deps, Store, StoredDocument } from '../../deps.ts';
import type { Recorded } from './recorder.ts';

/**
 * The most traces that are read. A fleet has at most twenty voters, but voters that are no longer declared may have
 * left traces.
 */
const TRACES = 200;

export async function readHeard(store: Pick<Store, 'documents'>, fleet: string): Promise<Heard> {
  const traces = [...(await readTraces(store, fleet))];
  return new Map(traces.flatMap(([name, { heardAtMs }]) => (heardAtMs === undefined ? [] : [[name, heardAtMs]])));
}

/** Reads the traces that the voters of a fleet have left, by the name of the voter. */
export async function readTraces(store: Pick<Store, 'documents'>, fleet: string): Promise<Map<string, VoterTrace>> {
  const { items } = await store.documents(fleet, 'voter', { limit: TRACES });
  return new Map(items.map(({ id, body }) => [id, body]));
}

/** The voters that were heard in a round or in a batch, and what they saw. */
export interface HeardVoters {
  /** Notes an observation and the outcome of recording it. */
  note(cluster: Resource<'cluster'>, observation: Observation, recorded: Pick<Recorded, 'isSame'>): void;
  /** Returns the names of the voters that have said something. */
  heard(): string[];
  /**
   * Returns what the voter vouches for among the clusters that it watches, or undefined when nothing was as it saw it
   * before.
   */
  vouchOf(voter: Voter, clusters: readonly Resource<'cluster'>[]): Vouch | undefined;
}

export function createHeardVoters(): HeardVoters {
  /** The time at which a voter saw the same as before, by voter and cluster. */
  const same = new Map<string, Map<string, number>>();
  return {
    note: ({ name }, { voter, outcome, observedAt }, { isSame }) => {
      if (outcome === 'inconclusive') return;
      const times = same.get(voter) ?? new Map<string, number>();
      same.set(voter, times);
      if (isSame) times.set(name, msOf(observedAt));
      else times.delete(name);
    },
    heard: () => [...same.keys()],
    vouchOf: (voter, clusters) => {
      const times = same.get(voter.name);
      if (times === undefined || times.size === 0) return undefined;
      const watched = clusters.filter((cluster) => votersOf(cluster, [voter]).length > 0).map(({ name }) => name);
      return { atMs: Math.min(...times.values()), except: watched.filter((name) => !times.has(name)) };
    },
  };
}

/** Stores that the voters of a round were heard, and what they vouch for. */
export async function recordHeardVoters(
  deps: Deps,
  fleet: Resource<'fleet'>,
  clusters: readonly Resource<'cluster'>[],
  roll: HeardVoters,
): Promise<void> {
  const { items } = await deps.store.documents(fleet.name, 'voter', { limit: TRACES });
  const nowMs = deps.clock.now();
  const heard = new Set(roll.heard());
  const writes = fleet.spec.voters
    .filter(({ name }) => heard.has(name))
    .map((voter) => {
      const trace = items.find(({ id }) => id === voter.name);
      const vouch = roll.vouchOf(voter, clusters);
      const said = { heardAtMs: nowMs, ...(vouch && { vouch }) };
      // The outcome is ignored, because a concurrent writer has heard the voter as well.
      return deps.store.putDocument(traceOf(fleet.name, voter.name, trace, said));
    });
  await Promise.all(writes);
}

/** Returns the next version of the trace of a voter. */
export function traceOf(
  fleet: string,
  voter: string,
  last: StoredDocument<'voter'> | undefined,
  more: StoredDocument<'voter'>['body'],
): StoredDocument<'voter'> {
  const body = { ...last?.body, ...more };
  return { fleet, kind: 'voter', id: voter, version: (last?.version ?? 0) + 1, body, isPending: false };
}
