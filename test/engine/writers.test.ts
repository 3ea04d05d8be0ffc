import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { matrix, scale } from '../matrix.ts';
import { contradictions, entries } from './books.ts';
import { afterCall, isOfTable, nth, startProcess } from './cut.ts';
import { startFleet } from './fleet.ts';
import { type Api, type Harness, quietApi } from './harness.ts';
import { differences, expectConverged } from './truth.ts';
import { declareVersion } from './versions.ts';

const MAX_MOMENTS = 400;

/**
 * The crash matrix goes through every moment; each of these cases takes two runs, so every eighth moment is enough to
 * meet each kind of write.
 */
const STEP = scale(8, 20);

describe.each(matrix(['alb', 'mse'] as const, 1))('two writers of one gateway of %s', (provider) => {
  let harness: Harness;
  let quiet: Api;
  let version = 0;

  beforeAll(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 50 });
    quiet = quietApi(harness);
  });
  afterAll(() => harness.close());

  const declareNext = () => declareVersion(quiet, ++version);

  it('that come at the same time: one does the work, the other is told so', async () => {
    await declareNext();
    const results = await Promise.all([1, 2, 3].map(() => reconcileGateway(harness.deps(), 'prod', 'edge')));
    expect(results.map(({ state, reason }) => `${state} ${reason}`).sort()).toEqual([
      'Pending Busy',
      'Pending Busy',
      'Verified Programmed',
    ]);
    expect(await differences(harness)).toEqual([]);
    await expectConverged(harness, 'at the same time');
  });

  it('of which one comes while the other is at work: it writes nothing', async () => {
    await declareNext();
    const first = startProcess(harness, afterCall());
    const work = reconcileGateway(first.deps, 'prod', 'edge');
    await first.stopped;
    harness.forgetCalls();
    const second = await reconcileGateway(harness.deps(), 'prod', 'edge');
    expect(second).toMatchObject({ state: 'Pending', reason: 'Busy' });
    expect(harness.writes()).toEqual([]);
    first.resume();
    expect(await work).toMatchObject({ state: 'Verified' });
    first.close();
    await expectConverged(harness, 'while at work');
  });

  /**
   * The first is stopped at its n-th moment for longer than its lease lasts. The second takes over with what has been declared since, and is
   * amid its work when the first goes on. Resolves with what the first has written from then on.
   */
  async function overtake(n: number): Promise<{ moment: string | undefined; late: string[] }> {
    await declareNext();
    const first = startProcess(harness, nth(n));
    const work = sweep(first.deps);
    const moment = await Promise.race([first.stopped, work.then(() => undefined)]);
    if (moment === undefined) return { moment, late: [] };
    harness.clock.advance(30_000);
    await declareNext();
    const second = startProcess(harness, afterCall());
    const takeover = sweep(second.deps);
    await second.stopped;

    // Writes that were sent before cannot be called back: the clouds know no epochs.
    const sent = first
      .standing()
      .filter((place) => place.startsWith('before '))
      .map((place) => place.slice(7));
    const before = first.wrote.length;
    first.resume();
    await work;
    const late = first.wrote.slice(before).filter((action) => !(sent.includes(action) && !isOfTable(action)));

    second.resume();
    await takeover;
    first.close();
    second.close();
    return { moment, late };
  }

  it('of which one was overtaken: it writes nothing more, and what the other calls verified is as declared', async () => {
    const late: string[] = [];
    let moments = 0;
    for (let n = 1; n < MAX_MOMENTS; n += STEP) {
      const result = await overtake(n);
      if (result.moment === undefined) break;
      moments = n;
      const when = `overtaken ${n}, ${result.moment}`;
      late.push(...result.late.map((action) => `${when}: ${action}`));
      const [sync] = await harness.deps().store.syncs('prod');
      if (sync?.state === 'Verified') expect(await differences(harness), when).toEqual([]);
      else expect(sync?.reason, when).toMatch(/NotAsWritten|Refused|Object|Gateway|Cloud/);
      harness.clock.advance(300_000);
      await sweep(harness.deps());
      expect(await differences(harness), when).toEqual([]);
    }
    expect(late).toEqual([]);
    expect(moments).toBeGreaterThan(80);
    await expectConverged(harness, 'overtaken');
    expect(contradictions(await entries(harness))).toEqual([]);
  }, 600_000);
});
