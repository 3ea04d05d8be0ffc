import pLimit from 'p-limit';
import type { Delivery } from '../../../schemas/notification.ts';
import { isoOf, msOf } from '../../core/model/time.ts';
import { retryDelayMs } from '../../core/notification/events.ts';
import type { Deps } from '../../deps.ts';
import { documentOf } from '../deliveries.ts';
import { type HeldLease, withLease } from '../lease.ts';

/** A sender that dies keeps others from sending for this long. */
const LEASE_MS = 15_000;

/** Of what waits; all of it, unless targets have been away for hours. */
const DELIVERIES_PER_RUN = 1_000;

/** A Worker has six connections at a time, which probes need more. */
const SIDE_BY_SIDE = 2;

/**
 * Sends what is due and records what became of it; one sender at a time. After `untilMs` no more is begun. Who dies between the two
 * sends again, with the same id.
 */
export async function deliverDue(deps: Deps, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  await withLease(deps, 'deliveries', LEASE_MS, async (lease) => {
    const limit = pLimit(SIDE_BY_SIDE);
    const queues = Map.groupBy(await pendingDeliveries(deps), ({ delivery }) => delivery.target).values();
    const work = [...queues].map((queue) => limit(() => deliverInTurn(deps, queue, lease, untilMs)));
    // Trouble with one target is no trouble of another.
    for (const result of await Promise.allSettled(work))
      if (result.status === 'rejected') logFailure(deps, result.reason);
  });
}

interface Pending {
  delivery: Delivery;
  version: number;
}

/** What one target is to be sent: that an incident is resolved waits until it has been sent that it has opened. */
async function deliverInTurn(deps: Deps, queue: readonly Pending[], lease: HeldLease, untilMs: number): Promise<void> {
  const waiting = new Set<string>();
  for (const { delivery, version } of queue) {
    if (deps.clock.now() >= untilMs) return;
    const { key } = delivery.event.incident ?? {};
    const isDue = msOf(delivery.nextAttemptAt ?? delivery.event.at) <= deps.clock.now();
    if (!isDue || (key !== undefined && waiting.has(key))) {
      if (key !== undefined) waiting.add(key);
      continue;
    }
    await lease.ensure();
    // A target that is away is asked once a run, so that it does not keep others waiting.
    if ((await deliver(deps, delivery, version)).state === 'pending') return;
  }
}

/** Oldest first. */
async function pendingDeliveries({ store, log }: Deps): Promise<Pending[]> {
  const { items, unreadable } = await store.pendingDocuments('delivery', DELIVERIES_PER_RUN);
  for (const error of unreadable) log.error('notification.failed', {}, error);
  return items.map(({ body, version }) => ({ delivery: body, version }));
}

/**
 * One attempt, and its record; `version` is that of the document, 0 when there is none yet. When somebody else has recorded another
 * meanwhile, that stands.
 */
export async function deliver(
  { notifier, store, clock, log }: Deps,
  delivery: Delivery,
  version: number,
): Promise<Delivery> {
  const { nextAttemptAt: _, ...rest } = delivery;
  const at = isoOf(clock.now());
  const answer = await notifier.send(delivery.target, delivery.event);
  const attempts = [...delivery.attempts, { at, outcome: answer.outcome }];
  const nowMs = clock.now();
  const delayMs = retryDelayMs(attempts.length, answer);
  const attempted: Delivery =
    delayMs === undefined
      ? { ...rest, attempts, state: answer.isDelivered ? 'delivered' : 'failed' }
      : { ...rest, attempts, nextAttemptAt: isoOf(nowMs + delayMs) };
  await store.putDocument(documentOf(attempted, version + 1, nowMs));
  const { id, event, target, state } = attempted;
  log.info('notification', { fleet: event.fleet, delivery: id, target, state, outcome: answer.outcome });
  return attempted;
}

function logFailure({ log }: Deps, error: unknown): void {
  log.error('notification.failed', {}, error);
}
