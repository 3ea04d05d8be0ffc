import * as z from 'zod';
import { Name, pageOf, Timestamp } from './common.ts';
import { DataGateQuestion } from './data-gate.ts';

/** Kinds of incidents: situations that open and resolve, of each of which people are told twice. */
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
]);
export type IncidentType = z.infer<typeof IncidentType>;

/** Events that happen once. */
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

/** Types that an earlier release has sent: they stand in what it has stored, and nothing sends them any more. */
export const RetiredEventType = z.enum(['automation.halted', 'panic.entered', 'panic.left', 'gateway.recovered']);

export const EventType = z.enum([...IncidentType.options, ...OccurrenceType.options, ...RetiredEventType.options]);
export type EventType = z.infer<typeof EventType>;

export const NotificationInput = z
  .strictObject({
    target: Name.meta({
      description: 'One of the targets that the settings of the control plane name: its URL is a secret.',
    }),
    events: z.array(EventType).max(40).default([]).meta({
      description: 'Empty: all. An incident that is named here is told when it opens and when it resolves.',
    }),
  })
  .meta({ id: 'NotificationInput' });
export type Notification = z.output<typeof NotificationInput>;

/** critical: clients lose requests, or a failover would not do what it is for. warning: somebody should look at it by day. */
export const Severity = z.enum(['critical', 'warning']);
export type Severity = z.infer<typeof Severity>;

/** The side of an incident that an event tells. */
export const IncidentChange = z
  .object({
    key: z.string().meta({
      description: 'The same when it opens and when it resolves, and whenever it opens again.',
      examples: ['prod/gateway/edge/behind'],
    }),
    state: z.enum(['opened', 'resolved']),
    severity: Severity,
    openedAt: Timestamp,
    resolvedAt: Timestamp.optional().meta({ description: 'When it was over; it is told half a minute later.' }),
  })
  .meta({ id: 'IncidentChange' });
export type IncidentChange = z.infer<typeof IncidentChange>;

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
    incident: IncidentChange.optional(),
    dataGate: DataGateQuestion.optional().meta({ description: 'What is asked.' }),
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
      'One event on its way to one target. It is sent at least once: an event that arrives twice has the same id. That an incident ' +
      'is resolved is not sent while it is still to be sent that it has opened.',
  });
export type Delivery = z.infer<typeof Delivery>;

export const DeliveryPage = pageOf('DeliveryPage', Delivery);

export const NotificationTestInput = z
  .strictObject({ target: Name.meta({ description: 'One of the targets that the settings name.' }) })
  .meta({ id: 'NotificationTestInput' });
