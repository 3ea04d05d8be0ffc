import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlannedCall } from '../../schemas/plan.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

describe.each(matrix(['alb', 'mse'] as const, 1))('a dry run before %s', (provider) => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
  });
  afterAll(() => harness.close());

  const any = { 'if-match': '*' };

  /** What there is to see of the fleet from outside, at the cloud and in the store. */
  async function everything(): Promise<Json> {
    const places = ['', '/routes', '/services', '/clusters', '/gateways', '/operations', '/audit'];
    const answers = await Promise.all(places.map((place) => harness.api('GET', `${FLEET}${place}`)));
    return { answers, outbox: await harness.deps().store.outbox({}) };
  }

  /** Makes the write dry and then in earnest, and expects that the first said what the second does. */
  async function preview(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Json> {
    const before = await everything();
    harness.forgetCalls();
    const dry = await harness.api(method, `${FLEET}${path}?dryRun=true`, body, headers);
    expect(dry.status, JSON.stringify(dry.body)).toBe(200);
    const rehearsed = harness.cloud.log.entries.filter(({ parameters }) => parameters['DryRun'] === 'true');
    expect(harness.writes()).toHaveLength(rehearsed.length);
    expect(await everything()).toEqual(before);

    harness.forgetCalls();
    const real = await harness.api(method, `${FLEET}${path}`, body, headers);
    expect(real.status).toBeLessThan(300);
    const plans: { calls: PlannedCall[] }[] = (dry.body.dryRun ?? dry.body).plans;
    expect(harness.writes().sort()).toEqual(plans.flatMap(({ calls }) => calls.map(({ action }) => action)).sort());
    return dry.body;
  }

  it('of a new route shows it with its shares, and the very calls that it takes', async () => {
    const rules = [{ backendRefs: [{ service: 'pay', port: 80 }] }];
    const shown = await preview(
      'PUT',
      '/routes/extra',
      { ...ROUTES.shop, hostnames: ['extra.example.com'], rules },
      {},
    );
    expect(shown).toMatchObject({ name: 'extra', revision: 1, shares: [{ service: 'pay' }] });
    const [plan] = shown.dryRun.plans;
    expect(plan).toMatchObject({ gateway: 'edge', findings: [], drift: [] });
    expect(plan.changes.map(({ verb }: Json) => verb)).toContain('create');
    expect(plan.shares).toContainEqual(
      expect.objectContaining({ service: 'pay', cluster: 'a', beforePercent: 0, afterPercent: 60 }),
    );
  });

  it('of a route that is edited shows each object before and after, and why', async () => {
    const distribution = {
      strategy: 'weighted',
      clusters: [
        { cluster: 'a', weight: 10 },
        { cluster: 'b', weight: 90 },
      ],
    };
    const shown = await preview('PUT', '/routes/shop', { ...ROUTES.shop, distribution }, any);
    for (const change of shown.dryRun.plans[0].changes) {
      expect(change.reason).not.toBe('');
      if (change.verb !== 'create') expect(change.before).toBeTypeOf('object');
      if (change.verb !== 'delete') expect(change.after).toBeTypeOf('object');
    }
  });

  it('of a service that loses a cluster shows where its share goes', async () => {
    const shown = await preview(
      'PUT',
      '/services/pay',
      { ports: [{ name: 'http', port: 80 }], exports: [{ cluster: 'a' }] },
      any,
    );
    expect(shown.dryRun.plans[0].shares.length).toBeGreaterThan(0);
  });

  it('of a deletion shows what would go', async () => {
    const shown = await preview('DELETE', '/routes/ledger', undefined, any);
    expect(shown.plans[0].changes.map(({ verb }: Json) => verb)).toContain('delete');
  });

  it('of what is declared already has nothing to say', async () => {
    const { body } = await harness.api('PUT', `${FLEET}/routes/pinned?dryRun=true`, ROUTES.pinned, any);
    expect(body.dryRun).toEqual({ plans: [] });
  });

  it('of a rollback shows the plan of the older revision', async () => {
    const shown = await preview('POST', '/routes/shop/rollback', { revision: 1 }, any);
    expect(shown.dryRun.plans[0].changes.length).toBeGreaterThan(0);
  });

  it('is refused for the same reasons as the write', async () => {
    const wrong = { ...ROUTES.shop, gateways: ['edge', 'nowhere'] };
    const dry = await harness.api('PUT', `${FLEET}/routes/shop?dryRun=true`, wrong, any);
    const real = await harness.api('PUT', `${FLEET}/routes/shop`, wrong, any);
    expect(dry.status).toBe(422);
    expect(dry.body.errors).toEqual(real.body.errors);
    const unseen = await harness.api('PUT', `${FLEET}/routes/shop?dryRun=true`, ROUTES.shop);
    expect(unseen.body.code).toBe('precondition-required');
  });
});
