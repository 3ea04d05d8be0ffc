import type { Observation } from '../../../schemas/cluster.ts';
import type { AgentVoter } from '../../../schemas/failover.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { AgentObservation, ObservationBatch, ObservationReceipt } from '../../../schemas/observation-batch.ts';
import { votersOf } from '../../core/health/voters.ts';
import { freshnessMs } from '../../core/health/votes.ts';
import type { Vouch } from '../../core/health/vouch.ts';
import { isAhead } from '../../core/health/vouch.ts';
import type { Resource } from '../../core/model/resource.ts';
import { msOf } from '../../core/model/time.ts';
import type { AgentTurn, Deps } from '../../deps.ts';
import { createLimit } from '../../limit.ts';
import type { Pusher } from '../failover/evaluate.ts';
import { createEvaluator } from '../failover/evaluator.ts';
import { createHeardVoters, traceOf } from './heard-voters.ts';
import { createRecorder, type Recorded, type Recorder } from './recorder.ts';
import { suspected } from './trust.ts';

/** The number of concurrent writes. A Worker has six connections at a time. */
const WRITES_AT_A_TIME = 4;

/** Returns why an observation made at this time says nothing about the present, or undefined when it does. */
export function untimely(
  at: string,
  { spec }: Resource<'fleet'>,
  nowMs: number,
): 'from-the-future' | 'stale' | undefined {
  if (isAhead(msOf(at), nowMs)) return 'from-the-future';
  return nowMs - msOf(at) > freshnessMs(spec.health) ? 'stale' : undefined;
}

/**
 * Returns true when this is the newest batch of the agent so far, and records its turn, so that older batches are
 * refused from then on. A batch that is lost after that is not taken again, because the next one comes soon.
 *
 * Batches are ordered by their time of sending, and by their sequence within one millisecond. The time must be close to
 * now, so that an agent whose state was lost, or whose clock was ahead, is in order again within seconds. A new public
 * key begins a new order: no batch that the former key has signed counts any more.
 */
export async function takeTurn(
  deps: Deps,
  { publicKey }: AgentVoter & { publicKey: string },
  batch: ObservationBatch,
): Promise<boolean> {
  const { fleet, voter } = batch;
  const last = await deps.store.document(fleet, 'voter', voter);
  const turn = { sentAtMs: msOf(batch.sentAt), sequence: batch.sequence, publicKey };
  if (!isAfter(turn, last?.body.turn)) return false;
  const certificates = certificatesAfter(batch, last?.body.certificates);
  const said = { turn, heardAtMs: deps.clock.now(), certificates };
  return await deps.store.putDocument(traceOf(fleet, voter, last, said));
}

function isAfter(turn: AgentTurn, last: AgentTurn | undefined): boolean {
  if (last === undefined || last.publicKey !== turn.publicKey) return true;
  if (turn.sentAtMs !== last.sentAtMs) return turn.sentAtMs > last.sentAtMs;
  return turn.sequence > last.sequence;
}

/**
 * Returns the expiry times of certificates after a batch, by cluster. Agents report a certificate as long as it expires
 * soon; nothing new is known of clusters that are not in the batch.
 */
function certificatesAfter(
  { observations }: ObservationBatch,
  known: Record<string, number> = {},
): Record<string, number> {
  const told = new Set(observations.map(({ cluster }) => cluster));
  const kept = Object.entries(known).filter(([cluster]) => !told.has(cluster));
  const expiring = observations.flatMap(({ cluster, certificateExpiresAt: at }) =>
    at === undefined ? [] : [[cluster, msOf(at)] as const],
  );
  return Object.fromEntries([...kept, ...expiring]);
}

/** Stores the observations of the batch that say something about the present, and decides on them. */
export async function takeBatch(
  deps: Deps,
  fleet: Resource<'fleet'>,
  voter: AgentVoter & { publicKey: string },
  batch: ObservationBatch,
  pusher: Pusher,
): Promise<{ receipts: ObservationReceipt[]; decision: string | undefined }> {
  const [clusters, records] = await Promise.all([deps.store.all('cluster', fleet.name), deps.store.health(fleet.name)]);
  const watched = new Map(
    clusters.flatMap((cluster) => (votersOf(cluster, [voter]).length > 0 ? [[cluster.name, cluster] as const] : [])),
  );
  const told = new Set(batch.observations.map(({ cluster }) => cluster));
  // An agent that reports only some of the clusters cannot vouch for all of them.
  const vouches = [...watched.keys()].every((name) => told.has(name));
  const recorder = createRecorder(deps, fleet.spec, records, { limit: createLimit(WRITES_AT_A_TIME), vouches });
  const roll = createHeardVoters();
  const evaluator = createEvaluator(deps, fleet, pusher);
  const isSuspect = batch.controls.some(({ ok }) => !ok);
  const receipts = batch.observations.map(async (item): Promise<ObservationReceipt> => {
    const cluster = watched.get(item.cluster);
    if (cluster === undefined) return { cluster: item.cluster, result: 'not-watched' };
    const reason = untimely(item.observedAt, fleet, deps.clock.now());
    if (reason !== undefined) return { cluster: item.cluster, result: reason };
    const recorded = await keep(deps, fleet, recorder, { voter, cluster, item, isSuspect });
    roll.note(cluster, { voter: voter.name, ...item }, recorded);
    return { cluster: item.cluster, result: recorded.isKept ? 'accepted' : 'stale' };
  });
  const results = await Promise.all(receipts);
  await keepVouch(deps, fleet, voter, roll.vouchOf(voter, clusters));
  if (results.some(({ result }) => result === 'accepted')) evaluator.ask();
  return { receipts: results, decision: await evaluator.idle() };
}

async function keepVouch(
  { store }: Deps,
  { name: fleet }: Resource<'fleet'>,
  { name: voter }: AgentVoter,
  vouch: Vouch | undefined,
): Promise<void> {
  if (vouch === undefined) return;
  // The outcome is ignored, because a concurrent batch vouches as well.
  await store.putDocument(traceOf(fleet, voter, await store.document(fleet, 'voter', voter), { vouch }));
}

interface Item {
  voter: AgentVoter;
  cluster: Resource<'cluster'>;
  item: AgentObservation;
  isSuspect: boolean;
}

async function keep(
  deps: Deps,
  fleet: Resource<'fleet'>,
  recorder: Recorder,
  { voter, cluster, item, isSuspect }: Item,
): Promise<Recorded> {
  const { cluster: _, certificateExpiresAt: __, ...seen } = item;
  const observation: Observation = { voter: voter.name, ...seen };
  if (!isSuspect || observation.outcome !== 'fail') return await recorder.take(cluster, observation);
  const weighed = suspected(fleet, observation, say('ControlSilent').text, deps.clock.now());
  return await recorder.take(cluster, weighed.observation, weighed.suspectUntilMs);
}
