import { type Answer, answerOf, checkWebhookUrl, requestOf, type WebhookFormat } from './core/webhook.ts';
import type { Clock, Log, Notifier } from './deps.ts';

/** Where a target is, and how to talk to it. Secret as a whole. */
export type NotificationTarget = WebhookFormat & { url: string };

/** One connection of six is held no longer; a slow target is asked again. */
const TIMEOUT_MS = 5_000;

/** Sends notifications over HTTP. Answers tell in our own words what went wrong, because messages of errors may hold the URL. */
export function createNotifier(
  targets: Readonly<Record<string, NotificationTarget>>,
  { clock, log, allowLoopback }: { clock: Pick<Clock, 'now'>; log: Log; allowLoopback: boolean },
): Notifier {
  return {
    send: async (name, event) => {
      const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
      if (target === undefined) return refused('is not in the settings');
      const fault = checkWebhookUrl(target.url, { allowLoopback });
      if (fault !== undefined) return refused(fault);
      const url = new URL(target.url);
      const { query, headers, body } = requestOf(target, event, clock.now());
      for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
          body,
          redirect: 'manual',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const retryAfterMs = retryAfterOf(response.headers.get('Retry-After'), clock.now());
        return answerOf(target, { status: response.status, body: await jsonOf(response), retryAfterMs });
      } catch (error) {
        log.error('notification.unsent', { target: name, event: event.id }, error);
        return { isDelivered: false, outcome: isTimeout(error) ? 'no answer in 5 s' : 'no connection', isFinal: false };
      }
    },
  };
}

function refused(fault: string): Answer {
  return { isDelivered: false, outcome: `not sent: the target ${fault}`, isFinal: true };
}

/** Undefined when it is none. */
async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds, or a time (RFC 9110, section 10.2.3). */
function retryAfterOf(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return ms > 0 ? ms : undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
