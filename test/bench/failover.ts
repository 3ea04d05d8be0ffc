import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireHaproxy } from '../../infra/haproxy.ts';
import { callApi } from '../../infra/local/client.ts';
import { send, startTraffic, type Target, type Traffic } from '../../infra/local/demo/traffic.ts';
import { untilDecided, untilFollowed, untilHealthy } from '../../infra/local/demo/watch.ts';
import type { DemoCluster } from '../../infra/local/demo-cluster.ts';
import { ANY_PORTS } from '../../infra/local/ports.ts';
import { FLEET, seed } from '../../infra/local/seed.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import { startScheduler } from '../../infra/local/worker.ts';
import type { Service } from '../../schemas/service.ts';
import { HAPROXY_CHECK, type Haproxy, startHaproxy } from './haproxy.ts';
import { type Kill, killOf, PROVIDERS, type Provider, resultsOf } from './kill.ts';

const REQUESTS_PER_SECOND = 20;
const TIMEOUT_MS = 3000;
/** Intervals of the probes in seconds. HAProxy is configured equally beside each. */
const INTERVALS = [2, 5];
/** Interval of the probes in seconds while the cluster returns, which is not measured. */
const RECOVERY_INTERVAL = 1;
/**
 * Seconds from a failed probe to the next one. This is shorter than the default, for people who would rather move once
 * too often than lose requests.
 */
const CONFIRM_SECONDS = 0.5;
/**
 * The loss counts as over when this many requests in a row were answered, of which every second one would have gone to
 * the dead cluster.
 */
const CALM_REQUESTS = 30;
const CALM_WITHIN_MS = 30_000;

type Case = { intervalSeconds: number } & ReturnType<typeof resultsOf>[number];

interface World {
  stack: Stack;
  cluster: DemoCluster;
  doors: Record<Provider | 'haproxy', Target>;
}

/**
 * Kills a cluster again and again, so that it refuses connections, with the same traffic through both gateways and
 * through an HAProxy in front of the same clusters. Measures the time from the first failed request to verified shares,
 * and the requests lost beside those that HAProxy loses of the same failure. The gateways check their servers with the
 * default settings of a service.
 */
