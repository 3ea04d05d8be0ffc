import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cluster, create } from './fixtures.ts';
import { type Answer, type Harness, type Json, startHarness, TOKEN } from './harness.ts';

const SECRET = 'the-token-of-prometheus-alone';
const tokenHash = createHash('sha256').update(SECRET).digest('hex');
const voters = [
  { name: 'edge', type: 'edge' },
  { name: 'prometheus', type: 'alert', tokenHash, clusterLabel: 'k8s_cluster', clusters: ['one', 'two'] },
];

let harness: Harness;
let fleets = 0;
let path: string;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

beforeEach(async () => {
  path = `/v1/fleets/alerted-${++fleets}`;
  await create(harness, path, { automation: 'automatic', voters });
  for (const one of ['one', 'two', 'three']) await create(harness, `${path}/clusters/${one}`, cluster);
});

const START = new Date(Date.now() - 60_000).toISOString();
const at = (offsetMs = 0) => new Date(Date.now() + offsetMs).toISOString();
/** Alerts as Alertmanager tells of them, with what nobody needs. */
const alert = (name: string | undefined, more: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'HighErrorRate', severity: 'critical', ...(name && { k8s_cluster: name }) },
  annotations: { summary: 'Too many errors' },
  startsAt: START,
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus:9090/graph?g0.expr=vector%281%29',
  fingerprint: `f-${name}`,
  ...more,
});
const watchdog = () => alert(undefined, { labels: { alertname: 'Watchdog' }, fingerprint: 'watchdog' });
const ended = { status: 'resolved', endsAt: at() };

const notification = (alerts: object[], more: object = {}) => ({
  receiver: 'fairlead',
  status: 'firing',
  version: '4',
  groupKey: '{}:{}',
  truncatedAlerts: 0,
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager:9093',
  alerts,
  ...more,
});

const post = (
  body: object,
  token: string | undefined = SECRET,
  to = `${path}/voters/prometheus/alerts`,
): Promise<Answer> => harness.call('POST', to, { body, headers: { Authorization: token && `Bearer ${token}` } });
const get = async (place: string) => (await harness.call('GET', `${path}${place}`)).body;
const impairedOf = async (name: string) => (await get(`/clusters/${name}`)).health.impaired;
const refusals = async () =>
  (await get('/audit?action=alerts.refuse')).items.map(({ actor, reason }: Json) => `${actor}: ${reason}`);

describe('a notification of Alertmanager', () => {
  it('impairs the clusters that its alerts name, until they are resolved', async () => {
    const first = await post(notification([watchdog(), alert('one')]));
    expect(first).toMatchObject({
      status: 200,
      body: {
        receipts: [
          { fingerprint: 'watchdog', result: 'heartbeat' },
          { fingerprint: 'f-one', cluster: 'one', result: 'accepted' },
        ],
      },
    });
    expect(await impairedOf('one')).toEqual({
      by: 'alert',
      since: expect.any(String),
      detail: 'alerts fire: prometheus: HighErrorRate',
    });
    expect((await get('/clusters/one')).health).toMatchObject({ state: 'unknown', votes: [{ voter: 'edge' }] });
    expect(await impairedOf('two')).toBeUndefined();

    expect((await post(notification([alert('one')]))).body.receipts).toMatchObject([{ result: 'unchanged' }]);
    const last = await post(notification([alert('one', ended)], { status: 'resolved' }));
    expect(last.body.receipts).toMatchObject([{ result: 'accepted' }]);
    expect(await impairedOf('one')).toBeUndefined();
    expect(await refusals()).toEqual([]);
  });

  it('says nothing before there was a heartbeat, and what it said counts with the first one', async () => {
    expect((await post(notification([alert('one')]))).body.receipts).toMatchObject([{ result: 'accepted' }]);
    expect(await impairedOf('one')).toBeUndefined();
    await post(notification([watchdog()]));
    expect(await impairedOf('one')).toBeDefined();
  });

  it('tells what it ignores: clusters of others, alerts of none, and times that are no times of now', async () => {
    const { status, body } = await post(
      notification([
        alert('three'),
        alert('elsewhere'),
        alert(undefined),
        alert('two', { startsAt: at(3_600_000) }),
        alert('two', { endsAt: at(-1000), fingerprint: 'other' }),
      ]),
    );
    expect(status).toBe(200);
    expect(body.receipts.map(({ result }: Json) => result)).toEqual([
      'not-watched',
      'not-watched',
      'no-cluster',
      'from-the-future',
      'stale',
    ]);
    for (const name of ['one', 'two', 'three']) expect(await impairedOf(name)).toBeUndefined();
  });

  it('that arrives twice at the same time is taken once', async () => {
    await post(notification([watchdog()]));
    const both = await Promise.all([1, 2].map(() => post(notification([watchdog(), alert('one')]))));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(both.map(({ body }) => body.receipts[1].result).sort()).toEqual(['accepted', 'unchanged']);
  });

  it.each([
    ['no token', undefined],
    ['another token', 'forged'],
    ['a token of the control plane', TOKEN],
    ['the digest of the token', tokenHash],
    ['an empty token', ''],
  ])('with %s is refused and audited, and nothing of it is kept', async (_, token) => {
    const body = notification([watchdog(), alert('one')]);
    const answer = await harness.call('POST', `${path}/voters/prometheus/alerts`, {
      body,
      headers: { Authorization: token === undefined ? undefined : `Bearer ${token}` },
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'invalid-token' } });
    expect(await refusals()).toEqual([
      'anonymous: voter prometheus: invalid-token: The token is not that of prometheus.',
    ]);
    expect(await impairedOf('one')).toBeUndefined();
  });

  it('of a voter, or a fleet, that is not there is refused in the same words, and so is one of a voter of another type', async () => {
    for (const to of [
      `${path}/voters/nobody/alerts`,
      `${path}/voters/edge/alerts`,
      '/v1/fleets/none/voters/x/alerts',
    ]) {
      expect(await post(notification([]), SECRET, to)).toMatchObject({ status: 403, body: { code: 'invalid-token' } });
    }
  });

  it('that leaves alerts out is refused and audited', async () => {
    const answer = await post(notification([watchdog(), alert('one')], { truncatedAlerts: 3 }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'truncated-alerts' } });
    expect(await refusals()).toEqual([expect.stringContaining('truncated-alerts: 3 alerts were left out')]);
    expect(await impairedOf('one')).toBeUndefined();
  });

  it('of another version is not valid', async () => {
    expect(await post(notification([], { version: '5' }))).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/version' }] },
    });
  });

  it('opens no other door: every other path still needs a token of the control plane', async () => {
    for (const place of [`${path}/voters/prometheus`, `${path}/voters/prometheus/alerts/x`, `${path}/voters`, path]) {
      const answer = await harness.call('GET', place, { headers: { Authorization: `Bearer ${SECRET}` } });
      expect(answer.status, place).toBe(401);
    }
  });
});

it('a fleet is not watched by alerts alone', async () => {
  const answer = await harness.call('PUT', path, { body: { voters: [voters[1]] }, headers: { 'If-Match': '*' } });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/voters' }] } });
});
