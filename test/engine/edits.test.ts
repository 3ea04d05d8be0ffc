import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CloudError } from '../../functions/deps.ts';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { matrix } from '../matrix.ts';
import { afterCall, startProcess } from './cut.ts';
import { EDITS, type Edit } from './edits.ts';
import { FLEET, startFleet } from './fleet.ts';
import { type Api, type Harness, quietApi } from './harness.ts';
import { differences, expectConverged } from './truth.ts';
import { declareVersion } from './versions.ts';

/** Runs within which the edit must be dealt with. */
const MAX_RUNS = 5;

describe.each(matrix(['alb', 'mse'] as const, 1))(
  'a person who edits a gateway of %s that undoes drift',
  (provider) => {
    let harness: Harness;
    let quiet: Api;
    let version = 0;
    /** The writing actions of one apply. */
    let writes: string[];

    beforeAll(async () => {
      harness = await startFleet({ provider, jobLatencyMs: 50 });
      await harness.put(`${FLEET}/gateways/edge`, { target: harness.edge.target, drift: 'revert' });
      quiet = quietApi(harness);
      for (const _ of [1, 2]) {
        await declareVersion(quiet, ++version);
        harness.forgetCalls();
        await run();
        writes = [...new Set(harness.writes())];
      }
    });
    afterAll(() => harness.close());

    const run = () => reconcileGateway(harness.deps(), 'prod', 'edge');

    /**
     * Expects that what is called verified is so, that anything else gives its reason, and that another run completes
     * the work.
     */
    async function follow(first: { state: string; reason: string }, when: string): Promise<void> {
      let result = first;
      for (let count = 1; result.state !== 'Verified' && count < MAX_RUNS; count++) {
        expect(result.state, when).toMatch(/^(Failed|Diverged)$/);
        expect(result.reason, when).toMatch(/^(?!InternalError)[A-Z][A-Za-z]+$/);
        harness.clock.advance(60_000);
        result = await run();
      }
      expect(result, when).toMatchObject({ state: 'Verified' });
      expect(await differences(harness), when).toEqual([]);
    }

    it.each(EDITS[provider])('$name: between two runs, and the next takes back what is ours', async (edit) => {
      await edit.make(harness);
      if (edit.isKept === undefined) expect(await differences(harness)).not.toEqual([]);
      await follow(await run(), edit.name);
      expect(edit.isKept?.(harness) ?? true).toBe(true);
      await expectConverged(harness, edit.name);
    });

    /** Makes the edit right after the first write of an action, before the run goes on. */
    async function editDuring(edit: Edit, action: string): Promise<void> {
      const when = `${edit.name}, after ${action}`;
      await declareVersion(quiet, ++version);
      const process = startProcess(harness, afterCall(action));
      const work = reconcileGateway(process.deps, 'prod', 'edge');
      expect(await Promise.race([process.stopped, work]), when).toBe(`after ${action}`);
      // People cannot edit what the run holds on to either.
      await edit.make(harness).catch((error: unknown) => expect(error, when).toBeInstanceOf(CloudError));
      process.resume();
      await follow(await work, when);
      process.close();
      expect(edit.isKept?.(harness) ?? true, when).toBe(true);
    }

    it.each(matrix(EDITS[provider], 2))(
      '$name: amid a run, and nothing is said to be verified that is not',
      async (edit) => {
        expect(writes.length).toBeGreaterThanOrEqual(5);
        for (const action of matrix(writes, 1)) await editDuring(edit, action);
        await expectConverged(harness, edit.name);
      },
      600_000,
    );
  },
);
