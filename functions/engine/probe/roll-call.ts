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

/** A fleet has twenty voters at most; those that are not declared any more may have left a trace. */
const TRACES = 200;

export async function readHeard(store: Pick<Store, 'documents'>, fleet: string): Promise<Heard> {
  const traces = [...(await readTraces(store, fleet))];
  return new Map(traces.flatMap(([name, { heardAtMs }]) => (heardAtMs === undefined ? [] : [[name, heardAtMs]])));
}

/** What the voters of a fleet have left, by name. */
export async function readTraces(store: Pick<Store, 'documents'>, fleet: string): Promise<Map<string, VoterTrace>> {
  const { items } = await store.documents(fleet, 'voter', { limit: TRACES });
  return new Map(items.map(({ id, body }) => [id, body]));
}

/** What voters have said in a round, or in a batch. */
export interface Roll {
  /** An observation, and what became of it. */
  note(cluster: Resource<'cluster'>, observation: Observation, recorded: Pick<Recorded, 'isSame'>): void;
  /** Those that have said something. */
  heard(): string[];
  /** What the voter vouches for, of the clusters that it watches; undefined when it saw nothing that it saw before. */
  vouchOf(voter: Voter, clusters: readonly Resource<'cluster'>[]): Vouch | undefined;
}

export function createRoll(): Roll {
  /** By voter and cluster, when it was that the voter saw what it saw before. */
  const same = new Map<string, Map<string, number>>();
  return {
    note: ({ name }, { voter, outcome, observedAt }, { isSame }) => {
      if (outcome === 'inconclusive') return;
      const sights = same.get(voter) ?? new Map<string, number>();
      same.set(voter, sights);
      if (isSame) sights.set(name, msOf(observedAt));
      else sights.delete(name);
    },
    heard: () => [...same.keys()],
    vouchOf: (voter, clusters) => {
      const sights = same.get(voter.name);
      if (sights === undefined || sights.size === 0) return undefined;
      const watched = clusters.filter((cluster) => votersOf(cluster, [voter]).length > 0).map(({ name }) => name);
      return { atMs: Math.min(...sights.values()), except: watched.filter((name) => !sights.has(name)) };
    },
  };
}

/** Keeps that the voters of a round were heard, and what they vouch for. */
export async function callRoll(
  deps: Deps,
  fleet: Resource<'fleet'>,
  clusters: readonly Resource<'cluster'>[],
  roll: Roll,
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
      // Whoever has got in between has heard it as well.
      return deps.store.putDocument(traceOf(fleet.name, voter.name, trace, said));
    });
  await Promise.all(writes);
}

/** What is kept of a voter, as the next version. */
export function traceOf(
  fleet: string,
  voter: string,
  last: StoredDocument<'voter'> | undefined,
  more: StoredDocument<'voter'>['body'],
): StoredDocument<'voter'> {
  const body = { ...last?.body, ...more };
  return { fleet, kind: 'voter', id: voter, version: (last?.version ?? 0) + 1, body, isPending: false };
}
