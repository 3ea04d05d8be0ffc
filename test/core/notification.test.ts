import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkTargetUrl } from '../../functions/core/notification/address.ts';
import { deliveriesOf, eventsOf, retryDelayMs } from '../../functions/core/notification/events.ts';
import { type Answer, answerOf, requestOf, type TargetFormat } from '../../functions/core/notification/format.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { Event } from '../../schemas/notification.ts';

const AT = '2026-11-23T07:02:06.000Z';

const decision: Decision = {
  id: 'dec_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  fleet: 'shop',
  version: 4,
  decidedAt: AT,
  automation: 'automatic',
  actor: 'automation',
  outcome: 'applied',
  changes: [
    {
      cluster: 'one',
      action: 'withdraw',
      reason: '3 failed observations in a row',
      fromPercent: 100,
      toPercent: 0,
      health: { state: 'unhealthy', since: AT },
      votes: [],
      evidence: [],
    },
  ],
  rules: [{ rule: 'min-serving', passed: false, detail: 'no cluster would serve checkout' }],
  flags: [],
  withdrawnBefore: [],
  withdrawnAfter: ['one'],
  inputsDigest: '',
  previousHash: '',
  hash: '',
};
const nothing = { events: [], endings: [] };

const event: Event = {
  id: 'evt_01KAR2Z3V4W5X6Y7Z8A9B0C1D2-0',
  type: 'shift.ended',
  fleet: 'shop',
  at: AT,
  summary: 'by <!channel> & [ada](https://example.com)',
  clusters: ['one'],
};

describe('what a decision tells', () => {
  it('tells what has moved, and in what state of the fleet', () => {
    expect(eventsOf(decision, nothing)).toEqual([
      {
        id: 'evt_01KAR2Z3V4W5X6Y7Z8A9B0C1D2-0',
        type: 'decision.applied',
        fleet: 'shop',
        at: AT,
        summary: 'withdraw one: 3 failed observations in a row',
        clusters: ['one'],
        decision: decision.id,
      },
    ]);
    expect(eventsOf({ ...decision, outcome: 'withheld' }, nothing)[0]?.type).toBe('decision.withheld');
  });

  it('tells which rules forbid what automation would do', () => {
    const [blocked] = eventsOf({ ...decision, outcome: 'blocked', changes: [] }, nothing);
    expect(blocked).toMatchObject({
      type: 'decision.blocked',
      summary: 'min-serving: no cluster would serve checkout',
    });
  });

  it('tells nothing where nothing has moved', () => {
    expect(eventsOf({ ...decision, changes: [] }, nothing)).toEqual([]);
  });

  it('tells of each ending once, each event under an id of its own that is the same when asked again', () => {
    const result = {
      events: [
        { type: 'panic.entered' as const, clusters: ['one', 'two'], summary: 'half of the capacity is gone' },
        { type: 'shift.ended' as const, clusters: ['one'], summary: 'a shift has ended' },
      ],
      endings: [
        { type: 'shift' as const, name: 'upgrade', id: 'x', by: 'expiry' },
        { type: 'drill' as const, run: 'y', state: 'failed' as const, detail: 'took 90 s of 60 s' },
      ],
    };
    const events = eventsOf(decision, result);
    expect(events.map(({ type }) => type)).toEqual(['decision.applied', 'panic.entered', 'shift.ended', 'drill.ended']);
    expect(new Set(events.map(({ id }) => id)).size).toBe(4);
    expect(eventsOf(decision, result)).toEqual(events);
  });
});

