import { say } from '../../../schemas/messages/index.ts';
import type { GatewayOutcome, Operation, OperationQuery } from '../../../schemas/operation.ts';
import { equal } from '../../core/model/digest.ts';
import { compareText } from '../../core/model/text.ts';
import type {
  ManifestWrite,
  OperationRecord,
  OutcomeRecord,
  Page,
  PageRequest,
  Store,
  SyncRecord,
} from '../../deps.ts';
import { isEnded } from '../../engine/reconcile/outcome.ts';
import type { Context } from '../context.ts';
import { missing, requireFleet } from '../load.ts';
import { type ListOf, selectionOf } from '../selection.ts';

/** Returns an operation. Throws `not-found`. */
export async function getOperation(ctx: Context, fleet: string, id: string): Promise<Operation> {
  const record = await ctx.deps.store.operation(fleet, id);
  if (record === undefined) throw missing('operation', id, fleet);
  return await viewOperation(ctx.deps.store, record);
}

const operationList: ListOf<OperationRecord, OperationQuery, 'state', Operation> = {
  at: ({ createdAt }) => createdAt,
  filters: {
    gateway: ({ gateways }, asked) => gateways.includes(asked),
    action: ({ action }, asked) => action === asked,
    name: ({ target }, asked) => target.name === asked,
  },
  shown: { state: ({ state }, asked) => state === asked },
};

/** Lists the operations of a fleet. Throws `not-found`. */
export async function listOperations(
  ctx: Context,
  fleet: string,
  page: PageRequest,
  query: OperationQuery,
): Promise<Page<Operation>> {
  const { store } = ctx.deps;
  await requireFleet(ctx, fleet);
  const shown = (records: readonly OperationRecord[]) => viewOperations(store, fleet, records);
  const { items, nextToken } = await store.operations(fleet, page, selectionOf(operationList, query, shown));
  return { items: await shown(items), nextToken };
}

export async function viewOperation(store: Store, record: OperationRecord): Promise<Operation> {
  const [operation] = await viewOperations(store, record.fleet, [record]);
  if (operation === undefined) throw new Error('An operation has one view.');
  return operation;
}

async function viewOperations(store: Store, fleet: string, records: readonly OperationRecord[]): Promise<Operation[]> {
  const ids = records.map((record) => record.id).sort(compareText);
  const [first, last] = [ids[0], ids.at(-1)];
  if (first === undefined || last === undefined) return [];
  const [outcomes, syncs, manifestWrites] = await Promise.all([
    store.outcomes(fleet, first, last),
    store.syncs(fleet),
    store.manifestWrites(fleet, first, last),
  ]);
  return records.map((record) => {
    const own = outcomes.filter((outcome) => outcome.operation === record.id);
    const manifestWrite = manifestWrites.find((item) => item.operation === record.id);
    return withManifestWrite(operationShown(record, own, syncs), manifestWrite);
  });
}

/**
 * Adds the progress of an operation that changes many resources. Such an operation does not end before all of them are
 * written, and fails when the writing is stopped.
 */
function withManifestWrite(shown: Operation, manifestWrite: ManifestWrite | undefined): Operation {
  if (manifestWrite === undefined) return shown;
  const { steps, writtenSteps, endedAt, problem } = manifestWrite;
  const { endedAt: pushedAt, ...pushed } = shown;
  const counted = { ...pushed, done: shown.done + writtenSteps, total: shown.total + steps };
  if (endedAt === undefined) {
    return { ...counted, state: 'Running', step: say('WritingChanges', { done: writtenSteps, total: steps }).text };
  }
  if (problem) return { ...counted, state: 'Failed', step: 'ended', endedAt, problem };
  const hasEnded = pushedAt !== undefined || shown.gateways.length === 0;
  return { ...counted, ...(hasEnded && { endedAt: pushedAt ?? endedAt }) };
}

