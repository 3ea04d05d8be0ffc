/** How events reach targets: one pure function for each format makes the request, and one for all of them reads the answer. */

import { DataGateReply } from '../../../schemas/data-gate.ts';
import type { GateAnswer } from '../../../schemas/failover.ts';
import type { Event } from '../../../schemas/notification.ts';
import { dingtalk, feishu, slack } from './chats.ts';
import { alertmanager, standardWebhook } from './machines.ts';

/** What a target understands, and what it is signed with. Slack signs nothing: who knows its URL may post. */
export type TargetFormat =
  | { format: 'webhook'; secret: string }
  | { format: 'dingtalk' | 'feishu'; secret?: string | undefined }
  | { format: 'slack' }
  | { format: 'alertmanager'; token?: string | undefined };

/** A POST of JSON. */
export interface TargetRequest {
  /** To be added to those of the URL. */
  query: Record<string, string>;
  headers: Record<string, string>;
  body: string;
}

/** How an attempt ended; of what the target said only numbers, so that nothing secret comes back with them. */
export interface Answer {
  isDelivered: boolean;
  outcome: string;
  /** Another attempt would end the same way. */
  isFinal: boolean;
  /** The target asks not to be called again before. */
  retryAfterMs?: number | undefined;
}

/** What became of a question; `answer` is absent where there is none yet. */
export interface Reply {
  /** The target has taken the question, and may answer it later. */
  isTaken: boolean;
  outcome: string;
  answer?: GateAnswer | undefined;
}

/** 200 with an answer, or 202 or 204 for later; anything else is no answer. */
export function replyOf({ status, body }: { status: number; body: unknown }): Reply {
  if (status === 202 || status === 204) return { isTaken: true, outcome: `HTTP ${status}: later` };
  const reply = status === 200 ? DataGateReply.safeParse(body) : undefined;
  if (reply?.success) return { isTaken: true, outcome: `HTTP 200: ${reply.data.answer}`, answer: reply.data.answer };
  return { isTaken: false, outcome: status === 200 ? 'HTTP 200 without an answer in it' : `HTTP ${status}` };
}

/** The event as the target understands it, signed at `nowMs`. */
export function requestOf(target: TargetFormat, event: Event, nowMs: number): TargetRequest {
  switch (target.format) {
    case 'webhook':
      return standardWebhook(target.secret, event, nowMs);
    case 'dingtalk':
      return dingtalk(target.secret, event, nowMs);
    case 'feishu':
      return feishu(target.secret, event, nowMs);
    case 'slack':
      return slack(event);
    case 'alertmanager':
      return alertmanager(target.token, event, nowMs);
  }
}

/**
 * Whether the target has taken the event. A redirect is none: it is not followed. A status that says that the request is wrong or not
 * wanted (4xx) is final; 408 and 429 are not. `body` is what DingTalk and Feishu say with a status of 200.
 */
export function answerOf(
  { format }: TargetFormat,
  response: { status: number; body: unknown; retryAfterMs?: number | undefined },
): Answer {
  const { status, body, retryAfterMs } = response;
  const isOk = status >= 200 && status < 300;
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (!isOk) return { isDelivered: false, outcome: `HTTP ${status}`, isFinal, retryAfterMs };
  const code = CODES[format]?.(body) ?? 0;
  if (code === 0) return { isDelivered: true, outcome: `HTTP ${status}`, isFinal: true };
  // Too often, a wrong signature, a missing keyword: some go by, the others may be corrected meanwhile.
  return { isDelivered: false, outcome: `HTTP ${status}, code ${code}`, isFinal: false, retryAfterMs };
}

/** Where a status of 200 says nothing; a number other than 0 is a failure, and so is an answer without one. */
const CODES: Partial<Record<TargetFormat['format'], (body: unknown) => number | 'missing'>> = {
  dingtalk: (body) => numberIn(body, 'errcode'),
  feishu: (body) => numberIn(body, 'code'),
};

function numberIn(body: unknown, name: string): number | 'missing' {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'number' ? value : 'missing';
}
