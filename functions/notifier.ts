import { say } from '../schemas/messages/index.ts';
import type { Event } from '../schemas/notification.ts';
import { checkWebhook, type EgressPolicy } from './core/egress/target.ts';
import { answerOf, replyOf, requestOf, type TargetFormat } from './core/notification/format.ts';
import type { Clock, Log, Notifier } from './deps.ts';
import { firstOf } from './platform.ts';

/** The URL of a target and the format in which it is addressed. All of it is secret. */
export type NotificationTarget = TargetFormat & { url: string };

/** The time limit of one attempt, which holds one of the six connections of a Worker. A slow target is tried again later. */
const TIMEOUT_MS = 5_000;

/** The time limit of a heartbeat. A lost one matters little, since the next one follows soon. */
const HEARTBEAT_TIMEOUT_MS = 3_000;

export interface NotifierOptions {
  clock: Pick<Clock, 'now'>;
  log: Log;
  egress: EgressPolicy;
  /** The URL of the heartbeat, which is secret as well. */
  heartbeatUrl?: string | undefined;
}

/** Creates the notifier, which sends over HTTP. Its answers describe failures in fixed words, because messages of errors may hold the URL. */
export function createNotifier(
  targets: Readonly<Record<string, NotificationTarget>>,
  { clock, log, egress, heartbeatUrl }: NotifierOptions,
): Notifier {
  const post = async (name: string, event: Event, only?: TargetFormat['format']): Promise<Posted> => {
    const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
    if (target === undefined) return unsent(say('NotInSettings').text);
    const fault = checkWebhook(target.url, egress);
    if (fault !== undefined) return unsent(fault);
    if (only !== undefined && target.format !== only) return unsent(`is no ${only}`);
    try {
      return { target, ...(await posted(target, event, clock.now())) };
    } catch (error) {
      log.error('notification.unsent', { target: name, event: event.id }, error);
      return {
        fault: isTimeout(error) ? say('TargetNotAnswering', { seconds: 5 }).text : 'no connection',
        isFinal: false,
      };
    }
  };
  return {
    send: async (name, event) => {
      const posted = await post(name, event);
      if ('fault' in posted) return { isDelivered: false, outcome: posted.fault, isFinal: posted.isFinal };
      return answerOf(posted.target, posted);
    },
    ask: async (name, event) => {
      const posted = await post(name, event, 'webhook');
      return 'fault' in posted ? { isTaken: false, outcome: posted.fault } : replyOf(posted);
    },
    beat: async () => {
      if (heartbeatUrl === undefined) return;
      const fault = await beatAt(heartbeatUrl, egress);
      if (fault !== undefined) log.error('heartbeat.unsent', { fault });
    },
  };
}

/** Requests the URL of the heartbeat. Returns the failure in fixed words; undefined when the request succeeded. */
async function beatAt(url: string, egress: EgressPolicy): Promise<string | undefined> {
  const fault = checkWebhook(url, egress);
  if (fault !== undefined) return `not sent: the URL ${fault}`;
  try {
    const signal = AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS);
    const response = await fetch(url, { redirect: 'manual', cache: 'no-store', signal });
    await response.body?.cancel();
    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (error) {
    return isTimeout(error) ? say('TargetNotAnswering', { seconds: 3 }).text : 'no connection';
  }
}

/** The answer of a target, or the reason why nothing was sent to it. */
type Posted = ({ target: NotificationTarget } & Said) | { fault: string; isFinal: boolean };

interface Said {
  status: number;
  body: unknown;
  retryAfterMs: number | undefined;
}

async function posted(target: NotificationTarget, event: Event, nowMs: number): Promise<Said> {
  const url = new URL(target.url);
  const { query, headers, body } = requestOf(target, event, nowMs);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const retryAfterMs = retryAfterOf(response.headers.get('Retry-After'), nowMs);
  return { status: response.status, body: await jsonOf(response), retryAfterMs };
}

function unsent(fault: string): Posted {
  return { fault: `not sent: the target ${fault}`, isFinal: true };
}

/** The number of bytes of an answer that are read. No useful answer is longer, and an endless one must not hold the connection. */
const MOST_BYTES = 65_536;

/** Returns the body as JSON; undefined when it is not JSON. */
async function jsonOf(response: Response): Promise<unknown> {
  const text = await firstOf(response.body, MOST_BYTES);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the wait of a Retry-After header in milliseconds. The header has seconds or a time (RFC 9110, section 10.2.3). */
function retryAfterOf(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return ms > 0 ? ms : undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
