import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { FLEET, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

describe('after a failure', () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider: 'alb' });
    await rounds(3);
  });
  afterEach(() => harness.close());

  /** Runs each step in an invocation of its own, as after a restart: it goes on from what is in the store. */
  async function rounds(n: number): Promise<void> {
    for (let round = 0; round < n; round++) {
      await runProbeRound(harness.deps());
      harness.clock.advance(5000);
    }
  }

  async function declare(failover: object): Promise<void> {
    const health = { intervalSeconds: 5, timeoutSeconds: 1, failureThreshold: 3, successThreshold: 3, dwellSeconds: 0 };
    await harness.put(FLEET, { automation: 'automatic', health, failover });
  }

  const get = async (path: string): Promise<Json> => (await harness.api('GET', `${FLEET}${path}`)).body;
  const withdrawn = async () =>
    (await get('/clusters')).items.flatMap((item: Json) => (item.withdrawal?.percent === 0 ? [item.name] : []));

  it('the cooldown is kept over restarts, and is longer after the second one', async () => {
    await declare({ cooldownSeconds: 60 });
    const outSeconds = async () => {
      await harness.edge.clusters.a.fail('refuse');
      await rounds(1);
      await harness.edge.clusters.a.recover();
      const startedMs = harness.clock.now();
      while ((await withdrawn()).length > 0) await rounds(1);
      return (harness.clock.now() - startedMs) / 1000;
    };
    const [first, second] = [await outSeconds(), await outSeconds()];
    expect(first).toBeGreaterThanOrEqual(50);
    expect(first).toBeLessThanOrEqual(75);
    expect(second).toBeGreaterThanOrEqual(110);
    expect(await harness.edge.split(50, 'shop.example.com')).toEqual({ a: 30, b: 20 });
  });

  it('of clusters of two sites at once, where people want to be asked, the later one is suspected, and taken out when somebody says so', async () => {
    await declare({ cooldownSeconds: 0, correlation: { action: 'ask' } });
    for (const name of ['a', 'b'] as const) await harness.edge.clusters[name].fail('refuse');
    await rounds(2);
    // Which of the two is found first is left to chance, and `b` keeps the route that is pinned to it.
    const standings = (await get('/clusters')).items.map(({ standing }: Json) => standing.state);
    expect(standings.sort()).toEqual(['down', 'suspected']);
    const { items } = await get('/decisions');
    expect(items.some(({ flags }: Json) => flags.includes('suspected'))).toBe(true);
    const left = (await get('/clusters')).items.find(({ standing }: Json) => standing.state === 'suspected').name;
    const other = await harness.api('POST', `${FLEET}/clusters/${left}/resume?reason=${encodeURIComponent('看过了')}`);
    expect(other.status).toBe(200);
    expect((await get('/decisions')).items[0]).toMatchObject({ actor: 'api', outcome: 'applied' });
    const shares = (await get('/routes/shop')).shares[0].clusters.map((share: Json) => share.effectivePercent);
    expect(
      shares.reduce((sum: number, percent: number) => sum + percent, 0),
      'somebody always serves',
    ).toBe(100);
  });

  it('a cluster returns by hand where failback is manual, and not before', async () => {
    await declare({ cooldownSeconds: 0, failback: { mode: 'manual', rampSeconds: 10, stepPercent: 100 } });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    await harness.edge.clusters.a.recover();
    await rounds(8);
    expect(await withdrawn()).toEqual(['a']);
    expect((await harness.api('POST', `${FLEET}/clusters/a/restore`)).status).toBe(200);
    await rounds(5);
    expect(await withdrawn()).toEqual([]);
    expect(await harness.edge.split(50, 'shop.example.com')).toEqual({ a: 30, b: 20 });
  });
});
