/** Message formats of chats, which people read. */

import type { Event } from '../../../schemas/notification.ts';
import { secondsOf, signatureOf } from './signature.ts';
import type { TargetRequest } from './types.ts';

/**
 * Returns a message for a DingTalk custom robot. The text `timestamp\nsecret` is signed with the secret; the time is in
 * milliseconds, and must be at most an hour old. Both go into the query. Brackets are replaced, since a text could
 * otherwise bring links and pictures of its own.
 * https://open.dingtalk.com/document/orgapp/customize-robot-security-settings
 */
export function dingtalk(secret: string | undefined, event: Event, nowMs: number): TargetRequest {
  const timestamp = String(nowMs);
  const plain = linesOf(event).map((line) => line.replaceAll('[', '［').replaceAll(']', '］'));
  const text = [`### ${titleOf(event)}`, ...plain].join('\n\n');
  return {
    query: secret === undefined ? {} : { timestamp, sign: signatureOf(secret, `${timestamp}\n${secret}`) },
    headers: {},
    body: JSON.stringify({ msgtype: 'markdown', markdown: { title: titleOf(event), text } }),
  };
}

/**
 * Returns a message for a Feishu custom bot. The empty string is signed with `timestamp\nsecret` as the key; the time
 * is in seconds, and must be at most an hour old. Both go into the body. The message is a post and not a text, since a
 * tag in a text could mention everybody. https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
export function feishu(secret: string | undefined, event: Event, nowMs: number): TargetRequest {
  const timestamp = secondsOf(nowMs);
  const signature = secret === undefined ? {} : { timestamp, sign: signatureOf(`${timestamp}\n${secret}`, '') };
  const content = linesOf(event).map((text) => [{ tag: 'text', text }]);
  const post = { zh_cn: { title: titleOf(event), content } };
  return { query: {}, headers: {}, body: JSON.stringify({ ...signature, msg_type: 'post', content: { post } }) };
}

/**
 * Returns a message for a Slack incoming webhook: `text` is what notifications show, and `blocks` is the message. Three
 * characters are escaped, since a text could otherwise mention everybody.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function slack(event: Event): TargetRequest {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const lines = [`*${titleOf(event)}*`, ...linesOf(event).map(escaped)];
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: lines.join('\n').slice(0, SLACK_TEXT_LIMIT) } }];
  return {
    query: {},
    headers: {},
    body: JSON.stringify({ text: escaped(`${titleOf(event)}: ${event.summary}`), blocks }),
  };
}

/** The most characters in the text of a section. https://docs.slack.dev/reference/block-kit/blocks/section-block */
const SLACK_TEXT_LIMIT = 3000;

/** Returns the title. It contains `Fairlead`, which robots that require a keyword can be set to. */
function titleOf({ type, fleet, incident }: Event): string {
  return `Fairlead ${fleet}: ${type}${incident ? ` ${incident.state}` : ''}`;
}

function linesOf({ summary, clusters, decision, incident, at }: Event): string[] {
  return [
    summary,
    ...(incident ? [`severity: ${incident.severity}`, `key: ${incident.key}`] : []),
    ...(clusters.length > 0 ? [`clusters: ${clusters.join(', ')}`] : []),
    ...(decision === undefined ? [] : [`decision: ${decision}`]),
    `at: ${at}`,
  ];
}
