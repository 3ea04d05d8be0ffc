import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { callApi } from '../../infra/local/client.ts';
import { ANY_PORTS } from '../../infra/local/ports.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { startWorker } from '../../infra/local/worker.ts';
import type { ObservationPage } from '../../schemas/cluster.ts';
import documentation from '../../schemas/openapi.json' with { type: 'json' };
import type { Operation } from '../../schemas/operation.ts';

/**
 * Protects what only workerd can show: the DynamoDB client, pop-core over fetch, sockets and the scheduled handler work
 * there.
 */

const FLEET = '/v1/fleets/smoke';
const directory = mkdtempSync(join(tmpdir(), 'fairlead-workerd-'));
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ ports: ANY_PORTS, token: 'a-token-for-tests', directory, persist: false });
});

afterAll(async () => {
  await stack?.close();
  rmSync(directory, { recursive: true });
});

const put = (path: string, body: object) => callApi(stack.api, 'PUT', path, { body });

async function declare(): Promise<void> {
  const [cluster] = stack.clusters;
  if (cluster === undefined) throw new Error('There is no cluster.');
  const { host, port } = cluster.address;
  await put(FLEET, { automation: 'automatic' });
  await put(`${FLEET}/clusters/one`, {
    kind: 'kubernetes',
    ingress: { endpoints: [{ address: host, port }] },
    probes: [
      { type: 'http', url: `http://${host}:${port}/healthz` },
      { type: 'tcp', host, port },
    ],
  });
  await put(`${FLEET}/gateways/edge`, { target: stack.gateways.alb.target });
  await put(`${FLEET}/services/web`, { ports: [{ name: 'http', port: 80 }], exports: [{ cluster: 'one' }] });
  await put(`${FLEET}/routes/web`, {
    gateways: ['edge'],
    hostnames: ['smoke.example.com'],
    rules: [{ backendRefs: [{ service: 'web', port: 80 }] }],
  });
}

test('health and document are served without a token, everything else needs one', async () => {
  const { url } = stack.api;
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect(await (await fetch(`${url}/openapi.json`)).json()).toEqual(documentation);
  expect((await fetch(`${url}/v1/fleets`)).status).toBe(401);
});

test('what is declared reaches the gateway and serves', async () => {
  await declare();
  await expect
    .poll(async () => await callApi<Operation>(stack.api, 'POST', `${FLEET}/gateways/edge/apply`), {
      timeout: 20_000,
    })
    .toMatchObject({ state: 'Succeeded' });
  expect(stack.cloud.state.rules.size).toBe(1);
});

test('the scheduled handler probes over HTTP and TCP', async () => {
  // The scheduled work goes on for a minute, but the Worker ends before that.
  const firing = stack.worker.scheduled().catch(() => 'stopped');
  const page = () => callApi<z.output<typeof ObservationPage>>(stack.api, 'GET', `${FLEET}/clusters/one/observations`);
  await expect.poll(async () => (await page()).items.length, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await page()).items[0]).toMatchObject({ outcome: 'ok', detail: 'http: status 200; tcp: connected' });
  expect(await Promise.race([firing, sleep(0, 'going on')])).toBe('going on');
});

test('without its settings the Worker serves nothing and tells no one why but its log', async () => {
  const worker = await startWorker({ settings: {}, logFile: join(directory, 'unset/worker.log') });
  try {
    const response = await fetch(`${worker.url}/v1/fleets`);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('API_TOKEN');
  } finally {
    await worker.close();
  }
});
