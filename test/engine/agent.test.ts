import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAgentKey } from '../../infra/agent/key.ts';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import { type ControlPlane, type Json, startControlPlane, TOKEN } from './harness.ts';

const FLEET = '/v1/fleets/lab';
const key = createAgentKey();
let plane: ControlPlane;
let cluster: DemoCluster;
let door: Server;
let url: string;
let isAway = false;
let agent: ChildProcess;
let told: string;
/** Everything that the agent has written to its log and sent to the control plane. */
const written: string[] = [];
const CANARY = 'canary-of-the-agent-alone';

/** The API over HTTP. Its clock is virtual, and an hour ahead of the agent's. */
async function openDoor(): Promise<string> {
  const server = createServer(async (request, response) => {
    if (isAway) return response.destroy();
    const body = await text(request);
    written.push(JSON.stringify(request.headers) + body);
    const sent = ['authorization', 'fairlead-signature'].flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    });
    const { status, body: answer } = await plane.api(
      request.method ?? '',
      request.url ?? '',
      body === '' ? undefined : JSON.parse(body),
      Object.fromEntries(sent),
    );
    response.sendDate = false;
    response.writeHead(status, { date: new Date(plane.clock.now()).toUTCString() });
    return response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  door = server;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address that nobody listens at, for the agent to tell its state. */
async function freeAddress(): Promise<string> {
  const listener = createListener().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  return `127.0.0.1:${port}`;
}

beforeAll(async () => {
  plane = await startControlPlane();
  cluster = await startDemoCluster({ name: 'one' });
  const health = { intervalSeconds: 1, timeoutSeconds: 5, successThreshold: 3, failureThreshold: 3 };
  await plane.put(FLEET, { health, voters: [{ name: 'lab', type: 'agent', publicKey: key.publicKey }] });
  const { host, port } = cluster.address;
  const probe = {
    type: 'http',
    url: `http://${host}:${port}/hello`,
    from: 'agents',
    headers: { Host: 'shop.example.com', Authorization: { secret: 'agent-token' } },
  };
  await plane.put(`${FLEET}/clusters/one`, { kind: 'kubernetes', probes: [probe] });
  const unknown = { ...probe, headers: { Authorization: { secret: 'nobodys' } } };
  await plane.put(`${FLEET}/clusters/two`, { kind: 'kubernetes', probes: [unknown] });
  url = await openDoor();
  const listen = await freeAddress();
  told = `http://${listen}`;
  const secrets = { 'agent-token': { value: `Bearer ${CANARY}`, hosts: [host] } };
  agent = start(['--fleet', 'lab', '--voter', 'lab', '--listen', listen], {
    FAIRLEAD_TOKEN: TOKEN,
    FAIRLEAD_AGENT_KEY: key.privateKey,
    FAIRLEAD_SECRETS: JSON.stringify(secrets),
  });
  agent.stdout?.on('data', (chunk) => written.push(String(chunk)));
});

function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['infra/agent/main.ts', '--url', url, '--allow-cidr', '127.0.0.0/8', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...env },
  });
}

afterAll(async () => {
  agent.kill('SIGKILL');
  door.closeAllConnections();
  door.close();
  await cluster.close();
  await plane.close();
});

const health = async (): Promise<Json> => (await plane.api('GET', `${FLEET}/clusters/one`)).body.health;
const soon = { timeout: 30_000, interval: 200 };

/** The virtual clock advances with the real one. */
function letTimePass(): () => void {
  let lastMs = Date.now();
  const timer = setInterval(() => {
    plane.clock.advance(Date.now() - lastMs);
    lastMs = Date.now();
  }, 100);
  return () => clearInterval(timer);
}

