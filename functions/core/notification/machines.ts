/** Message formats of programs, which act on what they are told. */

import type { Event } from '../../../schemas/notification.ts';
import { isoOf, msOf } from '../model/time.ts';
import { secondsOf, signatureOf } from './signature.ts';
import type { TargetRequest } from './types.ts';

/**
 * Returns a request by Standard Webhooks 1.0.0. The text `id.timestamp.body` is signed with the secret, which is base64
 * after its prefix. The timestamp is the time of the attempt in seconds; the id is the same at each attempt.
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

/**
 * The duration of an alert for an event that has no duration of its own: Alertmanager does not show an alert that is
 * over when it arrives.
 */
const OCCURRENCE_MS = 5 * 60_000;

/**
 * The duration of an alert for an open incident. By default Alertmanager ends an alert without an end five minutes
 * after it has arrived, and nobody sends it again. So an open incident is said to end in a month, and its real end is
 * sent when it comes. An end in the past always replaces one in the future.
 */
const OPEN_MS = 30 * 86_400_000;

/**
 * Returns a request by version 2 of the Alertmanager API: one alert, with labels that stay the same when it ends and
 * annotations that may change. The token is for a proxy before it, since Alertmanager has no authentication by token.
 * https://prometheus.io/docs/alerting/latest/alerts_api/
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

/**
 * Returns the start and the end of the alert. The end is never before the start, since such an alert would be refused.
 */
function spanOf({ at, incident }: Event, nowMs: number): { startsAt: string; endsAt: string } {
  if (incident === undefined) return { startsAt: at, endsAt: isoOf(Math.max(msOf(at), nowMs) + OCCURRENCE_MS) };
  const { openedAt: startsAt, resolvedAt } = incident;
  const endMs = resolvedAt === undefined ? nowMs + OPEN_MS : msOf(resolvedAt);
  return { startsAt, endsAt: isoOf(Math.max(msOf(startsAt), endMs)) };
}
