import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../functions/api/endpoints/index.ts';
import { LOOPBACK } from '../../functions/core/egress/target.ts';
import type { Deps, Log, Net } from '../../functions/deps.ts';
import { deliverDue } from '../../functions/engine/notify/deliver.ts';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { observe } from '../../functions/engine/observe.ts';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { createNotifier } from '../../functions/notifier.ts';
import { net } from '../../functions/platform.ts';
import { createSecrets } from '../../functions/secrets.ts';
import { addressOf } from '../../infra/local/instances.ts';
import { Probe } from '../../schemas/probe.ts';
import { sendTo } from '../local-cloud/data-plane/fixtures.ts';
import { FLEET, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json } from './harness.ts';
import { itemsOf } from './saved.ts';

const CANARY = 'canary-01234567-abcdefgh';
const PASSWORD = 'sparrow-76543210-zyxwvu';
const BASIC = btoa(`probe:${PASSWORD}`);
/** Every form in which a secret could be found somewhere. */
const FORMS = [CANARY, PASSWORD, BASIC, encodeURIComponent(BASIC), btoa(CANARY)];
const HOST = 'through-edge.example.com';
const CLUSTER_HOSTS = ['127.0.0.2', HOST];
const ALL = {
  'probe-token': { value: `Bearer ${CANARY}`, hosts: CLUSTER_HOSTS },
  'probe-password': { value: `Basic ${BASIC}`, hosts: CLUSTER_HOSTS },
};

function leaksIn(value: unknown): string[] {
  const shown =
    typeof value === 'string' ? value : inspect(value, { depth: 20, maxStringLength: null, maxArrayLength: null });
  return FORMS.filter((form) => shown.includes(form));
}

let harness: Harness;
let receiver: Server;
let secrets = createSecrets(ALL);
let breaks = false;
const logged: unknown[] = [];
const notified: string[] = [];
/** The headers that the network was given, by the host. */
const sent: { host: string; headers: Record<string, string> }[] = [];

/** The network with a name that leads to the gateway. It can break off with an error that repeats the whole request, as some clients do. */
const named: Net = {
  ...net,
  fetch: async (url, init) => {
    const { hostname, pathname } = new URL(url);
    sent.push({ host: hostname, headers: init.headers });
    if (breaks) throw new Error(`fetch ${url} failed: ${JSON.stringify(init.headers)}`);
    if (hostname !== HOST) return await net.fetch(url, init);
    const address = addressOf(harness.cloud, harness.edge.target);
    const { status, body } = await sendTo(address, { path: pathname, headers: { ...init.headers, host: HOST } });
    return { status, body };
  },
};

/** Keeps everything as it was given: what is found in it has not been cleaned by the log. */
const log: Log = { info: (...entry) => void logged.push(entry), error: (...entry) => void logged.push(entry) };

function deps(overrides: Partial<Deps> = {}): Deps {
  const { clock } = harness;
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  const notifier = createNotifier({ chat: { format: 'slack', url } }, { clock, log, egress: { allowed: LOOPBACK } });
  const { settings } = harness.deps();
  return harness.deps({
    ...{ net: named, log, notifier, secrets, settings: { ...settings, notificationTargets: ['chat'] } },
    ...overrides,
  });
}

const api = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Json> =>
  (await createApi(deps(), { read: (response) => response.text() })(method, path, body, headers)).body;
const get = async (path: string): Promise<Json> => JSON.parse(await api('GET', path));

async function put(path: string, body: Json): Promise<void> {
  const answer = await createApi(deps())('PUT', path, body, { 'if-match': '*' });
  if (answer.status >= 300) throw new Error(`PUT ${path}: ${JSON.stringify(answer.body)}`);
}

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(deps());
    harness.clock.advance(5000);
    await sweep(deps());
    await notifyIncidents(deps());
    await deliverDue(deps());
  }
}

/** The clusters answer with everything that they were sent, in the body and in a header. */
const TOKEN = { Authorization: { secret: 'probe-token' } };
const PASSES = { Authorization: { secret: 'probe-password' } };

