import { afterEach, expect, it } from 'vitest';
import { digest } from '../../functions/core/model/digest.ts';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';
import { inventory } from './inventory.ts';
import { savePlane } from './saved.ts';
import { expectConverged } from './truth.ts';

const open: Harness[] = [];

afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close();
});

async function start(provider: 'alb' | 'mse'): Promise<Harness> {
  const harness = await startFleet({ provider });
  open.push(harness);
  return harness;
}

async function rounds({ deps, clock }: Harness, count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await runProbeRound(deps());
    clock.advance(5000);
  }
}

/** Returns the state without listeners, which get another port each time. */
async function stateOf(harness: Harness) {
  const { items, objects } = await savePlane(harness);
  const table = items.map((item) => `${item['pk']?.S} ${item['sk']?.S} ${digest(item)}`).sort();
  const { rules, serverGroups, gateways } = objects;
  const mse = [...gateways.values()].map(({ domains, services, routes }) => ({ domains, services, routes }));
  return { table, rules, serverGroups, mse };
}

it.each(['alb', 'mse'] as const)(
  'a fleet that is restored behind %s is as it was declared, whatever became of the one before',
  async (provider) => {
    const first = await start(provider);
    const before = await stateOf(first);
    const objects = inventory(first.cloud);
    expect(before.table.length).toBeGreaterThan(50);
    await first.put(`${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames: ['extra.example.com'] });
    await rounds(first, 3);
    await first.edge.clusters.a.fail('refuse');
    await rounds(first, 1);
    expect(await first.edge.split(5, 'shop.example.com')).toEqual({ b: 5 });
    first.cloud.faults.add({ kind: 'drop', times: 100_000 });
    const firstNowMs = first.clock.now();
    await open.pop()?.close();

    const second = await start(provider);
    expect(await stateOf(second)).toEqual(before);
    expect(inventory(second.cloud)).toEqual(objects);
    expect(second.clock.now()).toBeLessThan(firstNowMs);
    expect(await second.edge.split(5, 'shop.example.com')).toEqual({ a: 3, b: 2 });
    await expectConverged(second, 'restored');
  },
);