it('an agent whose clock is wrong is believed, finds a failure, keeps nothing while it cannot tell, and ends when told to', async () => {
  plane.clock.advance(3_600_000);
  const stop = letTimePass();
  try {
    await expect.poll(async () => (await health()).state, soon).toBe('healthy');
    expect(cluster.received.at(-1)?.host).toBe('shop.example.com');
    expect((await fetch(`${told}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${told}/metrics`)).text()).toMatch(/^fairlead_agent_batches_total [1-9]/m);
    expect(cluster.received.at(-1)?.headers.authorization, 'its own secret').toBe(`Bearer ${CANARY}`);
    const { body: two } = await plane.api('GET', `${FLEET}/clusters/two`);
    expect(two.health).toMatchObject({ state: 'unknown', lastObservation: { outcome: 'inconclusive' } });
    expect(two.health.lastObservation.detail).toContain('its settings have no secret nobodys for');

    isAway = true;
    await cluster.fail('brownout');
    const silentSince = plane.clock.now();
    await expect.poll(() => plane.clock.now() - silentSince, soon).toBeGreaterThan(2_000);
    await cluster.recover();
    isAway = false;
    const before = (await plane.api('GET', `${FLEET}/clusters/one/observations`)).body.items[0].observedAt;
    const newest = async () => (await plane.api('GET', `${FLEET}/clusters/one/observations`)).body.items[0];
    await expect.poll(async () => (await newest()).observedAt, soon).not.toBe(before);
    const { body } = await plane.api('GET', `${FLEET}/clusters/one/observations`);
    expect(new Set(body.items.map((item: Json) => item.outcome)), 'what was seen meanwhile').toEqual(new Set(['ok']));

    await cluster.fail('brownout');
    await expect.poll(async () => (await health()).state, soon).toBe('unhealthy');
    expect((await plane.api('GET', `${FLEET}/audit?action=observations.refuse`)).body.items).toEqual([]);

    expect(written.join('\n')).toContain('inconclusive');
    expect(written.join('\n')).not.toContain(CANARY);
    agent.kill('SIGTERM');
    expect(await once(agent, 'exit')).toEqual([0, null]);
    await expect(fetch(`${told}/healthz`)).rejects.toThrow();
  } finally {
    stop();
  }
});

it('an agent whose secrets are wrong says so without them, and does not start', async () => {
  const FAIRLEAD_SECRETS = JSON.stringify({ 'agent-token': CANARY });
  const env = {
    PATH: process.env['PATH'],
    FAIRLEAD_TOKEN: TOKEN,
    FAIRLEAD_AGENT_KEY: key.privateKey,
    FAIRLEAD_SECRETS,
  };
  const args = ['infra/agent/main.ts', '--url', 'http://127.0.0.1:9', '--fleet', 'lab', '--voter', 'lab'];
  const wrong = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  const said = await text(wrong.stderr);
  expect(said).toMatch(/^FAIRLEAD_SECRETS must be/);
  expect(said).not.toContain(CANARY);
});

it('an agent that has only a token to enrol with is believed, before and after it is started again', async () => {
  const fleet = '/v1/fleets/annex';
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-agent-'));
  const stop = letTimePass();
  const file = join(directory, 'agent.json');
  try {
    await plane.put(fleet, { health: { intervalSeconds: 1 }, voters: [{ name: 'lab', type: 'agent' }] });
    const { host, port } = cluster.address;
    await plane.put(`${fleet}/clusters/one`, {
      kind: 'kubernetes',
      probes: [{ type: 'tcp', host, port, from: 'agents' }],
    });
    const invitation = await plane.api('POST', `${fleet}/voters/lab/enrolment`);
    const heard = async () => (await plane.api('GET', `${fleet}/clusters/one/observations`)).body.items.length;
    for (const env of [{ FAIRLEAD_ENROLMENT_TOKEN: invitation.body.token }, undefined]) {
      const before = await heard();
      const process = start(['--state', file], env);
      await expect.poll(heard, soon).toBeGreaterThan(before);
      process.kill('SIGTERM');
      expect(await once(process, 'exit')).toEqual([0, null]);
    }
  } finally {
    stop();
    await rm(directory, { recursive: true });
  }
});