async function declare(): Promise<void> {
  const { body: fleet } = await harness.api('GET', FLEET);
  const { automation, health, failover } = fleet;
  const { a, b } = harness.edge.clusters;
  const echo = (cluster: typeof a) => `http://${cluster.address.host}:${cluster.address.port}/echo`;
  const voters = [
    { name: 'edge', type: 'edge' },
    // The gateway leaves a cluster that fails by itself, and this voter would see nothing of it: only `edge` watches `a`.
    { name: 'way', type: 'gateway-path', gateway: 'edge', url: `http://${HOST}/way`, headers: PASSES, clusters: ['b'] },
  ];
  const controlTargets = [{ type: 'http', url: echo(b), headers: TOKEN }];
  await put(FLEET, { automation, health, failover, voters, controlTargets, notifications: [{ target: 'chat' }] });
  for (const cluster of [a, b]) {
    const { body } = await harness.api('GET', `${FLEET}/clusters/${cluster.name}`);
    const probes = [
      { type: 'http', url: echo(cluster), headers: TOKEN, expectedBody: `"cluster":"${cluster.name}"` },
      { type: 'http', path: 'direct', url: `${echo(cluster)}/direct`, headers: PASSES, expectedBody: 'never there' },
    ];
    await put(`${FLEET}/clusters/${cluster.name}`, { kind: 'kubernetes', ingress: body.ingress, probes });
  }
  const { gateways, rules, distribution } = (await harness.api('GET', `${FLEET}/routes/shop`)).body;
  await put(`${FLEET}/routes/shop`, { gateways, rules, distribution, hostnames: ['shop.example.com', HOST] });
  const dataPlaneCheck = { url: `http://${HOST}/check`, headers: TOKEN, expectedBody: 'cluster' };
  await put(`${FLEET}/gateways/edge`, { target: harness.edge.target, dataPlaneCheck });
}

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    notified.push(JSON.stringify(request.headers) + (await text(request)));
    response.end('ok');
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  harness = await startFleet({ jobLatencyMs: 20 });
  await declare();
  await rounds(6);
});

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await harness.close();
});

const observationOf = async (cluster: string): Promise<Json> =>
  (await get(`${FLEET}/clusters/${cluster}/observations`)).items.find(({ voter }: Json) => voter === 'edge');

describe('a secret of a probe', () => {
  it('is sent to clusters, through gateways and to control targets, and each gets its own', async () => {
    const { a, b } = harness.edge.clusters;
    const received = [...a.received, ...b.received].map(({ path, headers }) => `${path} ${headers.authorization}`);
    for (const line of [
      `/echo Bearer ${CANARY}`,
      `/echo/direct Basic ${BASIC}`,
      `/way Basic ${BASIC}`,
      `/check Bearer ${CANARY}`,
    ]) {
      expect(received).toContain(line);
    }
    expect((await get(`${FLEET}/clusters/a`)).health.state).toBe('healthy');
    const gateway = await get(`${FLEET}/gateways/edge`);
    expect(gateway.conditions.find(({ type }: Json) => type === 'Observed')).toMatchObject({ status: 'True' });
  });

  it('cannot be guessed by what a probe expects of a server that repeats it', async () => {
    const { host, port } = harness.edge.clusters.a.address;
    const outcome = async (expectedBody: string) => {
      const probe = Probe.parse({ type: 'http', url: `http://${host}:${port}/echo`, headers: TOKEN, expectedBody });
      const { observation } = await observe(deps(), [probe], { voter: 'edge', timeoutMs: 10_000 });
      return observation.outcome;
    };
    expect(await outcome('"authorization":"')).toBe('ok');
    for (let length = 1; length <= CANARY.length; length++) {
      const guess = CANARY.slice(0, length);
      expect(await outcome(`Bearer ${guess}`), guess).toBe('fail');
    }
  });

  it('that is gone makes a cluster unknown with the reason, and moves nothing, whatever else is down', async () => {
    const before = await harness.edge.split(20, 'shop.example.com');
    secrets = createSecrets({ 'probe-password': ALL['probe-password'] });
    const from = sent.length;
    await rounds(6);
    expect(
      sent
        .slice(from)
        .filter(({ host }) => host === '127.0.0.2')
        .every(({ headers }) => headers['Authorization']?.startsWith('Basic')),
    ).toBe(true);
    expect(await observationOf('a')).toMatchObject({
      outcome: 'inconclusive',
      detail: expect.stringContaining('http: not sent: its settings have no secret probe-token for 127.0.0.2'),
    });
    for (const name of ['a', 'b']) {
      const cluster = await get(`${FLEET}/clusters/${name}`);
      expect(cluster.standing.state).toBe('up');
      expect(cluster.health.votes.find(({ voter }: Json) => voter === 'edge').state).toBe('unknown');
    }
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual(before);
    const fleet = await get(FLEET);
    expect(fleet.conditions.find(({ type }: Json) => type === 'PolicySound').message).toContain(
      'clusters/a#/probes/0/headers/Authorization/secret: Nothing is sent',
    );
    secrets = createSecrets(ALL);
    await rounds(2);
    expect(await observationOf('a')).toMatchObject({ outcome: 'ok' });
  });
});

