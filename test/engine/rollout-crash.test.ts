import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import type { Deps } from '../../functions/deps.ts';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { stride } from '../matrix.ts';
import { contradictions, entries } from './books.ts';
import { nthToDieAt, startProcess } from './cut.ts';
import { createApi, type Json } from './harness.ts';
import { FLEET, ROLLOUTS, ROUND_MS, type RolloutFleet, startRolloutFleet, toB } from './rollout-fleet.ts';

/** A pass passes far fewer moments than this. */
const MAX_MOMENTS = 200;

/** Odd, since passes take turns between verifying a step and taking the next one. */
const STEP = stride(7);

/** This is longer than any lease of a gateway. */
const LEASE_IS_OVER_MS = 30_000;

const SIX = [10, 20, 30, 40, 50].map((percent) => ({ percent }));

describe('a process that is cut at any await', () => {
  let plane: RolloutFleet;
  beforeAll(async () => {
    plane = await startRolloutFleet();
  }, 60_000);
  afterAll(() => plane.close());

  /** Runs a process to its n-th moment and no further; resolves with undefined when the work was done before it. */
  async function cut(n: number, work: (deps: Deps) => Promise<unknown>): Promise<string | undefined> {
    const process = startProcess(plane, nthToDieAt(n));
    const end = await Promise.race([process.stopped, work(process.deps).then(() => undefined)]);
    process.kill();
    if (end === undefined) await process.landed();
    process.close();
    return end;
  }

  async function recover(): Promise<void> {
    plane.clock.advance(LEASE_IS_OVER_MS);
    await sweep(plane.deps());
    // Earlier observations of the voters are too old to count.
    for (let round = 0; round < 3; round++) {
      await runProbeRound(plane.deps());
      plane.clock.advance(ROUND_MS);
    }
  }

  async function latest(): Promise<Json> {
    return (await plane.api('GET', ROLLOUTS)).body.items[0];
  }

  /** Expects that the record and the distribution agree, and that each step was written once. */
  async function expectWhole(when: string): Promise<Json> {
    const [rollout, main] = [await latest(), await plane.main()];
    const taken = rollout.steps.filter(({ takenAt }: Json) => takenAt !== undefined);
    expect(taken, when).toHaveLength(rollout.step + 1);
    const first = taken[0].revision;
    expect(
      taken.map(({ revision }: Json) => revision),
      when,
    ).toEqual(taken.map((_: Json, index: number) => first + index));
    expect([main.revision, main.clusters], when).toEqual([rollout.revision, taken.at(-1).clusters]);
    return rollout;
  }

  /** Returns where a pass over a live rollout was cut, or undefined when it was done before that. */
  async function cutPass(n: number): Promise<string | undefined> {
    if ((await latest())?.state !== 'running') {
      const [, { weight }] = (await plane.main()).clusters;
      expect((await plane.post('', toB(SIX, 100 - weight))).status).toBe(201);
      await recover();
    }
    const before = (await latest()).step;
    const moment = await cut(n, stepRollouts);
    const { step } = await expectWhole(`cut ${n}, ${moment}`);
    expect(step - before, `cut ${n}, ${moment}`).toBeLessThanOrEqual(1);
    await recover();
    return moment;
  }

  it('in a pass over rollouts: the next pass goes on, and every step has been written once', async () => {
    let moments = 0;
    for (let n = 1; n < MAX_MOMENTS; n += STEP) {
      // One pass verifies a step, and the next one takes the step after it.
      const cuts = [await cutPass(n), await cutPass(n)];
      if (cuts.every((moment) => moment === undefined)) break;
      moments = n;
    }
    expect(moments).toBeGreaterThan(5);
    for (let pass = 0; (await latest()).state === 'running' && pass < MAX_MOMENTS; pass++) await cutPass(MAX_MOMENTS);
    expect(await expectWhole('in the end')).toMatchObject({ state: 'finished' });
    expect(contradictions(await entries(plane))).toEqual([]);
  }, 300_000);

  it('in a call: its client asks again, and there is one rollout, which is undone by one write', async () => {
    let moments = 0;
    for (let n = 1; n < MAX_MOMENTS; n++) {
      const before = await plane.main();
      const b = 100 - before.clusters[1].weight;
      const began = await cut(n, (deps) => createApi(deps, { wait: false })('POST', ROLLOUTS, toB(SIX, b)));
      await recover();
      expect([201, 409], `start, cut ${n}, ${began}`).toContain((await plane.post('', toB(SIX, b))).status);
      expect((await plane.main()).revision, `start, cut ${n}, ${began}`).toBe(before.revision + 1);
      expect((await plane.deps().store.pendingDocuments('rollout', 10)).items).toHaveLength(1);
      const { id } = await latest();
      const undo = (deps: Deps) =>
        createApi(deps, { wait: false })('POST', `${ROLLOUTS}/${id}/undo`, { reason: 'it was a test' });
      const ended = await cut(n, undo);
      await recover();
      expect(((await undo(plane.deps())) as Json).body.state, `undo, cut ${n}, ${ended}`).toBe('undone');
      const after = await plane.main();
      expect([after.revision, after.clusters]).toEqual([before.revision + 2, before.clusters]);
      await recover();
      if (began === undefined && ended === undefined) break;
      moments = n;
    }
    expect(moments).toBeGreaterThan(1);
    const { items } = (await plane.api('GET', `${FLEET}/operations`)).body;
    expect(items.filter(({ state }: Json) => state !== 'Succeeded')).toEqual([]);
    expect(contradictions(await entries(plane))).toEqual([]);
  }, 300_000);
});
