/**
 * Shows a failover from end to end, with real traffic:
 * `npm run demo -- [--failure refuse|hang|brownout] [--provider alb|mse] [--json]`.
 */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Decision } from '../../schemas/decision.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { usageOf } from '../scripts.ts';
import { describe, type Facts, shortcomings, summarize } from './demo/summary.ts';
import { startTimeline, type Timeline } from './demo/timeline.ts';
import { measure, startTraffic, type Target } from './demo/traffic.ts';
import { currentShares, untilDecided, untilFollowed, untilHealthy } from './demo/watch.ts';
import type { DemoCluster, FailureMode } from './demo-cluster.ts';
import { ANY_PORTS } from './ports.ts';
import { runProgram } from './program.ts';
import { seed } from './seed.ts';
import { type LocalGateway, type Stack, startStack } from './stack.ts';
import { startScheduler } from './worker.ts';

const FAILURES: readonly FailureMode[] = ['refuse', 'hang', 'brownout'];
const PROVIDERS: readonly Provider[] = ['alb', 'mse'];

const REQUESTS_PER_SECOND = 60;
const TIMEOUT_MS = 3000;
/** Traffic before the failure and after the recovery, and traffic that shows that the switch holds. */
const CALM_MS = 2000;
const PROOF_MS = 5000;

type Provider = GatewayTarget['provider'];

interface Options {
  failure: FailureMode;
  provider: Provider;
  json: boolean;
}

function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        failure: { type: 'string', default: 'refuse' },
        provider: { type: 'string', default: 'alb' },
        json: { type: 'boolean', default: false },
      },
    });
    const failure = FAILURES.find((mode) => mode === values.failure);
    const provider = PROVIDERS.find((kind) => kind === values.provider);
    if (failure === undefined || provider === undefined) throw new Error(usageOf('demo'));
    return { failure, provider, json: values.json };
  } catch {
    throw new Error(usageOf('demo'));
  }
}

function shop({ url }: LocalGateway, headers: Record<string, string> = {}): Target {
  return { url, headers: { host: 'shop.example.com', ...headers }, timeoutMs: TIMEOUT_MS };
}

async function watchFailover(stack: Stack, { failure, provider }: Options): Promise<Facts> {
  const [failing, other] = stack.clusters;
  if (failing === undefined || other === undefined) throw new Error('The demo needs two clusters.');
  const names = [failing.name, other.name];
  const gateway = stack.gateways[provider];
  for (const name of names) await untilHealthy(stack.api, name);
  console.error('Both clusters are healthy; 1,000 requests show the split, 100 the pinned cluster.');
  const observedBefore = await measure(shop(gateway), 1000);
  const pinned = { hit: (await measure(shop(gateway, { 'x-cluster': other.name }), 100))[other.name] ?? 0, of: 100 };
  const sharesBefore = await currentShares(stack.api);

  const traffic = startTraffic(shop(gateway), REQUESTS_PER_SECOND);
  const timeline = startTimeline(traffic, stack.cloud, names);
  try {
    await sleep(CALM_MS);
    const failover = await fail({ stack, gateway, cluster: failing, timeline }, failure);
    await sleep(PROOF_MS);
    const recovery = await recover({ stack, gateway, cluster: failing, timeline });
    await sleep(CALM_MS);
    await traffic.stop();
    const seen = { samples: traffic.samples, calls: stack.cloud.log.entries };
    return { provider, failure, ...seen, observedBefore, pinned, sharesBefore, ...failover, ...recovery };
  } finally {
    timeline.stop();
    await traffic.stop();
  }
}

interface Scene {
  stack: Stack;
  gateway: LocalGateway;
  cluster: DemoCluster;
  timeline: Timeline;
}

async function fail({ stack: { api }, gateway, cluster, timeline }: Scene, failure: FailureMode) {
  const failedAtMs = Date.now();
  await cluster.fail(failure);
  timeline.event(`${cluster.name} fails: ${failure}`);
  const decision = await untilDecided(api, { action: 'withdraw', cluster: cluster.name, sinceMs: failedAtMs });
  const withdrawnAtMs = Date.parse(decision.decidedAt);
  timeline.event(`decided: ${reasonsOf(decision)}`);
  const switchedAtMs = await untilFollowed(api, gateway.name, withdrawnAtMs);
  const sharesDuring = await currentShares(api);
  timeline.event('the gateway is verified to follow');
  return { failedAtMs, withdrawnAtMs, switchedAtMs, sharesDuring };
}

async function recover({ stack: { api }, gateway, cluster, timeline }: Scene) {
  const recoveredAtMs = Date.now();
  await cluster.recover();
  timeline.event(`${cluster.name} recovers`);
  const decision = await untilDecided(api, { action: 'restore', cluster: cluster.name, sinceMs: recoveredAtMs });
  timeline.event(`decided: ${reasonsOf(decision)}`);
  const returnedAtMs = await untilFollowed(api, gateway.name, Date.parse(decision.decidedAt));
  const sharesAfter = await currentShares(api);
  timeline.event('the declared shares are verified');
  return { recoveredAtMs, returnedAtMs, sharesAfter };
}

function reasonsOf({ changes }: Decision): string {
  return changes.map(({ action, cluster, reason }) => `${action} ${cluster} (${reason})`).join('; ');
}

await runProgram(async (program) => {
  const options = readOptions(process.argv.slice(2));
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-demo-'));
  process.once('exit', (code) => {
    if (code === 1) console.error(`Logs are in ${directory}.`);
    else rmSync(directory, { recursive: true, force: true });
  });
  const report = console.error;
  const stack = await startStack({ ports: ANY_PORTS, token: randomUUID(), directory, persist: false, report });
  program.onClose(stack.close);
  await Promise.race([seed(stack.api, Object.values(stack.gateways), stack.clusters, report), stack.failed]);
  const scheduler = startScheduler(stack.worker);
  program.onClose(scheduler.stop);

  const summary = summarize(await Promise.race([watchFailover(stack, options), stack.failed]));
  const say = options.json ? console.error : console.log;
  say(`\n${describe(summary)}`);
  if (options.json) console.log(JSON.stringify(summary));
  const faults = shortcomings(summary);
  if (faults.length > 0) throw new Error(`The demo fails: ${faults.join(' ')}`);
});
