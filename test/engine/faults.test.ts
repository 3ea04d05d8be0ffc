import { setTimeout as realSleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import type { Fault } from '../../infra/local/cloud/faults.ts';
import { matrix } from '../matrix.ts';
import { contradictions, entries } from './books.ts';
import { FLEET, startFleet } from './fleet.ts';
import { type Api, type Harness, quietApi } from './harness.ts';
import { keepAsking, type Requests } from './requests.ts';
import { differences, expectConverged } from './truth.ts';
import { declareVersion } from './versions.ts';

/** A call is tried six times; a fault that is met more often outlasts it. */
const ONCE = 1;
const LASTING = 8;

/** In real time. A call that takes longer is given up by us, and done by the cloud nevertheless. */
const CALL_TIMEOUT_MS = 500;
const TOO_LATE_MS = 700;

/** Faults that heal are outlived in fewer runs. */
const MAX_RUNS = 6;

/** Of calls that an apply makes. */
interface Action {
  action: string;
  kind: 'read' | 'write' | 'unknown';
}

interface Case {
  name: string;
  faults: readonly Fault[];
  of?: 'read' | 'write';
  only?: 'alb' | 'mse';
}

/** To an apply a broken connection, a page of a proxy and a 503 are one: the cloud did not answer (test/cloud tells them apart). */
const CASES: readonly Case[] = [
  { name: 'is throttled', faults: [{ kind: 'throttle', times: LASTING }] },
  { name: 'answers 503', faults: [{ kind: 'error', times: LASTING }] },
  { name: 'is refused for good', faults: [{ kind: 'error', code: 'Forbidden.RAM', times: ONCE }] },
  { name: 'refuses inside an HTTP 200', faults: [{ kind: 'body-error', times: ONCE }], only: 'mse' },
  {
    name: 'is done, and its answer is lost',
    faults: [{ kind: 'lost-response', times: LASTING }],
    of: 'write',
  },
  { name: 'is done after we gave up', faults: [{ kind: 'latency', latencyMs: TOO_LATE_MS }], of: 'write' },
  { name: 'is done by half', faults: [{ kind: 'partial-batch', times: ONCE }], of: 'write', only: 'alb' },
  {
    name: 'does not show what was just written',
    faults: [1, 3].map((times) => ({ kind: 'stale-read', times })),
    of: 'read',
  },
];

describe.each(matrix(['alb', 'mse'] as const, 1))('an apply to %s of which any one action', (provider) => {
  let harness: Harness;
  let quiet: Api;
  let requests: Requests;
  let actions: Action[];
  let version = 0;

  const declareNext = () => declareVersion(quiet, ++version);

  beforeAll(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 50, callTimeoutMs: CALL_TIMEOUT_MS });
    // A call of ours that comes too late looks like somebody's edit.
    await harness.put(`${FLEET}/gateways/edge`, { target: harness.edge.target, drift: 'revert' });
    quiet = quietApi(harness);
    requests = keepAsking(harness.edge, [{ host: 'shop.example.com' }, { host: 'eu.ledger.example.com', path: '/v1' }]);
    await declareNext();
    await sweep(harness.deps());
    await declareNext();
    harness.forgetCalls();
    await sweep(harness.deps());
    actions = [...new Map(harness.cloud.log.entries.map(({ action, kind }) => [action, { action, kind }])).values()];
  });
  afterAll(async () => {
    await requests.stop();
    await harness.close();
  });

  /** Runs until the gateway is said to be verified. Every run before must say why it was not the last. */
  async function follow(when: string): Promise<void> {
    for (let run = 1; run <= MAX_RUNS; run++) {
      await sweep(harness.deps());
      const [sync] = await harness.deps().store.syncs('prod');
      if (sync?.state === 'Verified') return;
      expect(sync?.state, when).toMatch(/^(Failed|Diverged)$/);
      expect(sync?.reason, `${when}: ${sync?.message}`).toMatch(/^(?!InternalError)[A-Z][A-Za-z]+$/);
      harness.clock.advance(Date.parse(sync?.nextAttemptAt ?? '') - harness.clock.now());
    }
    throw new Error(`${when}: not verified in ${MAX_RUNS} runs`);
  }

  /** A call that comes too late for us may come after all was verified: that is drift, which the next comparison finds. */
  async function awaitLate(): Promise<void> {
    while (!harness.cloud.log.entries.some((entry) => entry.fault === 'latency')) await realSleep(10);
    await harness.cloud.runDue();
    await reconcileGateway(harness.deps(), 'prod', 'edge');
  }

  const cases = CASES.filter((one) => one.only === undefined || one.only === provider);

  it.each(matrix(cases, 4))(
    '$name: it ends as declared, and what is said meanwhile is true',
    async ({ faults, of }) => {
      let met = 0;
      const meant = matrix(
        actions.filter(({ kind }) => of === undefined || kind === of),
        2,
      );
      for (const { action } of meant) {
        for (const fault of faults) {
          const when = `${action}, ${fault.kind} ${fault.times}`;
          await declareNext();
          harness.forgetCalls();
          harness.cloud.faults.add({ ...fault, product: provider, action });
          await follow(when);
          if (fault.kind === 'latency' && harness.cloud.faults.list().length === 0) await awaitLate();
          if (harness.cloud.log.entries.some((entry) => entry.fault === fault.kind)) met++;
          harness.cloud.faults.clear();
          expect(await differences(harness), when).toEqual([]);
          expect(requests.failed(), when).toEqual([]);
        }
      }
      expect(met).toBeGreaterThanOrEqual(Math.min(5, meant.length));
      await expectConverged(harness, 'afterwards');
      expect(contradictions(await entries(harness))).toEqual([]);
    },
    600_000,
  );
});
