import * as z from 'zod';
import { Name, pageOf, Timestamp } from './common.ts';

export const EventType = z.enum([
  'decision.applied',
  'decision.withheld',
  'decision.blocked',
  'automation.halted',
  'panic.entered',
  'panic.left',
  'cluster.suspected',
  'failover.correlated',
  'failover.stranded',
  'overload',
  'shift.ended',
  'drill.started',
  'drill.ended',
  'evidence.suspect',
  'voter.silent',
  'voter.lost',
  'certificate.expiring',
  'gateway.stalled',
  'gateway.unreadable',
  'gateway.drifted',
  'gateway.refused',
  'gateway.shadowed',
  'gateway.recovered',
  'notification.test',
]);
export type EventType = z.infer<typeof EventType>;

export const NotificationInput = z
  .strictObject({
    target: Name.meta({
      description: 'One of the targets that the settings of the control plane name: its URL is a secret.',
    }),
    events: z.array(EventType).max(30).default([]).meta({ description: 'Empty: all.' }),
  })
  .meta({ id: 'NotificationInput' });
export type Notification = z.output<typeof NotificationInput>;

/** What happened, as webhooks tell it. */
export const Event = z
  .object({
    id: z.string(),
    type: EventType,
    fleet: Name,
    at: Timestamp,
    summary: z.string(),
    clusters: z.array(Name),
    decision: z.string().optional(),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;

export const Delivery = z
  .object({
    id: z.string(),
    event: Event,
    target: Name,
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.array(z.object({ at: Timestamp, outcome: z.string() })).meta({
      description: 'In order. The outcome is an HTTP status, or why there is none.',
    }),
    nextAttemptAt: Timestamp.optional().meta({ description: 'While it is pending.' }),
  })
  .meta({
    id: 'Delivery',
    description:
      'One event on its way to one target. It is sent at least once: an event that arrives twice has the same id.',
  });
export type Delivery = z.infer<typeof Delivery>;

export const DeliveryPage = pageOf('DeliveryPage', Delivery);

export const NotificationTestInput = z
  .strictObject({ target: Name.meta({ description: 'One of the targets that the settings name.' }) })
  .meta({ id: 'NotificationTestInput' });
