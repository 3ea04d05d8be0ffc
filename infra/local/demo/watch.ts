import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../../schemas/cluster.ts';
import type { Decision } from '../../../schemas/decision.ts';
import type { Gateway } from '../../../schemas/gateway.ts';
import type { Route } from '../../../schemas/route.ts';
import { type ApiClient, callApi } from '../client.ts';
import { FLEET } from '../seed.ts';
import type { Split } from './summary.ts';

const POLL_INTERVAL_MS = 200;

/** Returns the current percentages of the route `shop` by cluster, as the API shows them. */
export async function currentShares(api: ApiClient): Promise<Split> {
  const { shares } = await callApi<Route>(api, 'GET', `${FLEET}/routes/shop`);
  return Object.fromEntries((shares[0]?.clusters ?? []).map((share) => [share.cluster, share.effectivePercent]));
}

export async function untilHealthy(api: ApiClient, cluster: string): Promise<void> {
  await poll(`${cluster} to be healthy`, 60, async () => {
    const { health } = await callApi<Cluster>(api, 'GET', `${FLEET}/clusters/${cluster}`);
    return health.state === 'healthy' ? health : undefined;
  });
}

interface Move {
  action: 'withdraw' | 'restore';
  cluster: string;
  sinceMs: number;
  withinSeconds?: number;
}

/** Waits for a decision since `sinceMs` that withdraws or restores the cluster, and resolves with it. */
export async function untilDecided(
  api: ApiClient,
  { action, cluster, sinceMs, withinSeconds = 90 }: Move,
): Promise<Decision> {
  return await poll(`a decision to ${action} ${cluster}`, withinSeconds, async () => {
    const { items } = await callApi<{ items: Decision[] }>(api, 'GET', `${FLEET}/decisions?pageSize=20`);
    return items.find(
      ({ decidedAt, changes }) =>
        Date.parse(decidedAt) >= sinceMs &&
        changes.some((change) => change.cluster === cluster && change.action === action),
    );
  });
}

/**
 * Waits until the gateway is verified to follow a decision of that time. Resolves with the time of verification, in
 * milliseconds since the epoch.
 */
export async function untilFollowed(api: ApiClient, gateway: string, decidedAtMs: number): Promise<number> {
  return await poll(`the gateway ${gateway} to follow`, 60, async () => {
    const { sync } = await callApi<Gateway>(api, 'GET', `${FLEET}/gateways/${gateway}`);
    const verifiedAtMs = Date.parse(sync.verifiedAt ?? '');
    return sync.state === 'Verified' && verifiedAtMs >= decidedAtMs ? verifiedAtMs : undefined;
  });
}

async function poll<T>(what: string, withinSeconds: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + withinSeconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Waited ${withinSeconds} s in vain for ${what}.`);
    await sleep(POLL_INTERVAL_MS);
  }
}