/** The troubles that probes have while the canary is looked for. */
const TROUBLE: { name: string; begin(): Promise<void> | void; end(): Promise<void> | void }[] = [
  {
    name: 'a cluster that answers 503 with what it was sent',
    begin: () => harness.edge.clusters.a.fail('brownout'),
    end: () => harness.edge.clusters.a.recover(),
  },
  {
    name: 'a cluster that is gone',
    begin: () => harness.edge.clusters.a.fail('refuse'),
    end: () => harness.edge.clusters.a.recover(),
  },
  {
    name: 'a network whose errors repeat the request',
    begin: () => {
      breaks = true;
    },
    end: () => {
      breaks = false;
    },
  },
];

describe.each(TROUBLE)('with $name', ({ begin, end }) => {
  beforeAll(async () => {
    await begin();
    await rounds(5);
    expect((await harness.api('GET', `${FLEET}/decisions`)).body.items.length).toBeGreaterThan(0);
    await end();
    await rounds(1);
  });

  it('no answer of any operation that reads has a secret', async () => {
    const names = await namesOf();
    const reads = endpoints.filter(({ method }) => method === 'get');
    const statuses = new Map<string, number>();
    for (const { path, operationId } of reads) {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'none');
      const answer = await createApi(deps(), { read: (response) => response.text() })('GET', filled);
      statuses.set(operationId, answer.status);
      expect(leaksIn(answer.body), operationId).toEqual([]);
    }
    const answered = [...statuses].filter(([, status]) => status === 200).map(([id]) => id);
    for (const id of READ) expect(answered, [...statuses].join(' ')).toContain(id);
  });

  it.each([
    [
      'no item of the table',
      async () => {
        const client = harness.connect();
        const items = await itemsOf(client);
        client.destroy();
        expect(JSON.stringify(items), 'the name is there').toContain('probe-token');
        return items;
      },
    ],
    ['no line that is given to the log', () => logged],
    [
      'no notification',
      () => {
        expect(notified.length).toBeGreaterThan(0);
        return notified;
      },
    ],
    ['no call to the cloud, and no object there', () => [harness.cloud.log.entries, harness.cloud.state]],
    [
      'no plan of a manifest',
      async () => {
        const manifest = await api('GET', `${FLEET}/manifest`, undefined, { accept: 'application/json' });
        const edited = manifest.replaceAll('probe-password', 'probe-token');
        const plan = await api('PUT', `${FLEET}/manifest?dryRun=true`, JSON.parse(edited));
        expect(plan).toContain('/probes/1/headers/Authorization/secret');
        return [manifest, plan];
      },
    ],
  ] as const)('%s has a secret', async (_, found) => {
    expect(leaksIn(await found())).toEqual([]);
  });
});

/** Operations that have something to answer in this fleet, so that the search is not one of refusals. */
const READ = [
  'getFleet',
  'listFleets',
  'getFleetStatus',
  'getManifest',
  'listClusters',
  'getCluster',
  'listObservations',
  'getGateway',
  'listClusterRevisions',
  'getClusterRevision',
  'listAuditEvents',
  'getAuditEvent',
  'getLossReadiness',
  'explainRoute',
  'getDelivery',
  'watchOperation',
  'checkLedger',
  'listDecisions',
  'getDecision',
  'replayDecision',
  'listDeliveries',
  'listOperations',
  'getOperation',
];

async function namesOf(): Promise<Record<string, string>> {
  const first = async (path: string): Promise<string> => (await get(`${FLEET}${path}`)).items[0]?.id ?? 'none';
  return {
    ...{ fleet: 'prod', cluster: 'a', gateway: 'edge', service: 'shop', route: 'shop', revision: '2' },
    decision: await first('/decisions'),
    delivery: await first('/deliveries'),
    operation: await first('/operations'),
    event: await first('/audit'),
  };
}
