import { expect } from 'vitest';
import { effectiveShares } from '../../functions/core/allocation/points.ts';
import { plan } from '../../functions/core/gateway/plan.ts';
import { providerOf } from '../../functions/core/model/resource.ts';
import { resolve } from '../../functions/core/routing/resolve.ts';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { providerFor } from '../../functions/providers/registry.ts';
import type { Harness } from './harness.ts';
import { inventory } from './inventory.ts';

/**
 * Lists in sentences how gateway `edge` differs from its declaration. The gateway is read anew, without a lease and
 * without a record; the pools that a failover would find in the store are compared as well.
 */
export async function differences(harness: Harness): Promise<string[]> {
  const { store, cloud, clock } = harness.deps();
  const [clusters, services, distributions, routes, owner, traffic, pools, gateway] = await Promise.all([
    store.all('cluster', 'prod'),
    store.all('service', 'prod'),
    store.all('distribution', 'prod'),
    store.all('route', 'prod'),
    store.get('fleet', 'prod', 'prod'),
    store.traffic('prod'),
    store.pools('prod', 'edge'),
    store.get('gateway', 'prod', 'edge'),
  ]);
  if (gateway === undefined) throw new Error('there is no gateway edge');
  const { target } = harness.edge;
  const config = resolve({
    ...{ clusters, services, distributions, routes },
    defaultDistribution: owner?.spec.defaultDistribution,
  });
  const shares = new Map(config.pools.map((pool) => [pool.key, effectiveShares(pool, traffic)]));
  const provider = providerFor(providerOf(gateway.spec));
  const session = {
    ...{ target, cloud, clock, owner: 'test/prod/edge', credentials: 'default', ensureLease: async () => undefined },
    priority: 'normal' as const,
    whileWaiting: async () => undefined,
    memory: { recall: async () => new Map(), remember: async () => undefined },
    createToken: readsOnly,
    writeToken: readsOnly,
  };
  const observed = await provider.observe(session, 'full', new Map());
  const matched = provider.match(config, observed, session);
  const { changes } = plan(provider.compile(matched, shares, observed, session), observed.objects, 'sync');
  const keys = (list: { key: string }[]) =>
    list
      .map(({ key }) => key)
      .sort()
      .join(' ');
  return [
    ...changes.map(({ verb, kind, key, reason }) => `${verb} ${kind} ${key}: ${reason}`),
    ...(keys(pools) === keys(config.pools) ? [] : [`pools in the store: ${keys(pools)}`]),
  ];
}

function readsOnly(): never {
  throw new Error('a reader writes nothing');
}

/** Expects that the gateway is verified, that nothing waits for it, and that no object is at the cloud twice. */
export async function expectFollowed(harness: Harness, when: string): Promise<void> {
  const { store } = harness.deps();
  expect(await store.syncs('prod'), when).toMatchObject([{ gateway: 'edge', state: 'Verified' }]);
  expect(await store.outbox({}), when).toEqual([]);
  const objects = inventory(harness.cloud);
  expect(objects, when).toEqual([...new Set(objects)]);
}

/** Expects what `expectFollowed` does, and that one more run plans nothing and writes nothing. */
export async function expectConverged(harness: Harness, when: string): Promise<void> {
  await expectFollowed(harness, when);
  harness.forgetCalls();
  const again = await reconcileGateway(harness.deps(), 'prod', 'edge');
  expect(again, when).toMatchObject({ state: 'Verified', changes: [] });
  expect(harness.writes(), when).toEqual([]);
}
