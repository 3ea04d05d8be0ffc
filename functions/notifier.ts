import { checkTargetUrl } from './core/notification/address.ts';
import { type Answer, answerOf, requestOf, type TargetFormat } from './core/notification/format.ts';
import type { Clock, Log, Notifier } from './deps.ts';

/** Where a target is, and how to talk to it. Secret as a whole. */
export type NotificationTarget = TargetFormat & { url: string };

/** One connection of six is held no longer; a slow target is asked again. */
const TIMEOUT_MS = 5_000;

/** The next heartbeat is not far. */
const HEARTBEAT_TIMEOUT_MS = 3_000;

export interface NotifierOptions {
  clock: Pick<Clock, 'now'>;
  log: Log;
  allowLoopback: boolean;
  /** Secret as well. */
  heartbeatUrl?: string | undefined;
}

/** Sends notifications over HTTP. Answers tell in our own words what went wrong, because messages of errors may hold the URL. */
export function createNotifier(
  targets: Readonly<Record<string, NotificationTarget>>,
  { clock, log, allowLoopback, heartbeatUrl }: NotifierOptions,
): Notifier {
  return {
    send: async (name, event) => {
      const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
      if (target === undefined) return refused('is not in the settings');
      const fault = checkTargetUrl(target.url, { allowLoopback });
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
    beat: async () => {
      if (heartbeatUrl === undefined) return;
      const fault = await beatAt(heartbeatUrl, allowLoopback);
      if (fault !== undefined) log.error('heartbeat.unsent', { fault });
    },
  };
}

/** Requests the URL; what went wrong, in our own words. */
async function beatAt(url: string, allowLoopback: boolean): Promise<string | undefined> {
  const fault = checkTargetUrl(url, { allowLoopback });
  if (fault !== undefined) return `not sent: the URL ${fault}`;
  try {
    const signal = AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS);
    const response = await fetch(url, { redirect: 'manual', cache: 'no-store', signal });
    await response.body?.cancel();
    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (error) {
    return isTimeout(error) ? 'no answer in 3 s' : 'no connection';
  }
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
