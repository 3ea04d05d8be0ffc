import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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

/** The API by HTTP. Its clock is virtual, and an hour ahead of that of the agent. */
async function openDoor(): Promise<string> {
  const server = createServer(async (request, response) => {
    if (isAway) return response.destroy();
    const body = await text(request);
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
    headers: { Host: 'shop.example.com' },
  };
  await plane.put(`${FLEET}/clusters/one`, { kind: 'kubernetes', probes: [probe] });
  url = await openDoor();
  agent = start(['--fleet', 'lab', '--voter', 'lab'], { FAIRLEAD_TOKEN: TOKEN, FAIRLEAD_AGENT_KEY: key.privateKey });
});

function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['infra/agent/main.ts', '--url', url, '--allow-loopback', ...args], {
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

/** The virtual clock goes with the real one. */
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

    agent.kill('SIGTERM');
    expect(await once(agent, 'exit')).toEqual([0, null]);
  } finally {
    stop();
  }
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
    for (const args of [['--enrol', invitation.body.token], []]) {
      const before = await heard();
      const process = start([...args, '--state', file]);
      await expect.poll(heard, soon).toBeGreaterThan(before);
      process.kill('SIGTERM');
      expect(await once(process, 'exit')).toEqual([0, null]);
    }
  } finally {
    stop();
    await rm(directory, { recursive: true });
  }
});
