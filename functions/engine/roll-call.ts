import { type Heard, type Silence, silentVoters } from '../core/health/silence.ts';
import type { Resource } from '../core/model.ts';
import { isoOf } from '../core/time.ts';
import type { Deps, Store, StoredDocument } from '../deps.ts';
import { announce } from './notify.ts';

/** A fleet has twenty voters at most; those that are not declared any more may have left a trace. */
const TRACES = 200;

export async function readHeard(store: Pick<Store, 'documents'>, fleet: string): Promise<Heard> {
  return heardIn((await store.documents(fleet, 'voter', { limit: TRACES })).items);
}

function heardIn(traces: readonly StoredDocument<'voter'>[]): Heard {
  return new Map(traces.flatMap(({ id, body }) => (body.heardAtMs === undefined ? [] : [[id, body.heardAtMs]])));
}

/**
 * Keeps that these voters were heard, and tells people once of each that is silent, and once more when it is lost. `told`: what this
 * invocation has told already.
 */
export async function callRoll(
  deps: Deps,
  fleet: Resource<'fleet'>,
  clusters: readonly Resource<'cluster'>[],
  { heard, told }: { heard: ReadonlySet<string>; told: Set<string> },
): Promise<void> {
  const { items } = await deps.store.documents(fleet.name, 'voter', { limit: TRACES });
  const nowMs = deps.clock.now();
  const writes = [...heard].map((voter) => {
    const trace = items.find(({ id }) => id === voter);
    // Whoever has got in between has heard it as well.
    return deps.store.putDocument(traceOf(fleet.name, voter, trace, { heardAtMs: nowMs }));
  });
  await Promise.all(writes);
  const known = new Map([...heardIn(items), ...[...heard].map((voter) => [voter, nowMs] as const)]);
  for (const silence of silentVoters(fleet, clusters, known, nowMs)) await tell(deps, fleet, silence, told);
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

/** Nobody is called because of a voter that has never spoken: the fleet shows it. */
async function tell(
  deps: Deps,
  fleet: Resource<'fleet'>,
  { voter, sinceMs, isLost }: Silence,
  told: Set<string>,
): Promise<void> {
  if (sinceMs === undefined) return;
  const type = isLost ? 'voter.lost' : 'voter.silent';
  const news = `${fleet.name} ${voter} ${type} ${sinceMs}`;
  if (told.has(news)) return;
  told.add(news);
  deps.log.info(type, { fleet: fleet.name, voter, since: isoOf(sinceMs) });
  const summary = isLost
    ? `${voter} has said nothing since ${isoOf(sinceMs)}, for twice as long as its word counts. Look for what is wrong with it.`
    : `${voter} has said nothing since ${isoOf(sinceMs)}: what it said before counts no more.`;
  await announce(deps, fleet, { type, clusters: [], summary, subject: voter, sinceMs });
}
