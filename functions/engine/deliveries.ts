import type { FleetSpec } from '../../schemas/fleet.ts';
import type { Delivery, Event } from '../../schemas/notification.ts';
import { deliveriesOf } from '../core/notification/events.ts';
import type { StoredDocument } from '../deps.ts';

/** How long it can be seen what became of a delivery. */
const KEPT_MS = 30 * 86_400_000;

/** The deliveries of events, to be written together with what they tell of. */
export function deliveryDocuments(
  events: readonly Event[],
  spec: Pick<FleetSpec, 'notifications'>,
  nowMs: number,
): StoredDocument[] {
  return deliveriesOf(events, spec.notifications).map((delivery) => documentOf(delivery, 1, nowMs));
}

/** A delivery as it is kept. */
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
