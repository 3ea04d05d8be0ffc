import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPusher, evaluate } from '../../functions/engine/failover/evaluate.ts';
import { MemoryTable } from '../../infra/local/memory-table.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { StepClock } from '../honesty/clock.ts';
import { SILENT } from '../local-cloud/silent.ts';
import { FLEET } from '../store/fixtures.ts';
import { buildCity, type City, EAST, leadingEast, loseEast, SPEC } from './city.ts';
import { type ControlPlane, startControlPlane } from './harness.ts';

/**
 * A city with traffic from 10,000 pools on 100 gateways, which stand in 25 regions. The rates of the clouds count by
 * account and region: ALB allows 200 calls in 60 s for each action (one call moves one pool), MSE allows 5 calls in a
 * second. The pools that can leave in time are therefore 200 of ALB and 200 of MSE in each region: the 10,000 pools of
 * one region alone would take the better part of an hour, whoever moves them.
 */
const SIZE = { regions: 25, gatewaysEach: 2, poolsEach: 100 };
const WITHIN_MS = 120_000;

/** Time from a call of the cloud to its effect. */
const JOB_LATENCY_MS = 200;

let plane: ControlPlane;
let city: City;

beforeEach(async () => {
  const table = new MemoryTable(DEFAULT_TABLE_NAME);
  plane = await startControlPlane({
    clock: new StepClock(),
    connect: () => table.connect(),
    throttle: true,
    jobLatencyMs: JOB_LATENCY_MS,
    cloud: SILENT,
  });
  city = await buildCity(plane, SIZE);
  // After this time no earlier call counts against the rates any more.
  await plane.clock.sleep(600_000);
  for (const { log } of city.clouds.values()) log.clear();
});

afterEach(async () => {
  await city?.close();
  await plane.close();
});

it('is left within two minutes at the rates of the clouds, which are kept, and that is verified', async () => {
  expect([city.pools, city.gateways.length, leadingEast(city)]).toEqual([10_000, 100, 10_000]);
  await loseEast(plane);
  const startMs = plane.clock.now();
  const deps = plane.deps({ cloud: city.cloud });
  const { decision, operation } = await evaluate(deps, FLEET, SPEC);
  expect(decision?.withdrawnAfter).toEqual(EAST);
  const pusher = createPusher(deps, FLEET);
  pusher.push();
  await pusher.idle();
  expect(leadingEast(city)).toBe(0);
  const calls = [...city.clouds.values()].flatMap(({ log }) => log.entries);
  const writes = calls.filter(({ kind }) => kind === 'write').map(({ at }) => Date.parse(at));
  expect(writes).toHaveLength(10_000);
  expect(Math.max(...writes) + JOB_LATENCY_MS - startMs).toBeLessThanOrEqual(WITHIN_MS);
  expect(calls.filter(({ code }) => code !== undefined)).toEqual([]);
  const { body } = await plane.api('GET', `/v1/fleets/${FLEET}/operations/${operation?.id}`);
  expect(body).toMatchObject({
    state: 'Succeeded',
    gateways: city.gateways.map((gateway) => ({ gateway, state: 'Verified' })),
  });
});
