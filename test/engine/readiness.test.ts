import { afterEach, beforeEach, expect, it } from 'vitest';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { FLEET, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await startFleet();
});
afterEach(() => harness.close());

const readiness = async () => (await harness.api('GET', `${FLEET}/readiness`)).body;

async function conditionOf(type: string): Promise<Json> {
  const { conditions } = (await harness.api('GET', FLEET)).body;
  return conditions.find((condition: Json) => condition.type === type);
}

it('what could be lost is worked out by the schedule, kept, and worked out anew when it changes or is ten minutes old', async () => {
  expect(await readiness()).toMatchObject({ losses: [] });
  expect(await conditionOf('SurvivesLossOfCluster')).toBeUndefined();
  await notifyIncidents(harness.deps());
  const first = await readiness();
  expect(first.losses.map(({ type }: Json) => type)).toContain('cluster');
  harness.clock.advance(60_000);
  await notifyIncidents(harness.deps());
  expect(await readiness()).toEqual({ ...first, ageSeconds: first.ageSeconds + 60 });
  harness.clock.advance(600_000);
  await notifyIncidents(harness.deps());
  expect((await readiness()).at > first.at).toBe(true);
});

it('a loss that cannot be borne any more is a condition of the fleet', async () => {
  await notifyIncidents(harness.deps());
  const before = await conditionOf('SurvivesLossOfCluster');
  expect(before.message).not.toContain('nobody else could serve');
  const { body: cluster } = await harness.api('GET', `${FLEET}/clusters`);
  const [a] = cluster.items;
  const reason = 'a kernel upgrade';
  const expiresAt = new Date(harness.clock.now() + 3_600_000).toISOString();
  const shift = { cluster: a.name, mode: 'isolate', reason, expiresAt };
  const { status } = await harness.api('PUT', `${FLEET}/shifts/upgrade`, shift);
  expect(status).toBe(201);
  await notifyIncidents(harness.deps());
  expect(await conditionOf('SurvivesLossOfCluster')).toMatchObject({
    status: 'False',
    message: expect.stringContaining('nobody else could serve'),
  });
});
