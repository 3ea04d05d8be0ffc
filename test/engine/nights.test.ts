import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import { FLEET, startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';

/** The nights of test/core/nights.test.ts, with real clusters that die behind both gateways: what counts is who answers. */

const HOST = 'night.example.com';

interface Member {
  weight?: number;
  tier?: number;
  site?: string;
  capacity?: number;
}

describe.each(['alb', 'mse'] as const)('behind %s, on a night on which', (provider) => {
  let harness: Harness;
  let clusters: Record<string, DemoCluster>;

  beforeEach(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    clusters = { a: harness.edge.clusters.a, b: harness.edge.clusters.b };
  });
  afterEach(async () => {
    const own = Object.entries(clusters).filter(([name]) => name.length > 1);
    await Promise.all(own.map(async ([, cluster]) => await cluster.close()));
    await harness.close();
  });

  async function declare(members: Record<string, Member>, peakRequestsPerSecond?: number): Promise<void> {
    for (const [name, { site, capacity }] of Object.entries(members)) {
      clusters[name] ??= await startDemoCluster({ name, host: '127.0.0.2' });
      const { host, port } = clusters[name].address;
      await harness.put(`${FLEET}/clusters/${name}`, {
        kind: 'kubernetes',
        joins: 'at-once',
        ingress: { endpoints: [{ address: host, port }] },
        probes: [{ type: 'http', url: `http://${host}:${port}/healthz` }],
        ...(site && { site }),
        ...(capacity && { capacity: { requestsPerSecond: capacity } }),
      });
    }
    const exports = Object.keys(members).map((cluster) => ({ cluster }));
    await harness.put(`${FLEET}/services/shop`, { ports: [{ name: 'http', port: 80 }], exports });
    await harness.put(`${FLEET}/routes/night`, {
      gateways: ['edge'],
      hostnames: [HOST],
      rules: [
        { backendRefs: [{ service: 'shop', port: 80 }], ...(peakRequestsPerSecond && { peakRequestsPerSecond }) },
      ],
      distribution: {
        strategy: 'weighted',
        clusters: Object.entries(members).map(([cluster, { weight = 1, tier = 0 }]) => ({ cluster, weight, tier })),
      },
    });
    await rounds(4);
  }

  async function rounds(count: number): Promise<void> {
    for (let round = 0; round < count; round++) {
      await runProbeRound(harness.deps());
      harness.clock.advance(5_000);
    }
  }

  const dies = async (...names: string[]) => await Promise.all(names.map((name) => clusters[name]?.fail('refuse')));

  it('both clusters fail within the window and one recovers: it serves all', async () => {
    await declare({ a: { weight: 60 }, b: { weight: 40 } });
    await dies('a', 'b');
    await rounds(3);
    await clusters['a']?.recover();
    await rounds(9);
    expect(await harness.edge.split(20, HOST)).toEqual({ a: 20 });
  });

  it('both data centres of one city die: the third, in the next tier, serves all', async () => {
    await declare({ a: {}, b: {}, third: { tier: 1 } });
    await dies('a', 'b');
    await rounds(3);
    expect(await harness.edge.split(20, HOST)).toEqual({ third: 20 });
  });

  it('a site with three of five clusters is lost: the others share', async () => {
    const lost = { site: 'one' };
    await declare({ a: lost, b: lost, lost, east: {}, west: {} });
    await dies('a', 'b', 'lost');
    await rounds(3);
    const split = await harness.edge.split(40, HOST);
    expect(Object.keys(split).sort()).toEqual(['east', 'west']);
    expect(split['east']).toBeGreaterThanOrEqual(18);
    expect(split['west']).toBeGreaterThanOrEqual(18);
  });

  it('the larger of two clusters with capacities dies alone: the other serves all', async () => {
    await declare({ a: { weight: 60, capacity: 600 }, b: { weight: 40, capacity: 400 } }, 300);
    await dies('a');
    await rounds(3);
    expect(await harness.edge.split(20, HOST)).toEqual({ b: 20 });
  });
});
