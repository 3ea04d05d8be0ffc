import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callApi } from '../../infra/local/client.ts';
import { type Sample, send, startTraffic } from '../../infra/local/demo/traffic.ts';
import { untilDecided, untilFollowed, untilHealthy } from '../../infra/local/demo/watch.ts';
import { ANY_PORTS } from '../../infra/local/ports.ts';
import { FLEET, seed } from '../../infra/local/seed.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { startScheduler } from '../../infra/local/worker.ts';
import type { Service } from '../../schemas/service.ts';

const RUNS = 10;
const REQUESTS_PER_SECOND = 30;
const TIMEOUT_MS = 3000;
const PROVIDERS = ['alb', 'mse'] as const;

/** Of the gateway itself: every two seconds, or so seldom that it plays no part. */
const GATEWAY_CHECKS = {
  with: { type: 'http', path: '/healthz', method: 'GET' },
  without: { type: 'tcp', intervalSeconds: 50, unhealthyThreshold: 10 },
};

interface Run {
  verifiedMs: number;
  lost: number;
}

/**
 * A cluster that refuses connections, again and again, behind both gateways at once and with real traffic: the time from the first refused
 * connection to verified shares, and the requests lost in all, as medians over the runs. `intervalSeconds` is that of the probes.
 */
export async function failover(): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const stack = await startStack({ ports: ANY_PORTS, token: randomUUID(), directory, persist: false });
  try {
    await seed(stack.api, Object.values(stack.gateways), stack.clusters);
    const scheduler = startScheduler(stack.worker);
    const cases: Record<string, unknown>[] = [];
    for (const intervalSeconds of [5, 2]) {
      await setProbes(stack, intervalSeconds);
      for (const gatewayCheck of ['with', 'without'] as const) {
        await setGatewayCheck(stack, gatewayCheck);
        cases.push(...(await measured(stack, { intervalSeconds, gatewayCheck })));
      }
    }
    scheduler.stop();
    return { runs: RUNS, requestsPerSecond: REQUESTS_PER_SECOND, cases };
  } finally {
    await stack.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measured(stack: Stack, options: { intervalSeconds: number; gatewayCheck: 'with' | 'without' }) {
  const runs: Record<(typeof PROVIDERS)[number], Run>[] = [];
  for (let run = 0; run < RUNS; run++) {
    runs.push(await runOnce(stack));
    console.error(
      `probes every ${options.intervalSeconds} s, ${options.gatewayCheck} gateway checks: ${run + 1}/${RUNS}`,
    );
  }
  return PROVIDERS.map((provider) => {
    const own = runs.map((run) => run[provider]);
    const times = own.map(({ verifiedMs }) => verifiedMs);
    const lost = own.map((run) => run.lost);
    return {
      provider,
      ...options,
      verifiedMs: { median: median(times), max: Math.max(...times) },
      lost: { median: median(lost), max: Math.max(...lost) },
    };
  });
}

async function runOnce(stack: Stack): Promise<Record<(typeof PROVIDERS)[number], Run>> {
  const [cluster] = stack.clusters;
  if (cluster === undefined) throw new Error('There is a cluster to fail.');
  await untilHealthy(stack.api, cluster.name);
  const traffic = PROVIDERS.map((provider) => startTraffic(shop(stack, provider), REQUESTS_PER_SECOND));
  try {
    await sleep(1000 + Math.random() * 2000);
    const failedAtMs = Date.now();
    await cluster.fail('refuse');
    const { decidedAt } = await untilDecided(stack.api, {
      action: 'withdraw',
      cluster: cluster.name,
      sinceMs: failedAtMs,
    });
    const verified = await Promise.all(
      PROVIDERS.map((provider) => untilFollowed(stack.api, stack.gateways[provider].name, Date.parse(decidedAt))),
    );
    await sleep(1000);
    const [alb, mse] = await Promise.all(
      traffic.map(async (stream, index) => {
        await stream.stop();
        return runOf(stream.samples, failedAtMs, verified[index] ?? Number.NaN);
      }),
    );
    if (alb === undefined || mse === undefined) throw new Error('Both gateways have traffic.');
    return { alb, mse };
  } finally {
    await Promise.all(traffic.map((stream) => stream.stop()));
    await recover(stack);
  }
}

function runOf(samples: readonly Sample[], failedAtMs: number, verifiedAtMs: number): Run {
  const lost = samples.filter(({ failure, endedMs }) => failure !== undefined && endedMs >= failedAtMs);
  const firstMs = Math.min(...lost.map(({ startedMs }) => Math.max(startedMs, failedAtMs)), verifiedAtMs);
  return { verifiedMs: verifiedAtMs - firstMs, lost: lost.length };
}

function shop({ gateways }: Stack, provider: (typeof PROVIDERS)[number]) {
  return { url: gateways[provider].url, headers: { host: 'shop.example.com' }, timeoutMs: TIMEOUT_MS };
}

/** Until the cluster serves again behind both gateways. */
async function recover(stack: Stack): Promise<void> {
  const [cluster] = stack.clusters;
  const sinceMs = Date.now();
  await cluster?.recover();
  const name = cluster?.name ?? '';
  const { decidedAt } = await untilDecided(stack.api, { action: 'restore', cluster: name, sinceMs });
  for (const provider of PROVIDERS) {
    await untilFollowed(stack.api, stack.gateways[provider].name, Date.parse(decidedAt));
    while ((await send(shop(stack, provider))).cluster !== name) await sleep(50);
  }
}

async function setProbes(stack: Stack, intervalSeconds: number): Promise<void> {
  await callApi(stack.api, 'PUT', FLEET, {
    body: {
      automation: 'automatic',
      health: {
        intervalSeconds,
        timeoutSeconds: 1,
        confirmSeconds: 1,
        failureThreshold: 3,
        successThreshold: 3,
        dwellSeconds: 0,
      },
      failover: { cooldownSeconds: 0 },
    },
    headers: { 'if-match': '*' },
  });
}

async function setGatewayCheck(stack: Stack, name: keyof typeof GATEWAY_CHECKS): Promise<void> {
  const path = `${FLEET}/services/checkout`;
  const { namespace, ports, exports } = await callApi<Service>(stack.api, 'GET', path);
  const body = { namespace, ports, exports, healthCheck: GATEWAY_CHECKS[name] };
  await callApi(stack.api, 'PUT', path, { body, headers: { 'if-match': '*' } });
  const asked = Date.now();
  for (const provider of PROVIDERS) {
    const gateway = stack.gateways[provider].name;
    await callApi(stack.api, 'POST', `${FLEET}/gateways/${gateway}/apply`);
    await untilFollowed(stack.api, gateway, asked);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
