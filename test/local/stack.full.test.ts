import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import { exampleFile, readWorkflow, runShell, stepOf } from './examples.ts';

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

  describe('the examples do what they say', () => {
    test('curl: a cluster, a service and a route are declared, and requests through the gateway reach the cluster', async () => {
      const [, cluster] = stack.clusters;
      if (cluster === undefined) throw new Error('There is no second cluster.');
      const env = {
        FAIRLEAD_URL: stack.api.url,
        FAIRLEAD_TOKEN: stack.api.token,
        CLUSTER_ADDRESS: cluster.address.host,
        CLUSTER_PORT: String(cluster.address.port),
      };
      const script = `bash ${exampleFile('curl/declare-route.sh')}`;
      for (const _ of ['first', 'again']) {
        const { status, output } = await runShell(script, directory, env);
        expect(status, output).toBe(0);
        expect(output).toContain('Verified routes/curl-example.');
        expect(output).toContain('{"cluster":"curl-example","wantedPercent":100,"verifiedPercent":100}');
      }
      const target = { ...shop('alb'), headers: { host: 'curl.example.com' } };
      expect(await measure(target, 20)).toEqual({ [cluster.name]: 20 });
      const refused = await runShell(script, directory, { ...env, CLUSTER_PORT: '0' });
      expect(refused.status).not.toBe(0);
      expect(refused.output).toContain('#/ingress/endpoints/0/port');
    });

    test('GitHub: a manifest is planned, applied by the digest of its plan, and refused by another one', async () => {
      const workflow = readWorkflow();
      const folder = join(directory, 'checkout');
      mkdirSync(folder);
      const run = async (step: string, environment: Record<string, string> = {}) =>
        await runShell(stepOf(workflow, step), folder, {
          FAIRLEAD_TOKEN: stack.api.token,
          MANIFEST_URL: `${stack.api.url}${FLEET}/manifest`,
          GITHUB_OUTPUT: join(folder, 'output'),
          GITHUB_STEP_SUMMARY: join(folder, 'summary'),
          GITHUB_SHA: 'abc123',
          ...environment,
        });
      const exported = await fetch(`${stack.api.url}${FLEET}/manifest`, {
        headers: { authorization: `Bearer ${stack.api.token}` },
      });
      writeFileSync(join(folder, 'fleet.yaml'), await exported.text());
      appendFileSync(join(folder, 'fleet.yaml'), CATALOG);

      const planned = await run('Plan');
      expect(planned.status, planned.output).toBe(0);
      expect(readFileSync(join(folder, 'summary'), 'utf8')).toContain('- create route `catalog`');
      const [, digest = ''] = /^digest=([0-9a-f]{64})$/m.exec(readFileSync(join(folder, 'output'), 'utf8')) ?? [];

      const stale = await run('Apply', { DIGEST: digest.replace(/^./, (first) => (first === '0' ? '1' : '0')) });
      expect(stale.status).not.toBe(0);
      expect(stale.output).toContain('"code":"stale-plan"');

      for (const step of ['Apply', 'Wait until gateways follow']) {
        const { status, output } = await run(step, { DIGEST: digest });
        expect(status, output).toBe(0);
      }
      expect(await measure({ ...shop('alb'), headers: { host: 'catalog.example.com' } }, 20)).toEqual({
        'hangzhou-a': expect.any(Number),
        'hangzhou-b': expect.any(Number),
      });
    });
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

/** A route that the demo fleet does not have yet. */
const CATALOG = `---
apiVersion: fairlead.dev/v1
kind: Route
metadata: { name: catalog }
spec:
  gateways: [edge]
  hostnames: [catalog.example.com]
  rules: [{ backendRefs: [{ service: checkout, port: 80 }] }]
  distribution: { strategy: weighted, clusters: [{ cluster: hangzhou-a }, { cluster: hangzhou-b }] }
`;

/** Returns the routes of the gateway of MSE. */
function routesOf({ cloud }: Stack) {
  return [...cloud.mse.gateways.values()].map(({ routes }) => routes);
}
