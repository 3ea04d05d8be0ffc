import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi } from '../../infra/local/client.ts';
import { measure, type Target } from '../../infra/local/demo/traffic.ts';
import { currentShares, untilDecided, untilFollowed, untilHealthy } from '../../infra/local/demo/watch.ts';
import { ANY_PORTS, readHost, readPorts } from '../../infra/local/ports.ts';
import { FLEET, seed } from '../../infra/local/seed.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { startScheduler } from '../../infra/local/worker.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Route } from '../../schemas/route.ts';

type Provider = GatewayTarget['provider'];

const directory = mkdtempSync(join(tmpdir(), 'fairlead-stack-'));

afterAll(() => rmSync(directory, { recursive: true }));

describe('a stack with the demo fleet', () => {
  let stack: Stack;
  let scheduler: { stop(): void } | undefined;

  const start = () => startStack({ ports: ANY_PORTS, token: 'a-token-for-tests', directory, persist: true });
  const shop = (provider: Provider, headers: Record<string, string> = {}): Target => ({
    url: stack.gateways[provider].url,
    headers: { host: 'shop.example.com', ...headers },
    timeoutMs: 3000,
  });

  beforeAll(async () => {
    stack = await start();
    await seed(stack.api, Object.values(stack.gateways), stack.clusters);
    const health = { intervalSeconds: 1, timeoutSeconds: 1, dwellSeconds: 1, failureThreshold: 2, successThreshold: 2 };
    const body = { automation: 'automatic', health, failover: { cooldownSeconds: 1 } };
    await callApi(stack.api, 'PUT', FLEET, { body, headers: { 'if-match': '*' } });
    scheduler = startScheduler(stack.worker);
  });

  afterAll(async () => {
    scheduler?.stop();
    await stack?.close();
  });

  describe.each<Provider>(['alb', 'mse'])('through %s', (provider) => {
    test('the gateway splits real traffic as declared, within 3 points', async () => {
      const answers = await measure(shop(provider), 1000);
      expect(Object.keys(answers).toSorted()).toEqual(['hangzhou-a', 'hangzhou-b']);
      expect(Math.abs((answers['hangzhou-a'] ?? 0) - 600)).toBeLessThanOrEqual(30);
    });

    test('a pinned header reaches its cluster every time', async () => {
      expect(await measure(shop(provider, { 'x-cluster': 'hangzhou-b' }), 100)).toEqual({ 'hangzhou-b': 100 });
    });

    test('active/standby serves from the first tier only', async () => {
      const target = { ...shop(provider), headers: { host: 'ledger.example.com' } };
      expect(await measure(target, 50)).toEqual({ 'hangzhou-a': 50 });
    });
  });

  test('a failing cluster loses its share everywhere, rules stay untouched, and the share returns with its recovery', async () => {
    const [cluster] = stack.clusters;
    if (cluster === undefined) throw new Error('There is no cluster.');
    const followed = async ({ decidedAt }: Decision) => {
      const names = Object.values(stack.gateways).map(({ name }) => name);
      await Promise.all(names.map((name) => untilFollowed(stack.api, name, Date.parse(decidedAt))));
    };
    await untilHealthy(stack.api, cluster.name);
    const rules = structuredClone([stack.cloud.state.rules, routesOf(stack)]);
    stack.cloud.log.clear();

    let sinceMs = Date.now();
    await cluster.fail('refuse');
    await followed(await untilDecided(stack.api, { action: 'withdraw', cluster: cluster.name, sinceMs }));
    expect(await currentShares(stack.api)).toEqual({ 'hangzhou-a': 0, 'hangzhou-b': 100 });
    expect(await measure(shop('alb'), 200)).toEqual({ 'hangzhou-b': 200 });
    expect(await measure(shop('mse'), 200)).toEqual({ 'hangzhou-b': 200 });

    sinceMs = Date.now();
    await cluster.recover();
    await followed(await untilDecided(stack.api, { action: 'restore', cluster: cluster.name, sinceMs }));
    expect(await currentShares(stack.api)).toEqual({ 'hangzhou-a': 60, 'hangzhou-b': 40 });

    expect([stack.cloud.state.rules, routesOf(stack)]).toEqual(rules);
    const written = stack.cloud.log.entries.filter((entry) => entry.kind === 'write').map((entry) => entry.action);
    expect(new Set(written)).toEqual(new Set(['UpdateServerGroupServersAttribute', 'UpdateGatewayService']));
  });

  test('a restart loses neither what was declared nor what the gateway has', async () => {
    const route = await callApi<Route>(stack.api, 'GET', `${FLEET}/routes/shop`);
    const targets = Object.values(stack.gateways).map(({ target }) => target);
    const routes = structuredClone(routesOf(stack));
    scheduler?.stop();
    await stack.close();
    stack = await start();
    expect(Object.values(stack.gateways).map(({ target }) => target)).toEqual(targets);
    expect(await callApi<Route>(stack.api, 'GET', `${FLEET}/routes/shop`)).toEqual(route);
    expect(stack.cloud.state.rules.size).toBeGreaterThan(0);
    expect(routesOf(stack)).toEqual(routes);
    // The clusters have new ports, which is said anew.
    await seed(stack.api, Object.values(stack.gateways), stack.clusters);
    expect(await measure(shop('alb', { 'x-cluster': 'hangzhou-b' }), 20)).toEqual({ 'hangzhou-b': 20 });
    expect(await measure(shop('mse', { 'x-cluster': 'hangzhou-b' }), 20)).toEqual({ 'hangzhou-b': 20 });
  });
});

