import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { matrix } from '../matrix.ts';
import { FLEET, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json } from './harness.ts';

const REASON = { reason: 'a rehearsal' };

describe.each(matrix(['alb', 'mse'] as const, 1))('behind %s', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider });
    await rounds(3);
  });
  afterEach(() => harness.close());

  /** Runs each step in an invocation of its own, as after a restart: it goes on from what is in the store. */
  async function rounds(n: number): Promise<void> {
    for (let round = 0; round < n; round++) {
      await runProbeRound(harness.deps());
      harness.clock.advance(5000);
    }
  }

  const inHours = (hours: number) => new Date(harness.clock.now() + hours * 3_600_000).toISOString();
  const shift = (fields: object = {}) => ({ cluster: 'a', ...REASON, expiresAt: inHours(1), ...fields });
  const get = async (path: string): Promise<Json> => (await harness.api('GET', `${FLEET}${path}`)).body;
  const percentOf = async (name: string) => (await get(`/shifts/${name}`)).currentPercent;

  it('a shift moves real traffic away, and its end brings it back by the ramp', async () => {
    await declare({ failover: { failback: { mode: 'ramp', rampSeconds: 20, stepPercent: 40 } } });
    const answer = await harness.api('PUT', `${FLEET}/shifts/drain`, shift());
    expect(answer.status).toBe(201);
    await rounds(1);
    expect(await get('/shifts/drain')).toMatchObject({ state: 'applied', currentPercent: 0 });
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ b: 20 });
    await harness.api('DELETE', `${FLEET}/shifts/drain`);
    expect(await get('/shifts/drain')).toMatchObject({ state: 'ended', endedBy: 'api' });
    await rounds(2);
    expect((await get('/clusters/a')).standing.state, 'never by a jump').toBe('ramping');
    await rounds(8);
    expect((await get('/clusters/a')).standing.state).toBe('up');
    const split = await harness.edge.split(50, 'shop.example.com');
    expect(split).toEqual({ a: 30, b: 20 });
  });

  it('a shift by steps waits until the gateway is verified, over restarts, and expires by itself', async () => {
    const quiet = createApi(harness.deps({ store: { ...harness.deps().store, acquire: async () => undefined } }));
    await quiet('PUT', `${FLEET}/shifts/slow`, shift({ stepPercent: 25, stepSeconds: 5 }));
    expect(await percentOf('slow')).toBe(75);
    harness.cloud.faults.add({ kind: 'drop', times: 100_000 });
    await rounds(3);
    expect(await percentOf('slow'), 'the gateway does not follow').toBe(75);
    harness.cloud.faults.clear();
    const seen: number[] = [];
    for (let round = 0; round < 12 && seen.at(-1) !== 0; round++) {
      await rounds(1);
      seen.push(await percentOf('slow'));
    }
    expect([...new Set(seen)]).toEqual([75, 50, 25, 0].slice(4 - new Set(seen).size));
    harness.clock.advance(3_600_000);
    await rounds(5);
    expect((await get('/shifts/slow')).endedBy).toBe('expiry');
  });

  it('a shift that leaves too little is refused with the numbers, unless a break-glass says so', async () => {
    await declare({ safety: { minBasePercent: 50 } });
    const refused = await harness.api('PUT', `${FLEET}/shifts/drain`, shift());
    expect([refused.status, refused.body.code]).toEqual([409, 'rule-violated']);
    expect(refused.body.errors).toMatchObject([
      { pointer: 'fleets/prod#/safety/minBasePercent', detail: expect.stringMatching(/40 %.*50/) },
    ]);
    const { items } = await get('/audit?action=shift.refused');
    expect(items).toMatchObject([{ actor: 'api', reason: expect.stringContaining('min-base') }]);
    await harness.api('PUT', `${FLEET}/break-glasses/move`, {
      rules: ['min-base'],
      reason: 'b has to do',
      expiresAt: inHours(1),
    });
    const allowed = await harness.api('PUT', `${FLEET}/shifts/drain`, shift());
    expect(allowed.status).toBe(201);
    expect((await get(`/decisions/${allowed.body.decision}`)).rules).toContainEqual(
      expect.objectContaining({ rule: 'min-base', passed: false, overriddenBy: 'move' }),
    );
  });

  it('a drill measures how long the gateways take, holds, gives the share back, and reports it', async () => {
    await declare({ drills: [{ name: 'lose-a', cluster: 'a', durationSeconds: 20 }], failover: FAST });
    const started = await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-a' });
    expect(started.status).toBe(201);
    const second = await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-a' });
    expect([second.status, second.body.code]).toEqual([409, 'already-live']);
    await rounds(2);
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ b: 20 });
    await rounds(9);
    const run = await get(`/drill-runs/${started.body.id}`);
    expect(run).toMatchObject({ state: 'passed', percent: 100, recoveryTargetSeconds: 60 });
    expect(run.recoverySeconds).toBeGreaterThanOrEqual(0);
    expect(run.recoverySeconds).toBeLessThanOrEqual(60);
    expect(await harness.edge.split(50, 'shop.example.com')).toEqual({ a: 30, b: 20 });
    const report = await get(`/drill-runs/${run.id}/report`);
    expect(report).toMatchObject({ run, isTargetMet: true, evidenceHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const shares = report.shares.map(({ backends }: Json) => shareOf(backends, 'a'));
    expect([shares[0], Math.min(...shares), shares.at(-1)]).toEqual([60, 0, 60]);
  });

  it('a drill of a city takes its cluster out, passes on what was read, and reports it in local time', async () => {
    const { body } = await harness.api('GET', `${FLEET}/clusters/a`);
    const { kind, ingress, probes } = body;
    await harness.put(`${FLEET}/clusters/a`, { kind, ingress, probes, site: 'north-1', city: 'north' });
    const drills = [{ name: 'lose-north', city: 'north', durationSeconds: 10 }];
    await declare({ drills, failover: FAST });
    const started = await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-north' });
    expect(started.body).toMatchObject({ city: 'north', clusters: ['a'], state: 'moving' });
    await rounds(2);
    expect((await get('/status')).drill).toMatchObject({ clusters: ['a'] });
    expect((await get('/clusters/a')).withdrawal).toMatchObject({ cause: 'drill', percent: 0 });
    await rounds(8);
    const run = await get(`/drill-runs/${started.body.id}`);
    expect(run).toMatchObject({ state: 'passed', percent: 100, lastReadAt: expect.any(String) });
    expect(run.events.at(-1).detail).toMatch(/^gateways were read to give a nothing after .* s; gateways were read to/);
    const { local, lostRequests } = await get(`/drill-runs/${run.id}/report?timeZone=Asia/Shanghai`);
    expect(local).toMatchObject({ timeZone: 'Asia/Shanghai', endedAt: expect.stringMatching(/ GMT\+08:00$/) });
    expect(lostRequests).toMatchObject({ aboveCapacity: 0, notKnown: expect.arrayContaining([expect.any(String)]) });
  });

  it('a drill that the gateway does not follow has failed, and says so with what was not read', async () => {
    await declare({ drills: [{ name: 'lose-a', cluster: 'a', recoveryTargetSeconds: 10 }], failover: FAST });
    harness.cloud.faults.add({ kind: 'drop', times: 100_000 });
    const { body } = await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-a' });
    await rounds(5);
    const run = await get(`/drill-runs/${body.id}`);
    expect(run).toMatchObject({ state: 'failed' });
    expect(run).not.toHaveProperty('verifiedAt');
    expect(run.events.at(-1).detail).toMatch(/did not follow within 10 s/);
    harness.cloud.faults.clear();
  });

  it('a drill is aborted by hand, and interrupted by a real failure', async () => {
    await declare({ drills: [{ name: 'lose-a', cluster: 'a' }], failover: FAST });
    const first = await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-a' });
    expect((await harness.api('POST', `${FLEET}/drill-runs/${first.body.id}/abort`)).status).toBe(200);
    expect((await get(`/drill-runs/${first.body.id}`)).state).toBe('aborted');
    await rounds(4);
    const again = await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-a' });
    expect(again.status).toBe(201);
    await harness.edge.clusters.b.fail('brownout');
    await rounds(2);
    expect((await get(`/drill-runs/${again.body.id}`)).state).toMatch(/^(interrupted|aborted)$/);
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ a: 20 });
  });

  const FAST = { failback: { mode: 'ramp', rampSeconds: 10, stepPercent: 100 } };

  async function declare(policy: object): Promise<void> {
    const { body } = await harness.api('GET', FLEET);
    await harness.put(FLEET, { automation: 'automatic', health: body.health, ...policy });
    await rounds(1);
  }
});

/** Returns the cluster's share of the first backend that several clusters serve in the same tier. */
function shareOf(backends: Json[], cluster: string): number {
  const shares = backends.map(({ clusters }) => clusters.find((item: Json) => item.cluster === cluster).percent);
  return shares.find((percent) => percent !== 100 && percent !== 0) ?? Math.min(...shares);
}
