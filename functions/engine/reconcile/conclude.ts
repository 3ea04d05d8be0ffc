import type { Deviation } from '../../core/gateway/reading.ts';
import { isoOf } from '../../core/model/time.ts';
import { servesPool, usesDistribution } from '../../core/routing/resolve.ts';
import type { Deps, OutboxRow, OutcomeRecord } from '../../deps.ts';
import { deviationText, type Outcome, type Summary, summaryOf } from './outcome.ts';
import type { Run } from './run.ts';

/**
 * Ends the operations that are finished at this gateway, then removes their rows. A row is removed after all
 * operations that wait for it have ended.
 */
export async function conclude(
  deps: Deps,
  run: Run,
  rows: readonly OutboxRow[],
  outcome: Outcome,
  attempts: number,
): Promise<void> {
  const endedAt = isoOf(deps.clock.now());
  const pools = outcome.type === 'ended' ? await poolsByRoute(deps, run) : {};
  const concluded = rows.flatMap((row) => {
    const end = endOf(row, outcome, pools);
    return end ? [{ row, end }] : [];
  });
  const waiting = await deps.store.waitingOperations(concluded.map(({ row }) => row));
  const waits = Map.groupBy(waiting, keyOf);
  const written = outcome.type === 'ended' ? outcome.written : 0;
  const records = new Map<string, OutcomeRecord>();
  for (const { row, end } of concluded) {
    const own = (waits.get(keyOf(row)) ?? []).map(({ operation }) => operation);
    for (const operation of [...row.operations, ...own]) {
      if (worse(end, records.get(operation))) records.set(operation, recordOf(run, operation, end));
    }
  }
  const common = { attempts, endedAt, steps: written };
  const ended = [...records.values()].map((record) => ({ ...record, ...common }));
  const done = concluded.filter(({ end }) => end.isFinal).map(({ row }) => row);
  if (ended.length > 0) await deps.store.conclude(ended, waiting, run.lease.current());
  if (done.length > 0) await deps.store.acknowledge(done, endedAt, run.lease.current());
}

const keyOf = ({ kind, name }: Pick<OutboxRow, 'kind' | 'name'>): string => `${kind} ${name}`;

interface End extends Summary {
  /** True when nothing remains to be done for the row. */
  isFinal: boolean;
}

/** Returns how the request of a row ended, or undefined while it is open. */
function endOf(row: OutboxRow, outcome: Outcome, pools: Record<string, string[]>): End | undefined {
  if (outcome.type === 'deleted') return { ...summaryOf(outcome), isFinal: true };
  if (outcome.type === 'failed') return outcome.isTransient ? undefined : { ...summaryOf(outcome), isFinal: false };
  if (outcome.type !== 'ended') return undefined;
  const own = outcome.deviations.filter((deviation) => concerns(row, deviation, pools));
  const fault =
    FAULTS.find(({ reason }) => own.some((deviation) => deviation.reason === reason)) ?? hiddenFrom(row, own);
  if (fault === undefined) {
    const { message } = summaryOf({ ...outcome, deviations: [] });
    return { state: 'Verified', reason: 'Programmed', message, isFinal: true };
  }
  const { reason, state, isFinal } = fault;
  return { state, reason, message: deviationText(own, reason), isFinal };
}

/**
 * Returns the fault of a route whose own rule somebody changed at the gateway: such a route is not served as declared,
 * even if everything else of it was written.
 */
function hiddenFrom({ kind, name }: OutboxRow, own: readonly Deviation[]): typeof DRIFTED | undefined {
  const isHidden = own.some(({ reason, routes }) => reason === 'Drifted' && routes.includes(name));
  return kind === 'route' && isHidden ? DRIFTED : undefined;
}

const DRIFTED = { reason: 'Drifted', state: 'Diverged', isFinal: true } as const;

/**
 * The faults that keep an operation from being verified, the worst first. Changes that somebody else made to other
 * objects do not count.
 */
const FAULTS = [
  { reason: 'Refused', state: 'Failed', isFinal: true },
  { reason: 'NotAsWritten', state: 'Diverged', isFinal: false },
  { reason: 'Pending', state: 'Diverged', isFinal: false },
  { reason: 'ObserveOnly', state: 'Diverged', isFinal: true },
] as const;

/**
 * Tells whether a deviation concerns a row. For a change of one resource, these are the deviations of objects that
 * carry it, serve it or give it points; for an apply, or a change of the gateway itself, all deviations.
 */
function concerns(row: OutboxRow, deviation: Deviation, pools: Record<string, string[]>): boolean {
  const { isPoints, routes, pool, clusters = [] } = deviation;
  switch (row.kind) {
    case 'traffic':
      return isPoints;
    case 'route':
      return routes.includes(row.name) || (pool !== undefined && (pools[row.name] ?? []).includes(pool));
    case 'service':
      return pool !== undefined && servesPool(pool, row.name);
    case 'distribution':
      return pool !== undefined && usesDistribution(pool, row.name);
    case 'cluster':
      return clusters.includes(row.name);
    case 'fleet':
      return false;
    default:
      return true;
  }
}

async function poolsByRoute({ store }: Deps, { fleet, gateway }: Run): Promise<Record<string, string[]>> {
  return (await store.points(fleet, gateway)).routes;
}

/**
 * Tells whether an outcome is worse than the known one: an operation on several resources is only as good as the worst
 * of them.
 */
function worse(end: End, known: OutcomeRecord | undefined): boolean {
  const rank = (state: string) => ['Failed', 'Diverged', 'Verified'].indexOf(state);
  return known === undefined || rank(end.state) < rank(known.state);
}

function recordOf({ fleet, gateway }: Run, operation: string, { state, reason, message }: End): OutcomeRecord {
  const ended = state === 'Verified' || state === 'Diverged' ? state : 'Failed';
  return { operation, fleet, gateway, state: ended, reason, message, steps: 0, attempts: 0, endedAt: '' };
}
