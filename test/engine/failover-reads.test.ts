import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { matrix } from '../matrix.ts';
import { startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';

describe.each(matrix(['mse', 'alb'] as const, 1))('behind %s, a failover', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider });
    for (let round = 0; round < 3; round++) {
      await runProbeRound(harness.deps());
      harness.clock.advance(5000);
    }
  });
  afterEach(() => harness.close());

  it('reads and writes no route and no service, only pools', async () => {
    harness.meter.reset();
    await harness.edge.clusters.a.fail('refuse');
    await runProbeRound(harness.deps());
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ b: 20 });
    // The pools are read three times: when the failure is certain, when the round is over, and to push.
    expect(harness.meter.read()['POOLS']?.items).toBe(3 * 3);
    for (const tally of [harness.meter.read(), harness.meter.written()]) {
      for (const name of ['route', 'service', 'ROUTES']) expect(tally).not.toHaveProperty(name);
    }
  });
});
