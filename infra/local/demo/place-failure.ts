import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayTarget } from '../../../schemas/gateway.ts';
import { clustersAt } from '../estates/estate.ts';
import type { Stack } from '../stack.ts';
import {
  describePlaces,
  type Lost,
  type PlaceFacts,
  placeShortcomings,
  type Seen,
  summarizePlaces,
} from './place-summary.ts';
import { CALM_MS, PROOF_MS, REQUESTS_PER_SECOND, type Report, TIMEOUT_MS } from './report.ts';
import { startTimeline, type Timeline } from './timeline.ts';
import { measure, startTraffic, type Target } from './traffic.ts';
import { untilDecided, untilFollowed, untilHealthy } from './watch.ts';

/** The name of the site and of the city of the estate that fail. */
const PLACES: Record<Lost, string> = { site: 'hangzhou-a', city: 'hangzhou' };

const PROVIDERS: readonly GatewayTarget['provider'][] = ['alb', 'mse'];
const ROUTES = ['shop', 'ledger', 'catalog'] as const;
const REQUESTS_PER_DOOR = 200;

/** Shows how a whole site or city is lost at once, under traffic to every route through both gateways, and recovers. */
export async function showPlaceFailure(stack: Stack, lost: Lost): Promise<Report> {
  const summary = summarizePlaces(await watchPlaceFailure(stack, lost));
  return { summary, text: describePlaces(summary), faults: placeShortcomings(summary) };
}

/** A route at a gateway, as clients reach it. */
interface Door {
  provider: GatewayTarget['provider'];
  route: (typeof ROUTES)[number];
  target: Target;
}

async function watchPlaceFailure(stack: Stack, lost: Lost): Promise<PlaceFacts> {
  const names = stack.clusters.map(({ name }) => name);
  for (const name of names) await untilHealthy(stack.api, name);
  const doors = doorsOf(stack);
  console.error(
    `All clusters are healthy; ${REQUESTS_PER_DOOR} requests to each route at each gateway show the split.`,
  );
  const before = await observe(doors);
  const targets = doors.map(({ target }) => target);
  const traffic = startTraffic(targets, REQUESTS_PER_SECOND);
  const timeline = startTimeline(traffic, stack.cloud, names);
  try {
    await sleep(CALM_MS);
    const scene = { stack, lost, timeline };
    const failover = await lose(scene);
    await sleep(PROOF_MS);
    const during = await observe(doors);
    const recovery = await regain(scene);
    const after = await observe(doors);
    await sleep(CALM_MS);
    await traffic.stop();
    return { failure: lost, samples: traffic.samples, before, during, after, ...failover, ...recovery };
  } finally {
    timeline.stop();
    await traffic.stop();
  }
}

function doorsOf({ gateways }: Stack): Door[] {
  return PROVIDERS.flatMap((provider) =>
    ROUTES.map((route) => {
      const target = { url: gateways[provider].url, headers: { host: `${route}.example.com` }, timeoutMs: TIMEOUT_MS };
      return { provider, route, target };
    }),
  );
}

async function observe(doors: readonly Door[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const { provider, route, target } of doors) {
    seen.push({ provider, route, answers: await measure(target, REQUESTS_PER_DOOR) });
  }
  return seen;
}

interface Scene {
  stack: Stack;
  lost: Lost;
  timeline: Timeline;
}

async function lose({ stack, lost, timeline }: Scene) {
  const failing = clustersAt(stack.estate, stack.clusters, PLACES[lost]);
  const failedAtMs = Date.now();
  await Promise.all(failing.map((cluster) => cluster.fail('refuse')));
  timeline.event(`the ${lost} ${PLACES[lost]} is lost`);
  const switchedAtMs = await untilMoved(stack, 'withdraw', failing, failedAtMs);
  timeline.event('both gateways are verified to send nothing there');
  return { failedAtMs, switchedAtMs };
}

async function regain({ stack, lost, timeline }: Scene) {
  const failing = clustersAt(stack.estate, stack.clusters, PLACES[lost]);
  const recoveredAtMs = Date.now();
  await Promise.all(failing.map((cluster) => cluster.recover()));
  timeline.event(`the ${lost} ${PLACES[lost]} recovers`);
  const returnedAtMs = await untilMoved(stack, 'restore', failing, recoveredAtMs);
  timeline.event('both gateways are verified to have the declared shares');
  return { recoveredAtMs, returnedAtMs };
}

/**
 * Waits until both gateways are verified to follow the last of the decisions that withdraw, or restore, the clusters.
 * Resolves with that time, in milliseconds since the epoch.
 */
async function untilMoved(
  { api, gateways }: Stack,
  action: 'withdraw' | 'restore',
  clusters: readonly { name: string }[],
  sinceMs: number,
): Promise<number> {
  const decisions = await Promise.all(
    clusters.map(({ name }) => untilDecided(api, { action, cluster: name, sinceMs, withinSeconds: 180 })),
  );
  const decidedAtMs = Math.max(...decisions.map(({ decidedAt }) => Date.parse(decidedAt)));
  const followed = Object.values(gateways).map(({ name }) => untilFollowed(api, name, decidedAtMs));
  return Math.max(...(await Promise.all(followed)));
}
