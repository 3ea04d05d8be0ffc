import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import ipaddr from 'ipaddr.js';
import type { Event } from '../../schemas/notification.ts';
import { type AddressPolicy, checkAddress } from './probe-target.ts';

/** What a target understands, and what it is signed with. Slack signs nothing: who knows its URL may post. */
export type WebhookFormat =
  | { format: 'webhook'; secret: string }
  | { format: 'dingtalk' | 'feishu'; secret?: string | undefined }
  | { format: 'slack' };

/** A POST of JSON. */
export interface WebhookRequest {
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

/** The event as the target understands it, signed at `nowMs`. */
export function requestOf(target: WebhookFormat, event: Event, nowMs: number): WebhookRequest {
  switch (target.format) {
    case 'webhook':
      return standardWebhook(target.secret, event, nowMs);
    case 'dingtalk':
      return dingtalk(target.secret, event, nowMs);
    case 'feishu':
      return feishu(target.secret, event, nowMs);
    case 'slack':
      return slack(event);
  }
}

/**
 * Standard Webhooks 1.0.0: `id.timestamp.body` is signed with the base64 of the secret after its prefix, the time is that of the attempt
 * in seconds, the id the same at each attempt.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
function standardWebhook(secret: string, event: Event, nowMs: number): WebhookRequest {
  const timestamp = seconds(nowMs);
  const body = JSON.stringify({ type: event.type, timestamp: event.at, data: event });
  const key = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (char) => char.charCodeAt(0));
  const headers = {
    'webhook-id': event.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${sign(key, `${event.id}.${timestamp}.${body}`)}`,
  };
  return { query: {}, headers, body };
}

/**
 * DingTalk custom robot: `timestamp\nsecret` is signed with the secret, the time is in milliseconds and at most an hour old; both go into
 * the query. Brackets are replaced, or a text could bring links and pictures of its own.
 * https://open.dingtalk.com/document/orgapp/customize-robot-security-settings
 */
function dingtalk(secret: string | undefined, event: Event, nowMs: number): WebhookRequest {
  const timestamp = String(nowMs);
  const plain = linesOf(event).map((line) => line.replaceAll('[', '［').replaceAll(']', '］'));
  const text = [`### ${titleOf(event)}`, ...plain].join('\n\n');
  return {
    query: secret === undefined ? {} : { timestamp, sign: sign(utf8ToBytes(secret), `${timestamp}\n${secret}`) },
    headers: {},
    body: JSON.stringify({ msgtype: 'markdown', markdown: { title: titleOf(event), text } }),
  };
}

/**
 * Feishu custom bot: the empty string is signed with `timestamp\nsecret` as the key, the time is in seconds and at most an hour old; both
 * go into the body. A post and not a text, in which a tag could call everybody.
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
function feishu(secret: string | undefined, event: Event, nowMs: number): WebhookRequest {
  const timestamp = seconds(nowMs);
  const signature = secret === undefined ? {} : { timestamp, sign: sign(utf8ToBytes(`${timestamp}\n${secret}`), '') };
  const content = linesOf(event).map((text) => [{ tag: 'text', text }]);
  const post = { zh_cn: { title: titleOf(event), content } };
  return { query: {}, headers: {}, body: JSON.stringify({ ...signature, msg_type: 'post', content: { post } }) };
}

/**
 * Slack incoming webhook: `text` is what notifications show, `blocks` the message. Three characters are escaped, or a text could call
 * everybody. https://docs.slack.dev/messaging/formatting-message-text
 */
function slack(event: Event): WebhookRequest {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const lines = [`*${titleOf(event)}*`, ...linesOf(event).map(escaped)];
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: lines.join('\n').slice(0, SLACK_TEXT_LIMIT) } }];
  return {
    query: {},
    headers: {},
    body: JSON.stringify({ text: escaped(`${titleOf(event)}: ${event.summary}`), blocks }),
  };
}

/** Of the text of a section. https://docs.slack.dev/reference/block-kit/blocks/section-block */
const SLACK_TEXT_LIMIT = 3000;

/** Robots that take only messages with a keyword can take `Fairlead`. */
function titleOf({ type, fleet }: Event): string {
  return `Fairlead ${fleet}: ${type}`;
}

function linesOf({ summary, clusters, decision, at }: Event): string[] {
  return [
    summary,
    ...(clusters.length > 0 ? [`clusters: ${clusters.join(', ')}`] : []),
    ...(decision === undefined ? [] : [`decision: ${decision}`]),
    `at: ${at}`,
  ];
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}

/** HMAC-SHA256, in base64. */
function sign(key: Uint8Array, text: string): string {
  return btoa(String.fromCharCode(...hmac(sha256, key, utf8ToBytes(text))));
}

/**
 * Whether the target has taken the event. A redirect is none: it is not followed. A status that says that the request is wrong or not
 * wanted (4xx) is final; 408 and 429 are not. `body` is what DingTalk and Feishu say with a status of 200.
 */
export function answerOf(
  { format }: WebhookFormat,
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
const CODES: Partial<Record<WebhookFormat['format'], (body: unknown) => number | 'missing'>> = {
  dingtalk: (body) => numberIn(body, 'errcode'),
  feishu: (body) => numberIn(body, 'code'),
};

function numberIn(body: unknown, name: string): number | 'missing' {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'number' ? value : 'missing';
}

const INTERNAL_RANGES = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);

/**
 * Why nothing is sent there; undefined when it may be. Clusters live in private ranges, but targets do not: what answers there trusts its
 * network. A name is judged as a name. Without TLS a target may only be on this machine, in local development.
 */
export function checkWebhookUrl(text: string, policy: AddressPolicy): string | undefined {
  const url = new URL(text);
  if (url.protocol !== 'https:' && !policy.allowLoopback) return 'is not https';
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValid(address) && INTERNAL_RANGES.has(ipaddr.process(address).range())) return 'is a private address';
  return checkAddress(url.hostname, policy) === undefined ? undefined : 'is an address that nothing is sent to';
}
