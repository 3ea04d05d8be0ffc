import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { type Api, type ControlPlane, quietApi, startControlPlane } from './harness.ts';

const FLEETS = ['one', 'two'];
/** This is more than one sweep takes on. */
const GATEWAYS = 13;

describe('the sweep', () => {
  let plane: ControlPlane;
  let api: Api;

  /** Gateways that have never been run, all at one cloud that denies everything. */
  beforeEach(async () => {
    plane = await startControlPlane();
    api = quietApi(plane);
    plane.cloud.faults.add({ kind: 'error', code: 'Forbidden.RAM', times: 100_000 });
    for (const fleet of FLEETS) {
      await api('PUT', `/v1/fleets/${fleet}`, {});
      for (let index = 0; index < GATEWAYS; index++)
        await api('PUT', `/v1/fleets/${fleet}/gateways/g${index}`, target(index));
    }
  });
  afterEach(() => plane.close());

  const target = (index: number) => ({
    target: {
      provider: 'alb',
      regionId: 'cn-hangzhou',
      loadBalancerId: 'alb-1',
      listenerIds: [`lsn-${index}`],
    },
  });

  /** Returns how often each gateway was run, by fleet and name; gateways that were not run are missing. */
  async function attempts(): Promise<Map<string, number>> {
    const { store } = plane.deps();
    const records = (await Promise.all(FLEETS.map((fleet) => store.syncs(fleet)))).flat();
    return new Map(records.map((record) => [`${record.fleet}/${record.gateway}`, record.attempts]));
  }

  it('runs so many gateways at a time, and goes on with those that it has left', async () => {
    await sweep(plane.deps());
    expect((await attempts()).size).toBe(20);
    await sweep(plane.deps());
    expect((await attempts()).size).toBe(FLEETS.length * GATEWAYS);
  });

  it('gives every gateway its turn, although more are due each time than it runs', async () => {
    for (let round = 0; round < 6; round++) {
      await sweep(plane.deps());
      // This is longer than the longest wait before another attempt.
      plane.clock.advance(400_000);
    }
    const counts = [...(await attempts()).values()];
    expect(counts).toHaveLength(FLEETS.length * GATEWAYS);
    // A gateway that one sweep leaves out is taken by the next.
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
  });

  it('begins no run when its time is over', async () => {
    await sweep(plane.deps(), plane.clock.now());
    expect((await attempts()).size).toBe(0);
  });

  it('goes on when the records of one fleet cannot be read', async () => {
    const deps = plane.deps();
    const syncs = async (fleet: string) => {
      if (fleet === 'one') throw new Error('corrupt');
      return await deps.store.syncs(fleet);
    };
    await sweep(plane.deps({ store: { ...deps.store, syncs } }));
    expect([...(await attempts()).keys()].every((name) => name.startsWith('two/'))).toBe(true);
    expect((await attempts()).size).toBe(GATEWAYS);
  });

  it('reads one row of each gateway that is behind to find it, however many wait', async () => {
    const read = async () => {
      plane.meter.reset();
      await sweep(plane.deps(), plane.clock.now());
      return plane.meter.read()['OUTBOX']?.items;
    };
    expect(await read()).toBe(FLEETS.length * GATEWAYS);
    for (let index = 0; index < 5; index++)
      await api('PUT', `/v1/fleets/one/clusters/c${index}`, { kind: 'kubernetes' });
    expect((await plane.deps().store.outbox({})).length).toBe(FLEETS.length * GATEWAYS + 5 * GATEWAYS);
    expect(await read()).toBe(FLEETS.length * GATEWAYS);
  });
});
