import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Deps } from '../../functions/deps.ts';
import { createHeartbeat } from '../../functions/engine/heartbeat.ts';
import { runProbeRound, runProbeSchedule } from '../../functions/engine/probe/probe.ts';
import { CorruptItemError } from '../../functions/unreadable.ts';
import { type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});

beforeEach(() => {
  harness.events.length = 0;
});

afterAll(async () => await harness.close());

const anonymous = { headers: { Authorization: undefined } };
const START_MS = Date.now();
const at = (seconds: number) => ({ now: () => START_MS + seconds * 1000, sleep: async () => undefined });
const ready = (seconds: number, overrides: Partial<Deps> = {}) =>
  harness.call('GET', '/readyz', anonymous, { clock: at(seconds), ...overrides });
const statusOf = (checks: Json[]) => Object.fromEntries(checks.map(({ name, status }) => [name, status]));

/** Runs all jobs at once, because the schedule runs them side by side. */
async function beatAll(seconds: number): Promise<void> {
  const deps = { ...harness.deps, clock: at(seconds) };
  await Promise.all((['sweep', 'rollouts', 'deliveries'] as const).map((job) => createHeartbeat(deps, job)()));
  await runProbeSchedule(deps, START_MS);
}

describe('/livez', () => {
  inProcess.it('answers without a token and without the store', async () => {
    const store = new Proxy({} as Deps['store'], {
      get: () => {
        throw new Error('It was asked.');
      },
    });
    const answer = await harness.call('GET', '/livez', anonymous, { store });
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
  });

  it('took the place of /healthz, which said that all is well whatever was', async () => {
    expect((await harness.call('GET', '/healthz', anonymous)).status).toBe(404);
  });
});

inProcess.describe('/readyz', () => {
  it('says of a control plane that has just been installed that its schedule has not run', async () => {
    const { status, body } = await ready(0);
    expect(status).toBe(503);
    expect(body.status).toBe('unready');
    expect(statusOf(body.checks)).toEqual({
      store: 'ok',
      probe: 'failed',
      sweep: 'failed',
      rollouts: 'failed',
      deliveries: 'failed',
    });
    expect(body.checks[1].detail).toBe(
      'No round of probes has been seen yet: the schedule has not run since Fairlead was installed.',
    );
  });

  it('is 200 once every job has run, a round of no fleets too', async () => {
    await beatAll(10);
    const { status, body } = await ready(15);
    expect([status, body.status]).toEqual([200, 'ready']);
    expect(body.checks[1]).toEqual({
      name: 'probe',
      status: 'ok',
      ageSeconds: 5,
      limitSeconds: 180,
      detail: 'The last round of probes ended 5 s ago.',
    });
  });

  it('is 503 when the schedule has stopped, and says since when', async () => {
    await beatAll(20);
    expect((await ready(200)).status).toBe(200);
    const { status, body } = await ready(201);
    expect(status).toBe(503);
    expect(body.checks[2]).toMatchObject({ name: 'sweep', status: 'failed', ageSeconds: 181 });
  });

  it('is 503 when one job has stopped while the others run', async () => {
    await beatAll(30);
    const deps = { ...harness.deps, clock: at(300) };
    for (const job of ['sweep', 'rollouts', 'deliveries'] as const) await createHeartbeat(deps, job)();
    const { status, body } = await ready(301);
    expect([status, statusOf(body.checks)]).toEqual([
      503,
      { store: 'ok', probe: 'failed', sweep: 'ok', rollouts: 'ok', deliveries: 'ok' },
    ]);
    await runProbeRound(deps);
    expect((await ready(301)).status).toBe(200);
  });

  it('is 503 when the store fails, says so without the cause, and logs the cause', async () => {
    const broken = async () => {
      throw new Error('connect ECONNREFUSED 10.0.0.1:8000');
    };
    const { status, body } = await ready(301, { store: { ...harness.deps.store, heartbeats: broken } });
    expect([status, statusOf(body.checks)]).toEqual([503, { store: 'failed' }]);
    expect(JSON.stringify(body)).not.toContain('10.0.0.1');
    expect(harness.events.find(({ event }) => event === 'readiness.failed')).toBeDefined();
  });

  it('does not take fleets that cannot be read for a round of none', async () => {
    await beatAll(310);
    const unreadable = [new CorruptItemError({ pk: 'FLEETS', sk: 'fleet#demo' }, 'the body is not JSON')];
    const store: Deps['store'] = { ...harness.deps.store, fleets: async () => ({ items: [], unreadable }) };
    await runProbeRound({ ...harness.deps, store, clock: at(600) });
    expect(statusOf((await ready(600)).body.checks)).toMatchObject({ store: 'ok', probe: 'failed' });
  });

  it('says of a heartbeat that cannot be read that none was seen, and nothing of the store', async () => {
    await beatAll(700);
    const heartbeats: Deps['store']['heartbeats'] = async () => {
      const { items } = await harness.deps.store.heartbeats();
      const unreadable = [new CorruptItemError({ pk: 'HEARTBEAT', sk: 'sweep' }, 'atMs: invalid_type')];
      return { items: items.filter(({ job }) => job !== 'sweep'), unreadable };
    };
    const { body } = await ready(701, { store: { ...harness.deps.store, heartbeats } });
    expect(statusOf(body.checks)).toMatchObject({ store: 'ok', probe: 'ok', sweep: 'failed' });
  });

  it('names nothing that is declared', async () => {
    await harness.call('PUT', '/v1/fleets/secret-fleet', { body: {}, headers: { 'If-None-Match': '*' } });
    await beatAll(800);
    expect(JSON.stringify((await ready(801)).body)).not.toContain('secret-fleet');
  });
});

describe('a heartbeat', () => {
  it('is written every 20 seconds at most, and its time never moves back', async () => {
    let nowMs = START_MS + 1_000_000;
    let writes = 0;
    const store: Deps['store'] = {
      ...harness.deps.store,
      beat: async (job, atMs) => {
        writes += 1;
        await harness.deps.store.beat(job, atMs);
      },
    };
    const beat = createHeartbeat({ ...harness.deps, store, clock: { ...at(0), now: () => nowMs } }, 'sweep');
    for (let second = 0; second < 60; second++, nowMs += 1000) await beat();
    expect(writes).toBe(3);
    await harness.deps.store.beat('sweep', START_MS);
    const found = (await harness.deps.store.heartbeats()).items.find(({ job }) => job === 'sweep');
    expect(found?.atMs).toBe(START_MS + 1_040_000);
  });

  it('that cannot be written does not fail the job, and is logged', async () => {
    const beat = async () => {
      throw new Error('the store is away');
    };
    await createHeartbeat({ ...harness.deps, store: { ...harness.deps.store, beat } }, 'sweep')();
    expect(harness.events.map(({ event }) => event)).toEqual(['heartbeat.failed']);
  });
});
