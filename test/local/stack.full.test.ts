import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi } from '../../infra/local/client.ts';
import { measure, type Target } from '../../infra/local/demo/traffic.ts';
import { currentShares, untilDecided, untilFollowed, untilHealthy } from '../../infra/local/demo/watch.ts';
import { ANY_PORTS } from '../../infra/local/ports.ts';
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
    await seed(stack);
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
    const declared = async () => {
      const { conditions: _, parents: __, ...rest } = await callApi<Route>(stack.api, 'GET', `${FLEET}/routes/shop`);
      return rest;
    };
    const route = await declared();
    const targets = Object.values(stack.gateways).map(({ target }) => target);
    const routes = structuredClone(routesOf(stack));
    scheduler?.stop();
    await stack.close();
    stack = await start();
    expect(Object.values(stack.gateways).map(({ target }) => target)).toEqual(targets);
    expect(await declared()).toEqual(route);
    expect(stack.cloud.state.rules.size).toBeGreaterThan(0);
    expect(routesOf(stack)).toEqual(routes);
    // The clusters have new ports, which is said anew.
    await seed(stack);
    expect(await measure(shop('alb', { 'x-cluster': 'hangzhou-b' }), 20)).toEqual({ 'hangzhou-b': 20 });
    expect(await measure(shop('mse', { 'x-cluster': 'hangzhou-b' }), 20)).toEqual({ 'hangzhou-b': 20 });
  });
});

/** What the gateway of MSE has. */
function routesOf({ cloud }: Stack) {
  return [...cloud.mse.gateways.values()].map(({ routes }) => routes);
}