/** Bodies as the documents of the targets give them, with our words in the places of theirs. */
describe('a body', () => {
  const AT_MS = Date.parse(AT);
  const incident = { key: 'shop/gateway/edge/behind', severity: 'critical', openedAt: AT } as const;
  const opened: Event = {
    id: 'evt_1',
    type: 'gateway.behind',
    fleet: 'shop',
    at: AT,
    summary: 'Gateway edge is behind.',
    clusters: ['one'],
    incident: { ...incident, state: 'opened' },
  };
  const resolvedAt = '2026-11-23T07:10:00.000Z';
  const resolved: Event = { ...opened, id: 'evt_2', incident: { ...incident, state: 'resolved', resolvedAt } };
  const bodyOf = (target: TargetFormat, told: Event, nowMs = AT_MS) => JSON.parse(requestOf(target, told, nowMs).body);
  const title = 'Fairlead shop: gateway.behind opened';
  const lines = [opened.summary, 'severity: critical', `key: ${incident.key}`, 'clusters: one', `at: ${AT}`];

  it('of DingTalk is a markdown message, signed in the query', () => {
    const { query, body } = requestOf({ format: 'dingtalk', secret: 'SEC1' }, opened, AT_MS);
    const text = [`### ${title}`, ...lines].join('\n\n');
    expect(JSON.parse(body)).toEqual({ msgtype: 'markdown', markdown: { title, text } });
    const sign = createHmac('sha256', 'SEC1').update(`${AT_MS}\nSEC1`).digest('base64');
    expect(query).toEqual({ timestamp: String(AT_MS), sign });
    expect(requestOf({ format: 'dingtalk' }, opened, AT_MS).query).toEqual({});
  });

  it('of Feishu is a post, signed in the body', () => {
    const timestamp = String(AT_MS / 1000);
    const sign = createHmac('sha256', `${timestamp}\nSEC2`).update('').digest('base64');
    const content = lines.map((text) => [{ tag: 'text', text }]);
    const post = { msg_type: 'post', content: { post: { zh_cn: { title, content } } } };
    expect(bodyOf({ format: 'feishu', secret: 'SEC2' }, opened)).toEqual({ timestamp, sign, ...post });
    expect(bodyOf({ format: 'feishu' }, opened)).toEqual(post);
  });

  it('of Slack is a section, and a text for where sections are not shown', () => {
    const text = { type: 'mrkdwn', text: [`*${title}*`, ...lines].join('\n') };
    const blocks = [{ type: 'section', text }];
    expect(bodyOf({ format: 'slack' }, opened)).toEqual({ text: `${title}: ${opened.summary}`, blocks });
  });

  it('of Alertmanager is the same alert when it opens and when it resolves, which ends when it was over', () => {
    const [first] = bodyOf({ format: 'alertmanager' }, opened);
    expect(first).toEqual({
      labels: {
        alertname: 'Fairlead gateway.behind',
        source: 'fairlead',
        fleet: 'shop',
        severity: 'critical',
        key: incident.key,
      },
      annotations: { summary: opened.summary, clusters: 'one' },
      startsAt: AT,
      endsAt: new Date(AT_MS + 30 * 86_400_000).toISOString(),
    });
    const [last] = bodyOf({ format: 'alertmanager' }, resolved, AT_MS + 600_000);
    expect(last.labels).toEqual(first.labels);
    expect(last).toMatchObject({ startsAt: AT, endsAt: resolvedAt });
    const early = {
      ...resolved,
      incident: { ...incident, state: 'resolved' as const, resolvedAt: '2026-11-23T07:00:00.000Z' },
    };
    expect(bodyOf({ format: 'alertmanager' }, early)[0], 'clocks that differ').toMatchObject({ endsAt: AT });
  });

  it('of Alertmanager for what happens once is an alert of its own that is over soon after it arrives', () => {
    const nowMs = AT_MS + 3_600_000;
    const [alert] = bodyOf({ format: 'alertmanager' }, event, nowMs);
    expect(alert).toMatchObject({
      labels: { severity: 'info', event: event.id },
      startsAt: AT,
      endsAt: new Date(nowMs + 300_000).toISOString(),
    });
    expect(requestOf({ format: 'alertmanager', token: 'secret' }, event, nowMs).headers).toEqual({
      Authorization: 'Bearer secret',
    });
  });
});

describe('who is told', () => {
  it('tells each target what it asks for, once, however often it is listed', () => {
    const deliveries = deliveriesOf(
      [event, { ...event, id: 'evt_1', type: 'overload' }],
      [
        { target: 'on-call', events: [] },
        { target: 'chat', events: ['overload'] },
        { target: 'on-call', events: ['overload'] },
      ],
    );
    expect(deliveries.map(({ target, event: { type } }) => [target, type])).toEqual([
      ['on-call', 'shift.ended'],
      ['on-call', 'overload'],
      ['chat', 'overload'],
    ]);
    expect(new Set(deliveries.map(({ id }) => id)).size).toBe(3);
  });
});

