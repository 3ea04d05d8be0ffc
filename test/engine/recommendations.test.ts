import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { declareFleet, FLEET, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

const SCORE = `${FLEET}/recommendations/score`;
const DAY_MS = 24 * 3_600_000;

let harness: Harness;

beforeEach(async () => {
  harness = await startFleet();
  await declareFleet(harness, 'recommend');
  await rounds(3);
});

afterEach(() => harness.close());

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(harness.deps());
    harness.clock.advance(5000);
  }
}

async function score(): Promise<Json> {
  const { status, body } = await harness.api('GET', SCORE);
  expect(status).toBe(200);
  return body;
}

describe('the score of a fleet that recommends', () => {
  it('counts a failure that nobody acted upon, and what stayed on the cluster for as long', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await rounds(20);
    await harness.edge.clusters.a.recover();
    await rounds(9);
    const { since, until, decision, ...failure } = (await score()).failures[0];
    expect(failure).toMatchObject({ cluster: 'a', assessment: 'confirmed' });
    const seconds = (Date.parse(until) - Date.parse(since)) / 1000;
    expect(seconds).toBeGreaterThan(95);
    // The pool of shop (60/40) loses 60 percent, the pool of pay (100/0) loses 100, and the third one loses none; the
    // pinned route is not counted.
    expect(failure.percentSeconds).toBeCloseTo(((60 + 100 + 0) / 3) * seconds, 0);
    const { body } = await harness.api('GET', `${FLEET}/decisions/${decision}`);
    expect(body).toMatchObject({ outcome: 'withheld', withheld: [{ cluster: 'a', percent: 53.333 }] });
    expect((await harness.api('GET', `${FLEET}/decisions/${decision}/replay`)).body.isSame).toBe(true);
    expect(await score()).toMatchObject({ failovers: 1, confirmed: 1, regretted: 0, open: 0, isWholeWeek: false });
  });

  it('stops counting when somebody accepts', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await rounds(3);
    const [{ id }] = (await harness.api('GET', `${FLEET}/decisions`)).body.items;
    expect((await harness.api('POST', `${FLEET}/decisions/${id}/apply`)).status).toBe(200);
    const accepted = await score();
    expect(accepted).toMatchObject({ failovers: 1, confirmed: 1 });
    await rounds(20);
    expect((await score()).percentSeconds).toBe(accepted.percentSeconds);
  });

  it('regrets a cluster that answers again at once', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    await harness.edge.clusters.a.recover();
    await rounds(9);
    expect(await score()).toMatchObject({ failovers: 1, confirmed: 0, regretted: 1, percentSeconds: 0 });
  });

  it('is of a whole week once the fleet has recommended for one, whatever it was declared to be meanwhile', async () => {
    const began = (await score()).since;
    harness.clock.advance(DAY_MS);
    await harness.put(FLEET, { ...(await declared()), displayName: 'Other' });
    expect(await score()).toMatchObject({ since: began, isWholeWeek: false, failovers: 0 });
    harness.clock.advance(6 * DAY_MS);
    expect(await score()).toMatchObject({ isWholeWeek: true, conclusion: expect.stringContaining('the last 7 days') });
  });

  it('begins anew after the fleet was automatic, and has nothing to say while it is', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await rounds(20);
    await harness.put(FLEET, { ...(await declared()), automation: 'automatic' });
    expect(await score()).toMatchObject({ automation: 'automatic', failovers: 0 });
    await rounds(1);
    await harness.put(FLEET, { ...(await declared()), automation: 'recommend' });
    harness.clock.advance(1000);
    expect(await score()).toMatchObject({ failovers: 0, isWholeWeek: false });
  });

  it('needs a fleet', async () => {
    expect((await harness.api('GET', '/v1/fleets/none/recommendations/score')).status).toBe(404);
  });
});

/** Returns the fleet in a form that can be declared again. */
async function declared(): Promise<Json> {
  const { automation, health, failover } = (await harness.api('GET', FLEET)).body;
  return { automation, health, failover };
}