export async function failover({ kills = 10, intervals = INTERVALS } = {}) {
  requireHaproxy();
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // The files are removed even when the process is told to end in the middle.
  process.once('exit', remove);
  const closers: (() => Promise<void> | void)[] = [remove];
  try {
    const stack = await startStack({ ports: ANY_PORTS, token: randomUUID(), directory, persist: false });
    closers.push(stack.close);
    const [dying, other] = stack.clusters;
    if (dying === undefined || other === undefined) throw new Error('The demo fleet has two clusters.');
    const haproxy = await startHaproxy(directory, [
      { cluster: dying, weight: 60 },
      { cluster: other, weight: 40 },
    ]);
    closers.push(haproxy.close);
    await seed(stack);
    const gatewayCheck = await useDefaultCheck(stack);
    closers.push(startScheduler(stack.worker).stop);
    const world = { stack, cluster: dying, doors: doorsOf(stack, haproxy) };
    const cases: Case[] = [];
    for (const intervalSeconds of intervals) cases.push(...(await measure(world, intervalSeconds, kills)));
    return {
      ...{ failure: 'refuse', kills, requestsPerSecond: REQUESTS_PER_SECOND, loadPerCore: loadPerCore() },
      haproxy: { version: haproxy.version, check: HAPROXY_CHECK },
      confirmSeconds: CONFIRM_SECONDS,
      ...{ gatewayCheck, cases },
    };
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

/** Above 1 the machine has too much to do, and the measurement shows the machine rather than the product. */
function loadPerCore(): number {
  const [lastMinute = Number.NaN] = loadavg();
  return Number((lastMinute / availableParallelism()).toFixed(1));
}

function doorsOf({ gateways }: Stack, haproxy: Haproxy): World['doors'] {
  const door = ({ url }: { url: string }) => ({ url, headers: { host: 'shop.example.com' }, timeoutMs: TIMEOUT_MS });
  return { alb: door(gateways.alb), mse: door(gateways.mse), haproxy: door(haproxy) };
}

async function measure(world: World, intervalSeconds: number, count: number): Promise<Case[]> {
  const kills: Kill[] = [];
  for (let round = 0; round < count; round++) {
    await setProbes(world.stack, RECOVERY_INTERVAL);
    await world.cluster.recover();
    await untilServing(world);
    await setProbes(world.stack, intervalSeconds);
    const kill = await killOnce(world, intervalSeconds);
    kills.push(kill);
    const { alb, mse } = kill.gateways;
    const lost = `ALB ${alb.lost}, MSE ${mse.lost}, HAProxy ${kill.haproxy.lost}`;
    console.error(`Probes every ${intervalSeconds} s, kill ${round + 1} of ${count}: lost ${lost}.`);
  }
  return resultsOf(kills).map((result) => ({ intervalSeconds, ...result }));
}

/** Waits until the cluster is known to be healthy and has its share at every door. */
async function untilServing({ stack, cluster, doors }: World): Promise<void> {
  await untilHealthy(stack.api, cluster.name);
  for (const door of Object.values(doors)) while ((await send(door)).cluster !== cluster.name) await sleep(50);
}

async function killOnce({ stack, cluster, doors }: World, intervalSeconds: number): Promise<Kill> {
  const streams = Object.entries(doors).map(
    ([name, door]) => [name, startTraffic([door], REQUESTS_PER_SECOND)] as const,
  );
  const traffic = Object.fromEntries(streams) as Record<Provider | 'haproxy', Traffic>;
  try {
    // The next kill waits until the prober has taken up this interval, and then falls at a random time between two
    // rounds and between two checks of HAProxy.
    await sleep((RECOVERY_INTERVAL + (1 + Math.random()) * intervalSeconds) * 1000);
    const failedAtMs = Date.now();
    await cluster.fail('refuse');
    const asked = { action: 'withdraw', cluster: cluster.name, sinceMs: failedAtMs } as const;
    const decidedAtMs = Date.parse((await untilDecided(stack.api, asked)).decidedAt);
    const followed = PROVIDERS.map((provider) => untilFollowed(stack.api, stack.gateways[provider].name, decidedAtMs));
    const [alb = Number.NaN, mse = Number.NaN] = await Promise.all(followed);
    for (const stream of Object.values(traffic)) await untilCalm(stream);
    await Promise.all(Object.values(traffic).map((stream) => stream.stop()));
    const samples = { alb: traffic.alb.samples, mse: traffic.mse.samples, haproxy: traffic.haproxy.samples };
    return killOf({ failedAtMs, decidedAtMs, verifiedAtMs: { alb, mse }, samples });
  } finally {
    await Promise.all(Object.values(traffic).map((stream) => stream.stop()));
  }
}

async function untilCalm({ samples }: Traffic): Promise<void> {
  const seen = samples.length;
  const deadline = Date.now() + CALM_WITHIN_MS;
  const isCalm = () =>
    samples.length >= seen + CALM_REQUESTS &&
    samples.slice(-CALM_REQUESTS).every(({ failure }) => failure === undefined);
  while (!isCalm()) {
    if (Date.now() > deadline) {
      const late = `Requests still fail ${CALM_WITHIN_MS / 1000} s after a dead cluster was left`;
      throw new Error(`${late}: the machine is too busy to measure (its load is ${loadPerCore()} for each core).`);
    }
    await sleep(50);
  }
}

/** Lets the fleet lose a cluster again as soon as that cluster has returned. */
async function setProbes({ api }: Stack, intervalSeconds: number): Promise<void> {
  const health = { intervalSeconds, confirmSeconds: CONFIRM_SECONDS, recoveryWindow: 5, dwellSeconds: 0 };
  const body = { automation: 'automatic', health, failover: { cooldownSeconds: 0 } };
  await callApi(api, 'PUT', FLEET, { body, headers: { 'if-match': '*' } });
}

/** Resets the gateway's own check of the service to its default, and returns that default. */
async function useDefaultCheck({ api, gateways }: Stack) {
  const path = `${FLEET}/services/checkout`;
  const { namespace, ports, exports } = await callApi<Service>(api, 'GET', path);
  const askedMs = Date.now();
  const body = { namespace, ports, exports };
  const { healthCheck } = await callApi<Service>(api, 'PUT', path, { body, headers: { 'if-match': '*' } });
  for (const provider of PROVIDERS) {
    const gateway = gateways[provider].name;
    await callApi(api, 'POST', `${FLEET}/gateways/${gateway}/apply`);
    await untilFollowed(api, gateway, askedMs);
  }
  return healthCheck;
}
