import type { Decision } from '../../../schemas/decision.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Delivery, Event, Notification } from '../../../schemas/notification.ts';
import { rangeText } from '../allocation/points.ts';
import type { DecisionResult, Ending } from '../failover/decision-input.ts';
import type { Answer } from './format.ts';

type Happening = Pick<Event, 'type' | 'clusters' | 'summary'>;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The waits before the second attempt and each that follows; after the last one the delivery is given up. */
const RETRY_MS = [10 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS];

/** The longest wait that a target may ask for; it is called then even if it asks for more. */
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;

/** The most characters of a summary. Robots take no more than 20 kB, and nobody reads that much. */
const MAX_SUMMARY_CHARS = 2_000;

/** Returns the events of a decision. They have the same ids however often they are computed. */
export function eventsOf(decision: Decision, { events, endings }: Pick<DecisionResult, 'events' | 'endings'>): Event[] {
  // An ending is reported by `endings`, so its event would report it twice.
  const besides = events.filter(({ type }) => type !== 'shift.ended' && type !== 'drill.ended');
  return [...moved(decision), ...besides, ...endings.flatMap(ended)].map((happening, index) => ({
    id: `evt_${decision.id.replace(/^[a-z]+_/, '')}-${index}`,
    ...happening,
    summary: happening.summary.slice(0, MAX_SUMMARY_CHARS),
    fleet: decision.fleet,
    at: decision.decidedAt,
    decision: decision.id,
  }));
}

function moved({ outcome, changes, rules }: Decision): Happening[] {
  const failed = rules.filter(({ passed, overriddenBy }) => !passed && overriddenBy === undefined);
  const summary = [
    ...changes.map(({ action, cluster, points, reason }) => `${action} ${cluster}${pointsText(points)}: ${reason}`),
    ...(outcome === 'blocked' ? failed.map(({ rule, detail }) => `${rule}: ${detail}`) : []),
  ];
  if (summary.length === 0) return [];
  const clusters = [...new Set(changes.map(({ cluster }) => cluster))];
  return [{ type: `decision.${outcome}`, clusters, summary: summary.join('; ') }];
}

function pointsText(points: Decision['changes'][number]['points']): string {
  return points ? say('PointsMoved', { before: rangeText(points.before), after: rangeText(points.after) }).text : '';
}

function ended(ending: Ending): Happening[] {
  switch (ending.type) {
    case 'shift':
      return [{ type: 'shift.ended', clusters: [], summary: say('ShiftEndedBy', ending).text }];
    case 'drill':
      return [{ type: 'drill.ended', clusters: [], summary: say('DrillRunEnded', ending).text }];
    case 'break-glass':
      return [];
  }
}

/**
 * Returns the first attempt of each event at each target that wants it. An event goes to a target once, however often
 * the target is listed.
 */
export function deliveriesOf(events: readonly Event[], notifications: readonly Notification[]): Delivery[] {
  return events.flatMap((event) => {
    const wanting = notifications.filter(({ events: types }) => types.length === 0 || types.includes(event.type));
    return [...new Set(wanting.map(({ target }) => target))].map((target) => deliveryOf(event, target));
  });
}

/** Returns the delivery of an event to a target. The same event and target always give the same id. */
export function deliveryOf(event: Event, target: string): Delivery {
  const id = `dlv_${event.id.replace(/^evt_/, '')}-${target}`;
  return { id, event, target, state: 'pending', attempts: [], nextAttemptAt: event.at };
}

/**
 * Returns the wait after so many attempts, of which the last got `answer`, in milliseconds; undefined when the event
 * has arrived or is given up.
 */
export function retryDelayMs(attempts: number, answer: Answer): number | undefined {
  const delayMs = answer.isDelivered || answer.isFinal ? undefined : RETRY_MS[attempts - 1];
  return delayMs && Math.max(delayMs, Math.min(answer.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}
