/**
 * The formats in which events reach targets. Each format has a pure function that makes the request, and one function
 * reads the answers of all of them.
 */

import { DataGateReply } from '../../../schemas/data-gate.ts';
import type { GateAnswer } from '../../../schemas/failover.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Event } from '../../../schemas/notification.ts';
import { dingtalk, feishu, slack } from './chats.ts';
import { alertmanager, standardWebhook } from './machines.ts';
import type { TargetRequest } from './types.ts';

/**
 * The format that a target understands, and the secret that signs its requests. Slack requests are not signed: anybody
 * who knows the URL may post.
 */
export type TargetFormat =
  | { format: 'webhook'; secret: string }
  | { format: 'dingtalk' | 'feishu'; secret?: string | undefined }
  | { format: 'slack' }
  | { format: 'alertmanager'; token?: string | undefined };

/**
 * The result of an attempt. It keeps nothing but numbers of what the target said, so that no secret comes back with it.
 */
export interface Answer {
  isDelivered: boolean;
  outcome: string;
  /** True when another attempt would end the same way. */
  isFinal: boolean;
  /** The time for which the target asks not to be called again. */
  retryAfterMs?: number | undefined;
}

/** The reply to a data gate's question. */
export interface Reply {
  /** True when the target has taken the question, and may answer it later. */
  isTaken: boolean;
  outcome: string;
  answer?: GateAnswer | undefined;
}

/**
 * Reads the reply to a question: 200 carries an answer, 202 and 204 mean that one comes later, and anything else is no
 * reply.
 */
export function replyOf({ status, body }: { status: number; body: unknown }): Reply {
  if (status === 202 || status === 204) return { isTaken: true, outcome: `HTTP ${status}: later` };
  const reply = status === 200 ? DataGateReply.safeParse(body) : undefined;
  if (reply?.success) return { isTaken: true, outcome: `HTTP 200: ${reply.data.answer}`, answer: reply.data.answer };
  return { isTaken: false, outcome: status === 200 ? say('WithoutAnswer').text : `HTTP ${status}` };
}

/** Returns the event in the format of the target, signed at `nowMs`. */
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
 * Tells whether the target has taken the event. A redirect does not count, since it is not followed. A 4xx status means
 * that the request is wrong or not wanted and is final, except 408 and 429. `body` is read for DingTalk and Feishu,
 * which report errors with a status of 200.
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
  // The code may mean too many requests, a wrong signature or a missing keyword: some of these pass, and people may
  // correct the others meanwhile.
  return { isDelivered: false, outcome: `HTTP ${status}, code ${code}`, isFinal: false, retryAfterMs };
}

/**
 * Readers of the codes by which some targets report errors with a status of 200. A code other than 0 is a failure, and
 * so is a body without one.
 */
const CODES: Partial<Record<TargetFormat['format'], (body: unknown) => number | 'missing'>> = {
  dingtalk: (body) => numberIn(body, 'errcode'),
  feishu: (body) => numberIn(body, 'code'),
};

function numberIn(body: unknown, name: string): number | 'missing' {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'number' ? value : 'missing';
}
