import type { FleetSpec } from '../../schemas/fleet.ts';
import type { Delivery, Event } from '../../schemas/notification.ts';
import { deliveriesOf } from '../core/notification/events.ts';
import type { StoredDocument } from '../deps.ts';

/** The time for which a delivery is kept after it was last written. */
const KEPT_MS = 30 * 86_400_000;

/**
 * Returns the documents of the deliveries that the events require. They are to be written in one transaction with what
 * the events report.
 */
export function deliveryDocuments(
  events: readonly Event[],
  spec: Pick<FleetSpec, 'notifications'>,
  nowMs: number,
): StoredDocument[] {
  return deliveriesOf(events, spec.notifications).map((delivery) => documentOf(delivery, 1, nowMs));
}

/** Returns the document that keeps a delivery; it expires `KEPT_MS` after `nowMs`. */
export function documentOf(delivery: Delivery, version: number, nowMs: number): StoredDocument {
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
