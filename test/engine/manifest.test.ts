import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../../functions/deps.ts';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { sweepManifestWrites } from '../../functions/engine/schedule/manifest-writes.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json } from './harness.ts';

describe.each(matrix(['alb', 'mse'] as const, 1))('a manifest, at %s', (provider) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 50 });
  });
  afterAll(() => harness.close());

  const document = (kind: string, name: string, spec: Json): Json => ({
    apiVersion: 'fairlead.dev/v1',
    kind,
    metadata: { name },
    spec,
  });

  const cart = { ports: [{ name: 'http', port: 80 }], exports: [{ cluster: 'a' }, { cluster: 'b' }] };

  /** A service, and the routes that go to it. */
  const manifest = (name: string) => ({
    apiVersion: 'fairlead.dev/v1',
    kind: 'List',
    items: [
      document('Service', name, cart),
      ...['x', 'y'].map((path) =>
        document('Route', `${name}-${path}`, {
          gateways: ['edge'],
          hostnames: [`${name}.example.com`],
          rules: [
            {
              matches: [{ path: { type: 'Prefix', value: `/${path}` } }],
              backendRefs: [{ service: name, port: 80 }],
            },
          ],
        }),
      ),
    ],
  });

  it('is planned with what the gateway would get, applied by that digest, and followed once', async () => {
    const body = manifest('cart');
    const { body: plan } = await harness.api('PUT', `${FLEET}/manifest?dryRun=true`, body);
    expect(plan.changes.map((change: Json) => change.name)).toEqual(['cart', 'cart-x', 'cart-y']);
    expect(plan.plans).toMatchObject([{ gateway: 'edge', findings: [] }]);
    const planned = plan.plans[0].changes.length;
    expect(planned).toBeGreaterThan(0);
    expect((await harness.edge.get('cart.example.com', '/x')).status).not.toBe(200);

    const applied = await harness.api('PUT', `${FLEET}/manifest?digest=${plan.digest}`, body);
    expect(applied.status).toBe(202);
    const { body: operation } = await harness.api('GET', `${FLEET}/operations/${applied.body.id}`);
    expect(operation).toMatchObject({ state: 'Succeeded', done: 3 + planned, gateways: [{ state: 'Verified' }] });
    expect((await harness.edge.get('cart.example.com', '/x')).status).toBe(200);
    expect((await harness.edge.get('cart.example.com', '/y')).status).toBe(200);
    const again = await harness.api('PUT', `${FLEET}/manifest?dryRun=true`, body);
    expect(again.body).toMatchObject({ changes: [], plans: [] });
  });

  it('that is half written reaches no gateway; failovers go on, and the rest follows when it is whole', async () => {
    const { store } = harness.deps();
    let batches = 0;
    const advance: Deps['store']['advance'] = async (rollout, commits) => {
      batches += 1;
      if (batches > 1) throw new Error('the process dies');
      return await store.advance(rollout, commits);
    };
    const dying = createApi(harness.deps({ store: { ...store, advance } }));
    expect((await dying('PUT', `${FLEET}/manifest`, manifest('half'))).status).toBe(202);
    await harness.put(`${FLEET}/routes/shop`, { ...ROUTES.shop, distribution: { strategy: 'replicas' } });

    harness.forgetCalls();
    expect(await reconcileGateway(harness.deps(), 'prod', 'edge')).toMatchObject({ state: 'Pending', reason: 'Held' });
    expect(harness.writes()).toEqual([]);
    const moved = await reconcileGateway(harness.deps(), 'prod', 'edge', { scope: 'pools' });
    expect(moved).toMatchObject({ state: 'Verified' });

    await sweepManifestWrites(harness.deps(), Number.POSITIVE_INFINITY);
    expect(await reconcileGateway(harness.deps(), 'prod', 'edge')).toMatchObject({ state: 'Verified' });
    expect((await harness.edge.get('half.example.com', '/y')).status).toBe(200);
  });
});
