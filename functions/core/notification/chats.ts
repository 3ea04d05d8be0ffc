/** Formats of chats, which people read. */

import type { Event } from '../../../schemas/notification.ts';
import type { TargetRequest } from './format.ts';
import { secondsOf, signatureOf } from './signature.ts';

/**
 * DingTalk custom robot: `timestamp\nsecret` is signed with the secret, the time is in milliseconds and at most an hour old; both go into
 * the query. Brackets are replaced, or a text could bring links and pictures of its own.
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
 * Feishu custom bot: the empty string is signed with `timestamp\nsecret` as the key, the time is in seconds and at most an hour old; both
 * go into the body. A post and not a text, in which a tag could call everybody.
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
export function feishu(secret: string | undefined, event: Event, nowMs: number): TargetRequest {
  const timestamp = secondsOf(nowMs);
  const signature = secret === undefined ? {} : { timestamp, sign: signatureOf(`${timestamp}\n${secret}`, '') };
  const content = linesOf(event).map((text) => [{ tag: 'text', text }]);
  const post = { zh_cn: { title: titleOf(event), content } };
  return { query: {}, headers: {}, body: JSON.stringify({ ...signature, msg_type: 'post', content: { post } }) };
}

/**
 * Slack incoming webhook: `text` is what notifications show, `blocks` the message. Three characters are escaped, or a text could call
 * everybody. https://docs.slack.dev/messaging/formatting-message-text
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

/** Characters of the text of a section. https://docs.slack.dev/reference/block-kit/blocks/section-block */
const SLACK_TEXT_LIMIT = 3000;

/** Robots that take only messages with a keyword can take `Fairlead`. */
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
