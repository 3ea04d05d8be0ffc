import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deps, Net } from '../../functions/deps.ts';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { observe } from '../../functions/engine/observe.ts';
import { runProbeRound, runProbeSchedule } from '../../functions/engine/probe/probe.ts';
import { inShard } from '../../functions/engine/probe/targets.ts';
import { net } from '../../functions/platform.ts';
import { Probe } from '../../schemas/probe.ts';
import { FLEET, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json } from './harness.ts';

const ports = { net, clock: { now: () => Date.now() }, settings: { allowLoopbackProbes: true } };
/** The network, with somebody who is told of each request. */
function watched(tell: (request: { url: string; headers: Record<string, string> }) => void): Net {
  const fetch: Net['fetch'] = async (url, init) => {
    tell({ url, headers: init.headers });
    return await net.fetch(url, init);
  };
  return { ...net, fetch };
}

/** In real time, long enough for a busy machine; where an answer never comes, it is waited for in vain. */
const ANSWER_WITHIN_MS = 10_000;
const IN_VAIN_MS = 300;

describe('an observation', () => {
  const received: string[] = [];
  let base = '';
  const server = createServer(({ method, url = '' }, response) => {
    received.push(`${method} ${url}`);
    if (url === '/hang') return;
    if (url === '/trickle') {
      response.write('a');
      return;
    }
    const location = 'http://169.254.169.254/latest/meta-data';
    if (url === '/moved') response.writeHead(302, { location });
    if (url === '/down') response.writeHead(503);
    response.end(url === '/long' ? `${'x'.repeat(70_000)}late` : 'all is well');
  });

  beforeEach(async () => {
    received.length = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const http = (place: string, more: object = {}) => Probe.parse({ type: 'http', url: `${base}${place}`, ...more });
  const closed = (more: object = {}) => Probe.parse({ type: 'tcp', host: '127.0.0.1', port: 1, ...more });
  const prober = (timeoutMs = ANSWER_WITHIN_MS) => ({ voter: 'edge', timeoutMs });
  const look = async (...probes: Probe[]) => (await observe(ports, probes, prober())).observation;

  it('of an ingress that fails while the cluster answers around it says so', async () => {
    const seen = await look(http('/down'), http('/', { path: 'direct' }));
    expect(seen).toMatchObject({ outcome: 'fail', cause: 'Ingress', detail: 'http: status 503' });
  });

  it('of a cluster that does not answer anywhere calls it failed', async () => {
    expect(await look(http('/down'), closed({ path: 'direct' }))).toMatchObject({ outcome: 'fail', cause: 'Cluster' });
    expect(await look(http('/down'))).toMatchObject({ outcome: 'fail', cause: 'Cluster' });
  });

  it('is slow when an answer of the ingress takes longer than it may, and never of one that fails', async () => {
    let nowMs = 0;
    const late = {
      ...ports,
      clock: { now: () => nowMs },
      net: watched(() => {
        nowMs += 400;
      }),
    };
    const slow = async (...probes: Probe[]) => (await observe(late, probes, prober())).observation;
    expect(await slow(http('/', { maxLatencyMs: 399 }))).toMatchObject({
      outcome: 'ok',
      isSlow: true,
      detail: 'http: status 200, slow: 400 ms',
    });
    expect(await slow(http('/', { maxLatencyMs: 400 }))).not.toHaveProperty('isSlow');
    expect(await slow(http('/down', { maxLatencyMs: 1 }))).not.toHaveProperty('isSlow');
    expect(await slow(http('/', { maxLatencyMs: 9999 }), http('/', { path: 'direct', maxLatencyMs: 1 }))).toMatchObject(
      {
        outcome: 'ok',
        detail: expect.stringMatching(/^http: status 200; direct http: status 200, slow: /),
      },
    );
  });

  it('is good when only a direct probe fails, and tells of it', async () => {
    const seen = await look(http('/'), closed({ path: 'direct' }));
    expect(seen).toMatchObject({ outcome: 'ok', detail: 'http: status 200; direct tcp: connection failed' });
  });

  it.each([
    ['a status that is expected', '/down', { expectedStatus: { from: 503, to: 503 } }, 'ok'],
    ['a status that is not', '/', { expectedStatus: { from: 204, to: 204 } }, 'fail'],
    ['the text that is expected', '/', { expectedBody: 'is well' }, 'ok'],
    ['another text', '/', { expectedBody: 'is bad' }, 'fail'],
    ['the text behind the first 64 KiB', '/long', { expectedBody: 'late' }, 'fail'],
    ['the begin of a body that never ends', '/trickle', {}, 'ok'],
  ])('judges %s', async (_, place, more, outcome) => {
    expect(await look(http(place, more))).toMatchObject({ outcome });
  });

  it.each([
    ['a body that is still to come', '/trickle', { expectedBody: 'b' }],
    ['an answer that is still to come', '/hang', {}],
  ])('fails when the time-out comes before %s', async (_, place, more) => {
    const { observation } = await observe(ports, [http(place, more)], prober(IN_VAIN_MS));
    expect(observation).toMatchObject({ outcome: 'fail' });
  });

  it('asks as it is told to', async () => {
    await look(http('/', { method: 'HEAD' }));
    expect(received).toEqual(['HEAD /']);
  });

  it('never follows a redirect, wherever it leads: it is an answer like another', async () => {
    const asked: string[] = [];
    const seen = await observe({ ...ports, net: watched(({ url }) => asked.push(url)) }, [http('/moved')], prober());
    expect(seen.observation).toMatchObject({ outcome: 'ok', detail: 'http: status 302' });
    const strict = http('/moved', { expectedStatus: { from: 200, to: 299 } });
    expect(await look(strict)).toMatchObject({ outcome: 'fail', detail: 'http: status 302' });
    expect(asked).toEqual([`${base}/moved`]);
    expect(received).toEqual(['GET /moved', 'GET /moved']);
  });

  it('of a target that must not be probed any more is inconclusive, and nothing is sent', async () => {
    const seen = await observe({ ...ports, settings: { allowLoopbackProbes: false } }, [http('/')], prober());
    expect(seen.observation).toMatchObject({ outcome: 'inconclusive', detail: expect.stringContaining('not sent') });
    expect(received).toEqual([]);
  });
});

describe('a fleet', () => {
  let harness: Harness;
  const logged: { event: string; fields: Json }[] = [];
  const log = { info: (event: string, fields?: object) => void logged.push({ event, fields }), error: () => undefined };

  beforeEach(async () => {
    harness = await startFleet();
    logged.length = 0;
  });
  afterEach(() => harness.close());

  async function rounds(n: number, overrides: Partial<Deps> = {}): Promise<void> {
    for (let round = 0; round < n; round++) {
      await runProbeRound(harness.deps({ log, ...overrides }));
      harness.clock.advance(5000);
    }
  }

  const amend = async (more: object, fleet = FLEET) => {
    const { automation, health } = (await harness.api('GET', FLEET)).body;
    await harness.put(fleet, { automation, health, ...more });
  };
  const clusterOf = async (name: string) => (await harness.api('GET', `${FLEET}/clusters/${name}`)).body;
  const voteOf = async (name: string, voter: string) =>
    (await clusterOf(name)).health.votes.find((vote: Json) => vote.voter === voter);
  /** Voters observe side by side, so that the newest observation of all may be of either. */
  const newest = async (name: string, voter = 'edge') =>
    (await harness.api('GET', `${FLEET}/clusters/${name}/observations`)).body.items.find(
      (item: Json) => item.voter === voter,
    );
  const decisions = async () => (await harness.api('GET', `${FLEET}/decisions`)).body.items;
  const tcp = ({ host, port }: { host: string; port: number }) => ({ type: 'tcp', host, port });

  it('whose control target does not answer either believes none of its failures', async () => {
    await amend({ controlTargets: [tcp({ host: '127.0.0.1', port: 1 })] });
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(3);
    expect(await newest('a')).toMatchObject({ outcome: 'inconclusive' });
    expect(await voteOf('a', 'edge')).toMatchObject({ consecutiveFailures: 0, isSuspect: true });
    expect(await decisions()).toEqual([]);
    await notifyIncidents(harness.deps({ log }));
    expect(logged).toContainEqual({
      event: 'incident',
      fields: { fleet: 'prod', type: 'evidence.suspect', key: 'prod/voter/edge/suspect', state: 'opened' },
    });
  });

  it('whose control target answers does', async () => {
    await amend({ controlTargets: [tcp(harness.edge.clusters.b.address)] });
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    expect(await decisions()).toMatchObject([{ withdrawnAfter: ['a'] }]);
  });

  it('is not evacuated by a prober that loses half of several fleets at once, unless they share what has failed', async () => {
    const other = '/v1/fleets/other';
    await amend({}, other);
    const { host, port } = harness.edge.clusters.a.address;
    const far = { kind: 'kubernetes', site: 'far', probes: [{ type: 'http', url: `http://${host}:${port}/healthz` }] };
    await harness.put(`${other}/clusters/far`, far);
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    expect(await newest('a')).toMatchObject({ outcome: 'inconclusive' });
    expect(await decisions()).toEqual([]);

    await harness.put(`${FLEET}/clusters/a`, { ...declaredOf(await clusterOf('a')), site: 'far' });
    await rounds(3);
    expect(await decisions()).toMatchObject([{ withdrawnAfter: ['a'] }]);
  });

  it('finds a cluster impaired that answers too slowly, shows it, and gives its traffic to others until it answers in time for its dwell time', async () => {
    const { host, port } = harness.edge.clusters.a.address;
    const declared = declaredOf(await clusterOf('a'));
    const probes = [{ type: 'http', url: `http://${host}:${port}/healthz`, maxLatencyMs: 500 }];
    await harness.put(`${FLEET}/clusters/a`, { ...declared, city: 'hangzhou', probes });
    await rounds(3);
    expect(await clusterOf('a')).toMatchObject({ city: 'hangzhou' });
    expect((await clusterOf('a')).health).not.toHaveProperty('impaired');
    const late = watched(({ url }) => url.includes(`:${port}/`) && harness.clock.advance(700));
    await rounds(3, { net: late });
    expect((await clusterOf('a')).health).toMatchObject({
      state: 'healthy',
      impaired: { by: 'latency', detail: '1 of 1 voters find it slow: edge' },
      votes: [{ slowSince: expect.any(String) }],
      lastObservation: { isSlow: true },
    });
    expect((await clusterOf('a')).withdrawal).toMatchObject({ cause: 'impaired', percent: 0 });
    await rounds(7);
    expect((await clusterOf('a')).health).not.toHaveProperty('impaired');
    expect((await clusterOf('a')).standing).toMatchObject({ state: 'held', waitsFor: ['dwell'] });
    await rounds(14);
    expect((await clusterOf('a')).standing.state).toBe('up');
  });

  it('writes a cluster when something changes and once a minute, and knows it to be as it is in between', async () => {
    await rounds(21);
    const written = async () => (await harness.deps().store.health('prod')).map(({ version }) => version);
    const before = await written();
    for (let round = 0; round < 48; round++) {
      await rounds(1);
      expect(await voteOf('a', 'edge')).toMatchObject({ state: 'healthy', isFresh: true });
    }
    const after = await written();
    expect(after.map((version, index) => version - (before[index] ?? 0))).toEqual([4, 4]);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    expect(await decisions()).toMatchObject([{ withdrawnAfter: ['a'] }]);
    expect(await voteOf('b', 'edge')).toMatchObject({ isFresh: true });
  });

  it('does not vouch for a cluster that it has not seen: its vote grows stale', async () => {
    await rounds(21);
    await amend({ controlTargets: [tcp({ host: '127.0.0.1', port: 1 })] });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(6);
    expect(await voteOf('a', 'edge')).toMatchObject({ isFresh: false, state: 'unknown' });
    expect(await voteOf('b', 'edge')).toMatchObject({ isFresh: true, state: 'healthy' });
  });

  it('shows which voters are silent, and tells people once of each, once more when it is lost, and once of the end of both', async () => {
    const settings = { ...harness.deps().settings, notificationTargets: ['pager'] };
    const { store, clock } = harness.deps();
    const lab = { name: 'lab', type: 'agent', publicKey: `${'A'.repeat(43)}=` };
    const { automation, health } = (await harness.api('GET', FLEET)).body;
    const voters = [{ name: 'edge', type: 'edge' }, lab];
    const declared = { automation, health, voters, notifications: [{ target: 'pager' }] };
    await createApi(harness.deps({ settings }))('PUT', FLEET, declared, { 'if-match': '*' });
    const condition = async () =>
      (await harness.api('GET', FLEET)).body.conditions.find(({ type }: Json) => type === 'VotersHeard');
    const told = async () =>
      (await store.documents('prod', 'delivery', { limit: 200 })).items
        .map(({ body }) => body.event)
        .filter(({ type }) => type.startsWith('voter.'))
        .map(({ type, incident }) => `${type} ${incident?.key} ${incident?.state}`)
        .sort();
    const look = async (n: number) => {
      for (let round = 0; round < n; round++) {
        await rounds(1);
        await notifyIncidents(harness.deps());
      }
    };
    const silent = 'voter.silent prod/voter/lab/silent';
    const lost = 'voter.lost prod/voter/lab/lost';
    await rounds(2);
    expect(await condition()).toMatchObject({ status: 'True' });
    const heardAtMs = clock.now();
    const trace = { fleet: 'prod', kind: 'voter' as const, id: 'lab', version: 1, isPending: false };
    await store.putDocument({ ...trace, body: { heardAtMs } });
    await look(3);
    expect(await told()).toEqual([]);
    await look(2);
    expect(await condition()).toMatchObject({
      status: 'False',
      reason: 'Silent',
      message: `lab has said nothing since ${new Date(heardAtMs).toISOString()}.`,
      lastTransitionTime: new Date(heardAtMs).toISOString(),
    });
    expect(await told()).toEqual([`${silent} opened`]);
    const edited = {
      ...declared,
      notifications: [...declared.notifications, { target: 'pager', events: ['voter.lost'] }],
    };
    await createApi(harness.deps({ settings }))('PUT', FLEET, edited, { 'if-match': '*' });
    await look(6);
    expect(await told(), 'an edit of the fleet is no word of a voter').toEqual([`${silent} opened`]);
    await look(8);
    expect(await condition()).toMatchObject({ reason: 'Lost' });
    expect(await told()).toEqual([`${lost} opened`, `${silent} opened`]);
    harness.clock.advance(2 * 3_600_000);
    await look(2);
    expect(await told(), 'hours later').toEqual([`${lost} opened`, `${silent} opened`]);
    const hear = async (version: number) =>
      await store.putDocument({ ...trace, version, body: { heardAtMs: clock.now() } });
    await hear(2);
    expect(await condition()).toMatchObject({ status: 'True' });
    for (let version = 3; version < 12; version++) {
      await look(1);
      await hear(version);
    }
    expect(await told()).toEqual([`${lost} opened`, `${lost} resolved`, `${silent} opened`, `${silent} resolved`]);
  });

  it('hears each gateway of what it sees of its backends, and of a gateway that cannot be asked nothing', async () => {
    await amend({
      voters: [
        { name: 'edge', type: 'edge' },
        { name: 'view', type: 'gateway-view', gateway: 'edge' },
      ],
    });
    await expect
      .poll(
        async () => {
          await rounds(1);
          return await voteOf('a', 'view');
        },
        { timeout: 20_000 },
      )
      .toMatchObject({ state: 'healthy', isFresh: true });
    // Not an error that is tried again: the waits between attempts are random, and may outlast the freshness of the observation.
    harness.cloud.faults.add({ kind: 'error', code: 'Forbidden.RAM', times: 100_000 });
    await rounds(1);
    expect(await newest('a', 'view')).toMatchObject({ outcome: 'inconclusive' });
    expect(await voteOf('a', 'view')).toMatchObject({ consecutiveFailures: 0 });
  });

  it('is probed through its gateway with the name of the cluster; a gateway that is away says nothing of clusters', async () => {
    const asked: Record<string, string>[] = [];
    const watching = watched(({ headers }) => asked.push(headers));
    const { host, port } = harness.edge.clusters.a.address;
    const way = (url: string) => ({ voters: [{ name: 'way', type: 'gateway-path', gateway: 'edge', url }] });
    await amend(way(`http://${host}:${port}/`));
    await rounds(1, { net: watching });
    expect(asked.map((headers) => headers['x-fairlead-cluster']).sort()).toEqual(['a', 'b']);
    await amend(way('http://127.0.0.1:1/'));
    await rounds(4);
    expect(await newest('a', 'way')).toMatchObject({ outcome: 'inconclusive' });
    expect(await decisions()).toEqual([]);
  });

  it('is probed by shards, each cluster in one of them, side by side', async () => {
    const post = async (index: number) => {
      const { body } = await harness.api('POST', '/v1/probe-rounds', { fleet: 'prod', shard: { index, count: 2 } });
      return body.fleets[0].results.map((result: Json) => result.cluster);
    };
    const parts = await Promise.all([post(0), post(1)]);
    expect(parts.flat().sort()).toEqual(['a', 'b']);
    const clusters = await harness.deps().store.all('cluster', 'prod');
    expect(parts[0]).toEqual(clusters.filter((one) => inShard(one, { index: 0, count: 2 })).map(({ name }) => name));
    expect((await harness.api('POST', '/v1/probe-rounds', { shard: { index: 2, count: 2 } })).status).toBe(400);
  });

  it('is probed once when its schedule comes late, and then at its interval', async () => {
    await rounds(3);
    harness.clock.advance(10 * 60_000);
    const startedMs = harness.clock.now();
    await runProbeSchedule(harness.deps(), startedMs + 12_000);
    const { body } = await harness.api('GET', `${FLEET}/clusters/a/observations`);
    const since = body.items
      .map((item: Json) => Date.parse(item.observedAt) - startedMs)
      .filter((ms: number) => ms >= 0);
    expect(since.toReversed().map((ms: number) => Math.floor(ms / 5000))).toEqual([0, 1, 2]);
  });

  it('decides once upon many clusters that fail together', async () => {
    const { host, port } = harness.edge.clusters.a.address;
    const probes = [{ type: 'http', url: `http://${host}:${port}/healthz` }];
    for (let index = 0; index < 20; index++) {
      await harness.put(`${FLEET}/clusters/c${index}`, { kind: 'kubernetes', site: 'one', probes });
    }
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    const { store } = harness.deps();
    let evaluations = 0;
    const traffic = (fleet: string) => {
      evaluations++;
      return store.traffic(fleet);
    };
    await runProbeRound(harness.deps({ store: { ...store, traffic }, log }));
    expect((await clusterOf('c19')).health.state).toBe('unhealthy');
    expect(evaluations).toBeLessThan(20);
  });

  it('keeps nothing of a prober that has lost its lease', async () => {
    const { store } = harness.deps();
    const losing = {
      ...store,
      putHealth: async (...args: Parameters<typeof store.putHealth>) => {
        const [evidence, lease] = args;
        return await store.putHealth(evidence, lease && { ...lease, epoch: lease.epoch - 1 });
      },
    };
    await runProbeRound(harness.deps({ store: losing }));
    expect((await harness.api('GET', `${FLEET}/clusters/a/observations`)).body.items).toEqual([]);
  });
});

/** Of a cluster as it is shown, what was declared. */
function declaredOf({ kind, ingress, probes, joins }: Json): object {
  return { kind, ingress, probes, joins };
}
