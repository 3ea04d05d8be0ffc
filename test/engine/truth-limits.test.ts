import { afterEach, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { matrix } from '../matrix.ts';
import { commitRoute } from './commit-route.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';
import { saidOf } from './said.ts';
import { withdraw } from './withdraw.ts';

let harness: Harness;
afterEach(() => harness.close());

const reconcile = () => reconcileGateway(harness.deps(), 'prod', 'edge');
const EDGE = { fleet: 'prod', gateways: ['edge'] };

/** Writes without the checks of the API, as when a gateway had not been read yet at the time of the write. */
async function commit(name: string, spec: unknown): Promise<void> {
  await commitRoute(harness.deps(), { fleet: 'prod', name }, spec);
}

describe.each(matrix(['alb', 'mse'] as const, 1))('what only %s finds out', (provider) => {
  it('equal addresses of two clusters are refused for their pool, and for nobody else', async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    const said = saidOf(harness);
    const { host: address, port } = harness.edge.clusters.a.address;
    await harness.put(`${FLEET}/clusters/c`, {
      kind: 'kubernetes',
      joins: 'at-once',
      ingress: { endpoints: [{ address, port }] },
    });
    await harness.put(`${FLEET}/services/twin`, {
      ports: [{ name: 'http', port: 80 }],
      exports: [{ cluster: 'a' }, { cluster: 'c' }],
    });
    const clusters = ['a', 'c'].map((cluster) => ({ cluster, weight: 50 }));
    await commit('twin', {
      gateways: ['edge'],
      hostnames: ['twin.example.com'],
      rules: [{ backendRefs: [{ service: 'twin', port: 80 }] }],
      distribution: { strategy: 'weighted', clusters },
    });
    await reconcile();
    expect(await said.parent('twin', 'Programmed')).toBe('False Refused');
    for (const told of Object.values(await said.points('twin'))) expect(told).toMatch(/undefined$/);
    await harness.put(`${FLEET}/routes/new`, { ...ROUTES.shop, hostnames: ['new.example.com'] });
    expect(await said.parent('new', 'Programmed')).toBe('True Programmed');
    const gone = await harness.api('DELETE', `${FLEET}/routes/ledger`, undefined, { 'if-match': '*' });
    expect(gone.status).toBeLessThan(300);
    expect((await harness.edge.get('x.ledger.example.com', '/v1')).status).not.toBe(200);
    await withdraw(harness, EDGE, ['a']);
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
    expect(await said.parent('shop', 'Following')).toBe('True Following');
  });
});

describe('what only alb finds out', () => {
  it('of 70 routes for 40 rules those that fit are pushed, the rest are refused one by one, and edits and deletes go on', async () => {
    harness = await startFleet({ jobLatencyMs: 20, quotas: { rulesPerLoadBalancer: 40 } });
    const said = saidOf(harness);
    for (let index = 0; index < 70; index++) {
      await commit(`q${index}`, { ...ROUTES.shop, hostnames: [`q${index}.example.com`] });
    }
    expect(await reconcile()).toMatchObject({ state: 'Diverged', reason: 'Refused' });
    const { items } = await said.get('/routes?pageSize=100');
    const reasons = items.map(
      ({ name, conditions }: { name: string; conditions: { type: string; status: string; reason: string }[] }) => {
        const found = conditions.find(({ type }) => type === 'Programmed');
        return { name, told: `${found?.status} ${found?.reason}` };
      },
    );
    const refused = reasons.filter(({ told }: { told: string }) => told === 'False Refused');
    const served = reasons.filter(({ told }: { told: string }) => told === 'True Programmed');
    expect(
      reasons.map(({ told }: { told: string }) => told).filter((told: string) => !/Refused|True/.test(told)),
      'others',
    ).toEqual([]);
    for (const { name } of served.slice(0, 5)) {
      if (name.startsWith('q')) expect((await harness.edge.get(`${name}.example.com`)).status, name).toBe(200);
    }
    expect((await harness.edge.get(`${refused[0].name}.example.com`)).status).not.toBe(200);
    expect((await said.get('/gateways/edge')).sync.message).toContain('QuotaExceeded.LoadBalancerRulesNum');
    const groups = harness.cloud.state.serverGroups.size;
    harness.clock.advance(60_000);
    await reconcile();
    expect(harness.cloud.state.serverGroups.size, 'what is refused makes no groups').toBe(groups);

    await harness.api('DELETE', `${FLEET}/routes/ledger`, undefined, { 'if-match': '*' });
    expect((await harness.edge.get('x.ledger.example.com', '/v1')).status).not.toBe(200);
    await withdraw(harness, EDGE, ['a']);
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
  });
});
