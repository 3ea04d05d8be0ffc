import type { Delivery } from '../../../schemas/notification.ts';
import { isoOf, msOf } from '../../core/model/time.ts';
import { retryDelayMs } from '../../core/notification/events.ts';
import type { Deps } from '../../deps.ts';
import { createLimit } from '../../limit.ts';
import { documentOf } from '../deliveries.ts';
import { type HeldLease, withLease } from '../lease.ts';

/** The time for which a sender that dies keeps others from sending. */
const LEASE_MS = 15_000;

/**
 * The most deliveries that are read in one run. This is everything that waits, unless targets have been away for hours.
 */
const DELIVERIES_PER_RUN = 1_000;

/**
 * The number of targets that are sent to at the same time. A Worker has six connections at a time, and probes need most
 * of them.
 */
const SIDE_BY_SIDE = 2;

/**
 * Sends the deliveries that are due and records the outcomes. A lease makes sure that only one sender is at work. After
 * `untilMs` no further delivery is begun. When a sender dies before it has recorded an outcome, the event is sent again
 * with the same id.
 */
export async function deliverDue(deps: Deps, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  await withLease(deps, 'deliveries', LEASE_MS, async (lease) => {
    const limit = createLimit(SIDE_BY_SIDE);
    const queues = Map.groupBy(await pendingDeliveries(deps), ({ delivery }) => delivery.target).values();
    const work = [...queues].map((queue) => limit(() => deliverInTurn(deps, queue, lease, untilMs)));
    // A failure at one target must not affect the others.
    for (const result of await Promise.allSettled(work))
      if (result.status === 'rejected') logFailure(deps, result.reason);
  });
}

interface Pending {
  delivery: Delivery;
  version: number;
}

/**
 * Sends the deliveries of one target in order. The message that an incident is resolved waits until the message that it
 * has opened has been sent.
 */
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
    // A target that is away is asked only once per run, so that it does not keep others waiting.
    if ((await deliver(deps, delivery, version)).state === 'pending') return;
  }
}

/** Reads the pending deliveries, oldest first. */
async function pendingDeliveries({ store, log }: Deps): Promise<Pending[]> {
  const { items, unreadable } = await store.pendingDocuments('delivery', DELIVERIES_PER_RUN);
  for (const error of unreadable) log.error('notification.failed', {}, error);
  return items.map(({ body, version }) => ({ delivery: body, version }));
}

/**
 * Makes one attempt to send a delivery and records it. `version` is the version of the stored document, 0 when there is
 * none yet. If somebody else has recorded an attempt meanwhile, that record stays.
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
