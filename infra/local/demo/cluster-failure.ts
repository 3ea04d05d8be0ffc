import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision } from '../../../schemas/decision.ts';
import type { GatewayTarget } from '../../../schemas/gateway.ts';
import type { DemoCluster, FailureMode } from '../demo-cluster.ts';
import type { LocalGateway, Stack } from '../stack.ts';
import { CALM_MS, PROOF_MS, REQUESTS_PER_SECOND, type Report, TIMEOUT_MS } from './report.ts';
import { describe, type Facts, shortcomings, summarize } from './summary.ts';
import { startTimeline, type Timeline } from './timeline.ts';
import { measure, startTraffic, type Target } from './traffic.ts';
import { currentShares, untilDecided, untilFollowed, untilHealthy } from './watch.ts';

export interface ClusterFailure {
  failure: FailureMode;
  provider: GatewayTarget['provider'];
}

/** Shows how the first of two clusters fails under traffic through one gateway, and recovers. */
export async function showClusterFailure(stack: Stack, options: ClusterFailure): Promise<Report> {
  const summary = summarize(await watchFailover(stack, options));
  return { summary, text: describe(summary), faults: shortcomings(summary) };
}

function shop({ url }: LocalGateway, headers: Record<string, string> = {}): Target {
  return { url, headers: { host: 'shop.example.com', ...headers }, timeoutMs: TIMEOUT_MS };
}

async function watchFailover(stack: Stack, { failure, provider }: ClusterFailure): Promise<Facts> {
  const [failing, other] = stack.clusters;
  if (failing === undefined || other === undefined) throw new Error('The demo needs two clusters.');
  const names = [failing.name, other.name];
  const gateway = stack.gateways[provider];
  for (const name of names) await untilHealthy(stack.api, name);
  console.error('Both clusters are healthy; 1,000 requests show the split, 100 the pinned cluster.');
  const observedBefore = await measure(shop(gateway), 1000);
  const pinned = { hit: (await measure(shop(gateway, { 'x-cluster': other.name }), 100))[other.name] ?? 0, of: 100 };
  const sharesBefore = await currentShares(stack.api);

  const traffic = startTraffic([shop(gateway)], REQUESTS_PER_SECOND);
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
