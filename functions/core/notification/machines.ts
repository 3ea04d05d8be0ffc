/** Formats of programs, which act upon what they are told. */

import type { Event } from '../../../schemas/notification.ts';
import { isoOf, msOf } from '../model/time.ts';
import type { TargetRequest } from './format.ts';
import { secondsOf, signatureOf } from './signature.ts';

/**
 * Standard Webhooks 1.0.0: `id.timestamp.body` is signed with the base64 of the secret after its prefix, the time is that of the attempt
 * in seconds, the id the same at each attempt.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhook(secret: string, event: Event, nowMs: number): TargetRequest {
  const timestamp = secondsOf(nowMs);
  const body = JSON.stringify({ type: event.type, timestamp: event.at, data: event });
  const key = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (char) => char.charCodeAt(0));
  const headers = {
    'webhook-id': event.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signatureOf(key, `${event.id}.${timestamp}.${body}`)}`,
  };
  return { query: {}, headers, body };
}

/** What happens once is an alert for so long: Alertmanager shows nothing that is over when it arrives. */
const OCCURRENCE_MS = 5 * 60_000;

/**
 * An alert without an end is over for Alertmanager five minutes after it has come, by default, and nobody sends it again: an incident that is open is
 * said to end in a month, and its end is said when it has come. An end in the past always replaces one that is still to come.
 */
const OPEN_MS = 30 * 86_400_000;

/**
 * Alertmanager, version 2 of its API: one alert with labels, by which it is the same when it ends, and annotations, which may be others then. The
 * token is for a proxy before it, since it knows none itself. https://prometheus.io/docs/alerting/latest/alerts_api/
 */
export function alertmanager(token: string | undefined, event: Event, nowMs: number): TargetRequest {
  const { type, fleet, summary, clusters, decision, incident } = event;
  const alert = {
    labels: {
      alertname: `Fairlead ${type}`,
      source: 'fairlead',
      fleet,
      severity: incident?.severity ?? 'info',
      ...(incident ? { key: incident.key } : { event: event.id }),
    },
    annotations: {
      summary,
      ...(clusters.length > 0 && { clusters: clusters.join(', ') }),
      ...(decision !== undefined && { decision }),
    },
    ...spanOf(event, nowMs),
  };
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return { query: {}, headers, body: JSON.stringify([alert]) };
}

/** An alert that ended before it began would be refused. */
function spanOf({ at, incident }: Event, nowMs: number): { startsAt: string; endsAt: string } {
  if (incident === undefined) return { startsAt: at, endsAt: isoOf(Math.max(msOf(at), nowMs) + OCCURRENCE_MS) };
  const { openedAt: startsAt, resolvedAt } = incident;
  const endMs = resolvedAt === undefined ? nowMs + OPEN_MS : msOf(resolvedAt);
  return { startsAt, endsAt: isoOf(Math.max(msOf(startsAt), endMs)) };
}