describe('attempts', () => {
  const failed: Answer = { isDelivered: false, outcome: 'HTTP 503', isFinal: false };

  it('are made six times within three hours', () => {
    const delays = [1, 2, 3, 4, 5, 6].map((attempts) => retryDelayMs(attempts, failed));
    expect(delays).toEqual([10_000, 60_000, 300_000, 1_800_000, 7_200_000, undefined]);
  });

  it('end with the first that is taken or that no other would change', () => {
    expect(retryDelayMs(1, { ...failed, isFinal: true })).toBeUndefined();
    expect(retryDelayMs(1, { ...failed, isDelivered: true })).toBeUndefined();
  });

  it('wait as long as the target asks for, and never less or more than a day', () => {
    expect(retryDelayMs(1, { ...failed, retryAfterMs: 120_000 })).toBe(120_000);
    expect(retryDelayMs(1, { ...failed, retryAfterMs: 1 })).toBe(10_000);
    expect(retryDelayMs(1, { ...failed, retryAfterMs: 1e12 })).toBe(86_400_000);
  });

  it.each([
    ['webhook', 204, undefined, true, true],
    ['webhook', 302, undefined, false, false],
    ['webhook', 400, undefined, false, true],
    ['webhook', 408, undefined, false, false],
    ['webhook', 410, undefined, false, true],
    ['webhook', 429, undefined, false, false],
    ['slack', 500, undefined, false, false],
    ['slack', 200, undefined, true, true],
    ['dingtalk', 200, { errcode: 0, errmsg: 'ok' }, true, true],
    ['dingtalk', 200, { errcode: 310000, errmsg: 'sign not match' }, false, false],
    ['dingtalk', 200, undefined, false, false],
    ['feishu', 200, { code: 0, msg: 'success' }, true, true],
    ['feishu', 200, { code: 19021, msg: 'sign match fail' }, false, false],
    ['feishu', 200, 'ok', false, false],
    ['alertmanager', 200, undefined, true, true],
    ['alertmanager', 400, 'start time must be before end time', false, true],
  ] as const)('%s: HTTP %i with %j', (format, status, body, isDelivered, isFinal) => {
    const target = format === 'webhook' ? { format, secret: 'whsec_' } : { format };
    expect(answerOf(target, { status, body })).toMatchObject({ isDelivered, isFinal });
  });
});

describe('texts of people', () => {
  it('call nobody and bring no links', () => {
    const slack = requestOf({ format: 'slack' }, event, 0).body;
    expect(slack).not.toContain('<!channel>');
    expect(slack).toContain('&lt;!channel&gt; &amp; ');
    const dingtalk = JSON.parse(requestOf({ format: 'dingtalk' }, event, 0).body);
    expect(dingtalk.markdown.text).not.toContain('](');
    const feishu = JSON.parse(requestOf({ format: 'feishu' }, event, 0).body);
    expect(feishu.content.post.zh_cn.content[0]).toEqual([{ tag: 'text', text: event.summary }]);
  });

  it('are cut where targets would refuse them', () => {
    const endings = [{ type: 'drill' as const, run: 'y', state: 'failed' as const, detail: '<'.repeat(50_000) }];
    const [, long] = eventsOf(decision, { events: [], endings });
    if (long === undefined) throw new Error('a drill that has ended is told');
    const bodies = (['slack', 'feishu', 'dingtalk'] as const).map((format) => requestOf({ format }, long, 0).body);
    for (const body of bodies) expect(body.length).toBeLessThan(20_000);
    expect(JSON.parse(bodies[0] ?? '').blocks[0].text.text.length).toBeLessThanOrEqual(3000);
  });
});

describe('where nothing is sent', () => {
  it.each([
    'http://hooks.example.com/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://localhost/x',
    'https://169.254.169.254/latest',
    'https://100.100.100.200/latest',
    'https://[fd00:ec2::254]/latest',
    'https://10.0.0.8/x',
    'https://192.168.1.1/x',
    'https://100.64.0.1/x',
    'https://[fd12::1]/x',
    'https://[::ffff:10.0.0.8]/x',
  ])('%s', (url) => {
    expect(checkTargetUrl(url, { allowLoopback: false })).toBeDefined();
  });

  it('is not where targets are', () => {
    expect(checkTargetUrl('https://hooks.example.com/x?token=y', { allowLoopback: false })).toBeUndefined();
    expect(checkTargetUrl('http://127.0.0.1:8080/x', { allowLoopback: true })).toBeUndefined();
    expect(checkTargetUrl('https://169.254.169.254/latest', { allowLoopback: true })).toBeDefined();
  });
});
