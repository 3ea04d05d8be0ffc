import pLimit from 'p-limit';
import { encodeTime } from 'ulid';
import type { FleetSpec } from '../../schemas/fleet.ts';
import type { Delivery, Event } from '../../schemas/notification.ts';
import { digest } from '../core/digest.ts';
import type { Resource } from '../core/model.ts';
import { deliveriesOf, retryDelayMs } from '../core/notification.ts';
import type { Deps, StoredDocument } from '../deps.ts';
import { withLease } from './lease.ts';

/** A sender that dies keeps others from sending for this long. */
const LEASE_MS = 15_000;

/** Of what waits; all of it, unless targets have been away for hours. */
const DELIVERIES_PER_RUN = 1_000;

/** A Worker has six connections at a time, which probes need more. */
const SIDE_BY_SIDE = 2;

/** How long it can be seen what became of a delivery. */
const KEPT_MS = 30 * 86_400_000;

const HOUR_MS = 3_600_000;

/** The deliveries of events, to be written together with what they tell of. */
export function deliveryDocuments(
  events: readonly Event[],
  spec: Pick<FleetSpec, 'notifications'>,
  nowMs: number,
): StoredDocument[] {
  return deliveriesOf(events, spec.notifications).map((delivery) => documentOf(delivery, 1, nowMs));
}

/** What no decision tells; once in an hour, however often it is found. `subject`: what it is of. */
export interface Announcement extends Pick<Event, 'type' | 'clusters' | 'summary'> {
  subject: string;
  /** When it began, in milliseconds since the epoch, where it is told once and never again. */
  sinceMs?: number;
}

/** Adds the deliveries of something that was found; that they are there already is fine. */
export async function announce(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  { name: fleet, spec }: Resource<'fleet'>,
  { subject, sinceMs, ...happening }: Announcement,
): Promise<void> {
  const nowMs = clock.now();
  const beginMs = sinceMs ?? nowMs - (nowMs % HOUR_MS);
  const suffix = digest([fleet, happening.type, subject]).slice(0, 16).toUpperCase();
  // Sorts among ULIDs, and is the same for all of the hour, or for as long as it lasts.
  const event = { id: `evt_${encodeTime(beginMs)}${suffix}`, fleet, at: iso(nowMs), ...happening };
  for (const document of deliveryDocuments([event], spec, nowMs)) await store.putDocument(document);
}

function documentOf(delivery: Delivery, version: number, nowMs: number): StoredDocument {
  return {
    fleet: delivery.event.fleet,
    kind: 'delivery',
    id: delivery.id,
    version,
    body: delivery,
    isPending: delivery.state === 'pending',
    ttl: Math.ceil((nowMs + KEPT_MS) / 1000),
  };
}

/**
 * Sends what is due and records what became of it; one sender at a time. After `untilMs` no more is begun. Who dies between the two
 * sends again, with the same id.
 */
export async function deliverDue(deps: Deps, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  await withLease(deps, 'deliveries', LEASE_MS, async (lease) => {
    const limit = pLimit(SIDE_BY_SIDE);
    const queues = Map.groupBy(await dueDeliveries(deps), ({ delivery }) => delivery.target).values();
    const work = [...queues].map((queue) =>
      limit(async () => {
        for (const { delivery, version } of queue) {
          if (deps.clock.now() >= untilMs) return;
          await lease.ensure();
          // A target that is away is asked once a run, so that it does not keep others waiting.
          if ((await deliver(deps, delivery, version)).state === 'pending') return;
        }
      }),
    );
    // Trouble with one target is no trouble of another.
    for (const result of await Promise.allSettled(work))
      if (result.status === 'rejected') logFailure(deps, result.reason);
  });
}

/** Oldest first. */
async function dueDeliveries({ store, clock, log }: Deps): Promise<{ delivery: Delivery; version: number }[]> {
  const now = iso(clock.now());
  const { items, unreadable } = await store.pendingDocuments('delivery', DELIVERIES_PER_RUN);
  for (const error of unreadable) log.error('notification.failed', {}, error);
  return items
    .map(({ body, version }) => ({ delivery: body, version }))
    .filter(({ delivery }) => (delivery.nextAttemptAt ?? '') <= now);
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
  const at = iso(clock.now());
  const answer = await notifier.send(delivery.target, delivery.event);
  const attempts = [...delivery.attempts, { at, outcome: answer.outcome }];
  const nowMs = clock.now();
  const delayMs = retryDelayMs(attempts.length, answer);
  const attempted: Delivery =
    delayMs === undefined
      ? { ...rest, attempts, state: answer.isDelivered ? 'delivered' : 'failed' }
      : { ...rest, attempts, nextAttemptAt: iso(nowMs + delayMs) };
  await store.putDocument(documentOf(attempted, version + 1, nowMs));
  const { id, event, target, state } = attempted;
  log.info('notification', { fleet: event.fleet, delivery: id, target, state, outcome: answer.outcome });
  return attempted;
}

function logFailure({ log }: Deps, error: unknown): void {
  log.error('notification.failed', {}, error);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
