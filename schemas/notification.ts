import * as z from 'zod';
import { Name, pageOf, Timestamp } from './common.ts';
import { DataGateQuestion } from './data-gate.ts';
import { type AskedOf, listQuery } from './list-query.ts';

/** The types of incidents: situations that open and resolve. People are told of each twice. */
export const IncidentType = z.enum([
  'gateway.behind',
  'gateway.stalled',
  'gateway.unreadable',
  'gateway.drifted',
  'gateway.refused',
  'gateway.shadowed',
  'gateway.unanswered',
  'voter.silent',
  'voter.lost',
  'evidence.suspect',
  'certificate.expiring',
  'cluster.suspected',
  'cluster.gated',
  'data-gate.waiting',
  'recommendation.waiting',
  'overload',
  'failover.stranded',
  'readiness.lost',
  'rollout.stopped',
  'approval.waiting',
]);
export type IncidentType = z.infer<typeof IncidentType>;

/** The types of events that happen once, and do not resolve. */
const OccurrenceType = z.enum([
  'decision.applied',
  'decision.withheld',
  'decision.blocked',
  'failover.correlated',
  'shift.ended',
  'drill.started',
  'drill.ended',
  'notification.test',
  'data-gate.asked',
]);

/** The types that only earlier releases have sent. They still occur in stored records, and nothing sends them any more. */
export const RetiredEventType = z.enum(['automation.halted', 'panic.entered', 'panic.left', 'gateway.recovered']);

export const EventType = z.enum([...IncidentType.options, ...OccurrenceType.options, ...RetiredEventType.options]);
export type EventType = z.infer<typeof EventType>;

export const NotificationInput = z
  .strictObject({
    target: Name.meta({
      description: 'One of the targets that the settings of the control plane name. Its URL is a secret.',
    }),
    events: z.array(EventType).max(40).default([]).meta({
      description:
        'The types of events to send. When empty, all are sent. An incident is sent when it opens and when it resolves.',
    }),
  })
  .meta({ id: 'NotificationInput' });
export type Notification = z.output<typeof NotificationInput>;

/** The severity of an incident. critical: clients lose requests, or a failover would fail to help. warning: somebody should look at it by day. */
export const Severity = z.enum(['critical', 'warning']);
export type Severity = z.infer<typeof Severity>;

/** The change of an incident that an event reports. */
export const IncidentChange = z
  .object({
    key: z.string().meta({
      description:
        'The key of the incident. It is the same when the incident opens, when it resolves, and whenever it opens again.',
      examples: ['prod/gateway/edge/behind'],
    }),
    state: z.enum(['opened', 'resolved']),
    severity: Severity,
    openedAt: Timestamp,
    resolvedAt: Timestamp.optional().meta({
      description: 'The time at which the incident was over. It is reported half a minute later.',
    }),
  })
  .meta({ id: 'IncidentChange' });
export type IncidentChange = z.infer<typeof IncidentChange>;

/** An event of a fleet, in the form in which webhooks get it. */
export const Event = z
  .object({
    id: z.string(),
    type: EventType,
    fleet: Name,
    at: Timestamp,
    summary: z.string(),
    clusters: z.array(Name),
    decision: z.string().optional(),
    incident: IncidentChange.optional(),
    dataGate: DataGateQuestion.optional().meta({ description: 'The question of the data gate.' }),
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
      description: 'The attempts in order. The outcome is an HTTP status, or the reason why there is none.',
    }),
    nextAttemptAt: Timestamp.optional().meta({
      description: 'The time of the next attempt; present while the delivery is pending.',
    }),
  })
  .meta({
    id: 'Delivery',
    description:
      'The delivery of one event to one target. An event is sent at least once, and has the same id when it arrives twice. The ' +
      'resolution of an incident is not sent while its opening is still to be sent.',
  });
export type Delivery = z.infer<typeof Delivery>;

export const DeliveryPage = pageOf('DeliveryPage', Delivery);

export const NotificationTestInput = z
  .strictObject({ target: Name.meta({ description: 'One of the targets that the settings name.' }) })
  .meta({ id: 'NotificationTestInput' });

export const DeliveryQuery = listQuery(
  { fields: ['at'], usual: '-at' },
  {
    state: Delivery.shape.state.optional().meta({ description: 'The state of the delivery.', examples: ['failed'] }),
    target: Name.optional().meta({ examples: ['on-call'] }),
    type: EventType.optional().meta({ description: 'The type of the event.', examples: ['decision.applied'] }),
  },
);
export type DeliveryQuery = AskedOf<typeof DeliveryQuery>;