/** What the gateway of MSE has. */
function routesOf({ cloud }: Stack) {
  return [...cloud.mse.gateways.values()].map(({ routes }) => routes);
}

describe('what is in the way is said before anything starts', () => {
  let server: Server;
  let taken: number;

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server has no address.');
    taken = address.port;
  });

  afterAll(() => server.close());

  test('a port in use is named, with what listens there and the variable that changes it', async () => {
    const stack = startStack({ ports: { ...ANY_PORTS, gateway: taken }, token: 'unused', directory, persist: false });
    const listener = process.platform === 'linux' ? `by .+ \\(pid ${process.pid}\\): stop it` : '.*';
    await expect(stack).rejects.toThrow(
      new RegExp(`^Port ${taken} is in use ${listener}, or set FAIRLEAD_GATEWAY_PORT to another port\\.$`),
    );
  });

  test('an address that this machine does not have is named', async () => {
    // Kept for documentation (RFC 5737).
    const options = {
      host: '192.0.2.1',
      ports: { ...ANY_PORTS, api: taken },
      token: 'unused',
      directory,
      persist: false,
    };
    await expect(startStack(options)).rejects.toThrow(
      'FAIRLEAD_HOST is 192.0.2.1, which is not an address of this machine.',
    );
  });

  test.each(['', 'localhost', '::1', '127.0.0.1:80', '256.0.0.1'])('an address setting %j is refused', (value) => {
    expect(() => readHost({ FAIRLEAD_HOST: value })).toThrow('FAIRLEAD_HOST must be an IPv4 address');
  });

  test('two parts cannot have one port', async () => {
    const ports = { ...ANY_PORTS, api: 65_001, cloud: 65_001 };
    const stack = startStack({ ports, token: 'unused', directory, persist: false });
    await expect(stack).rejects.toThrow('FAIRLEAD_CLOUD_PORT and FAIRLEAD_API_PORT are both 65001');
  });

  test('a DynamoDB that does not answer is named', async () => {
    const dynamoEndpoint = `http://127.0.0.1:${taken}`;
    server.on('connection', (socket) => socket.destroy());
    const stack = startStack({ ports: ANY_PORTS, token: 'unused', directory, persist: false, dynamoEndpoint });
    await expect(stack).rejects.toThrow(`The DynamoDB at DYNAMODB_ENDPOINT (${dynamoEndpoint}) cannot be used`);
  });

  test.each(['', 'abc', '0', '65536', '8787 '])('a port setting %j is refused', (value) => {
    expect(() => readPorts({ FAIRLEAD_API_PORT: value })).toThrow('FAIRLEAD_API_PORT must be a port');
  });
});