/**
 * Returns an operation as it is shown: for each gateway the outcome of the push, or the progress of the runs of the
 * gateway.
 */
function operationShown(
  { gateways: names, ...record }: OperationRecord,
  outcomes: readonly OutcomeRecord[],
  syncs: readonly SyncRecord[],
): Operation {
  const gateways = names.map((gateway) => {
    const outcome = outcomes.find((item) => item.gateway === gateway);
    const sync = syncs.find((item) => item.gateway === gateway);
    return outcome ? endedAt(outcome) : onTheWay(gateway, sync);
  });
  const failed = gateways.filter((item) => item.endedAt !== undefined && item.state !== 'Verified');
  const open = gateways.filter((item) => item.endedAt === undefined);
  const state = open.length > 0 ? stateOf(gateways) : failed.length > 0 ? 'Failed' : 'Succeeded';
  const ends = gateways.flatMap((item) => item.endedAt ?? []).sort(compareText);
  return {
    ...record,
    state,
    done: sum(gateways, ({ progress }) => progress?.done ?? 0),
    total: sum(gateways, ({ progress }) => progress?.total ?? 1),
    step:
      open.length === 0
        ? 'ended'
        : open.map(({ gateway, progress, message }) => `${gateway}: ${progress?.step ?? message}`).join(' '),
    gateways,
    ...(open.length === 0 && ends.length > 0 && { endedAt: ends.at(-1) }),
    ...(failed.length > 0 && { problem: problemOf(failed) }),
  };
}

function endedAt({ gateway, state, reason, message, attempts, steps, endedAt: at }: OutcomeRecord): GatewayOutcome {
  const total = Math.max(1, steps);
  return { gateway, state, reason, message, attempts, progress: { done: total, total, step: 'ended' }, endedAt: at };
}

/**
 * Returns the progress at a gateway that has yet to end. If its last run had ended well, the work of the operation has
 * not begun.
 */
function onTheWay(gateway: string, sync: SyncRecord | undefined): GatewayOutcome {
  if (sync === undefined || isEnded(sync)) {
    return { gateway, state: 'Pending', reason: 'Pending', message: say('ChangesToPush').text, attempts: 0 };
  }
  const { state, reason, message, attempts, progress, nextAttemptAt } = sync;
  return {
    gateway,
    state,
    reason,
    message,
    attempts,
    ...(progress && { progress }),
    ...(nextAttemptAt !== undefined && { nextAttemptAt }),
  };
}

function stateOf(gateways: readonly GatewayOutcome[]): Operation['state'] {
  return gateways.every((item) => item.endedAt === undefined && item.attempts === 0 && !item.progress)
    ? 'Pending'
    : 'Running';
}

function problemOf(failed: readonly GatewayOutcome[]): Operation['problem'] {
  const errors = failed.map(({ gateway, reason, message }) => ({
    pointer: `gateways/${gateway}`,
    code: reason,
    detail: message,
  }));
  return { code: 'push-failed', detail: errors.map(({ detail }) => detail).join(' '), errors };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

const POLL_MS = 1_000;

/** The time for which an operation is watched. It covers most pushes and is short enough for proxies in between. */
const WATCH_MS = 50_000;

/** Yields the operation now and whenever it changes, until it has ended or the time is over. Throws `not-found`. */
export async function watchOperation(ctx: Context, fleet: string, id: string): Promise<AsyncGenerator<Operation>> {
  return changesOf(ctx, await getOperation(ctx, fleet, id));
}

async function* changesOf(ctx: Context, first: Operation): AsyncGenerator<Operation> {
  const { clock } = ctx.deps;
  const untilMs = clock.now() + WATCH_MS;
  let last = first;
  yield last;
  while (last.endedAt === undefined && clock.now() < untilMs) {
    await clock.sleep(POLL_MS);
    const next = await getOperation(ctx, first.fleet, first.id);
    if (!equal(next, last)) yield next;
    last = next;
  }
}
