import { afterEach, describe, expect, it } from 'vitest';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { FleetStatus, type ReadyCall } from '../../schemas/status.ts';
import { matrix } from '../matrix.ts';
import { EDITS } from './console.ts';
import { FLEET, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

let harness: Harness;

afterEach(() => harness.close());

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(harness.deps());
    harness.clock.advance(5000);
    await sweep(harness.deps());
  }
}

async function status(): Promise<FleetStatus> {
  const { status: code, body } = await harness.api('GET', `${FLEET}/status`);
  expect(code).toBe(200);
  expect(FleetStatus.parse(body), 'is as its schema says').toEqual(body);
  return body;
}

const send = async ({ method, path, body, headers }: ReadyCall) => await harness.api(method, path, body, headers);

/**
 * Sends an action that the status offers about something, unchanged; the end of its title tells it apart where there
 * are several.
 */
async function actOn(about: string, title = ''): Promise<Json> {
  const found = (await status()).calls.find((call) => call.about === about && call.title.startsWith(title));
  if (found === undefined) throw new Error(`Nothing is offered about ${about}.`);
  const answer = await send(found);
  expect([answer.status < 300, found, answer.body?.detail]).toEqual([true, found, undefined]);
  return answer.body;
}

const offered = async () => (await status()).calls.map(({ about }) => about);
const declare = async (policy: object) => {
  const { health, failover } = (await harness.api('GET', FLEET)).body;
  await harness.put(FLEET, { automation: 'automatic', health, failover, ...policy });
};
const clusterIn = ({ clusters }: FleetStatus, name: string) => clusters.find(({ cluster }) => cluster === name);
const range = (minPercent: number, maxPercent = minPercent) => ({ minPercent, maxPercent });
const split = () => harness.edge.split(50, 'shop.example.com');
const HALF_A_MINUTE = 6;

describe.each(matrix(['mse', 'alb'] as const, 1))('on a night behind %s', (provider) => {
  it('the status is right after each step, and what it offers settles it', async () => {
    harness = await startFleet({ provider, jobLatencyMs: 20 });
    await declare({ automation: 'recommend' });
    await rounds(8);
    const calm = await status();
    expect(calm.summary).toMatch(
      /^All 2 clusters are up, and the gateway had what it shall have when last read, at most \d+ s ago\.$/,
    );
    expect(calm.calls).toEqual([]);
    expect(clusterIn(calm, 'a')?.points).toMatchObject({
      declared: range(60, 100),
      intended: range(60, 100),
      gateways: [{ gateway: 'edge', verified: range(60, 100), unknownPools: 0 }],
    });

    // A cluster dies, and automation only recommends.
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    const dead = await status();
    expect(dead.summary).toMatch(
      /^a is down since .*, and edge gave it 60 to 100 % when read \d+ s ago\. It is to have 60 to 100 % now, since automation does not act\./,
    );
    expect(dead.summary).toContain('recommended is a from 60 to 100 % to 0 %');
    expect(clusterIn(dead, 'a')).toMatchObject({
      standing: 'down',
      reason: 'Down',
      waitsFor: [{ reason: 'AwaitsRecovery' }, { reason: 'ModeHolds' }],
      points: { gateways: [{ verified: range(60, 100) }] },
    });
    await actOn('recommendation');
    await rounds(1);
    const left = await status();
    expect(left.summary).toMatch(/^a is down since .*, and gateways gave it nothing when last read/);
    expect(left.calls).toEqual([]);
    expect(clusterIn(left, 'a')?.points).toMatchObject({ intended: range(0), gateways: [{ verified: range(0) }] });
    expect(await split()).toEqual({ b: 50 });

    // The cloud throttles while the cluster comes back: no move is reported that was not read back.
    await harness.edge.clusters.a.recover();
    await rounds(20);
    harness.cloud.faults.add({ kind: 'throttle', times: 100_000 });
    await actOn('recommendation');
    await rounds(HALF_A_MINUTE + 2);
    const throttled = await status();
    expect(clusterIn(throttled, 'a')?.points).toMatchObject({
      intended: range(60, 100),
      gateways: [{ verified: range(0) }],
    });
    expect(throttled.gateways).toMatchObject([
      { isFollowing: false, faults: [{ reason: 'NoProgress' }, { reason: 'NotReadable' }] },
    ]);
    expect(throttled.summary).toMatch(/^Gateway edge: /);
    harness.cloud.faults.clear();
    harness.clock.advance(60_000);
    await rounds(3);
    expect((await status()).summary).toMatch(/^All 2 clusters are up/);
    expect(await split()).toEqual({ a: 30, b: 20 });

    // A colleague edits at the console.
    await EDITS[provider](harness);
    await harness.cloud.runDue();
    harness.clock.advance(301_000);
    await rounds(2);
    const edited = await status();
    expect(edited.gateways).toMatchObject([{ faults: [{ reason: 'Drifted', since: expect.any(String) }] }]);
    expect(edited.summary).toMatch(/^Gateway edge: Somebody changed 1 object at the gateway/);
    await actOn('gateways/edge');
    await rounds(2);
    const mended = await status();
    expect([mended.calls, mended.gateways[0]?.faults]).toEqual([[], []]);
    expect(await split()).toEqual({ a: 30, b: 20 });
  });
});

describe('what the status offers', () => {
  it('of a cluster that a brake keeps in: it goes out, or it stays in', async () => {
    harness = await startFleet();
    const failover = { cooldownSeconds: 0, correlation: { action: 'ask' } };
    await declare({ failover });
    await rounds(3);
    for (const name of ['a', 'b'] as const) await harness.edge.clusters[name].fail('refuse');
    await rounds(2);
    const seen = await status();
    const suspected = seen.clusters.find(({ standing }) => standing === 'suspected')?.cluster ?? '';
    expect(seen.brakes).toMatchObject([{ brake: 'correlation', clusters: [suspected], until: expect.any(String) }]);
    expect(seen.summary).toContain(`${suspected} fails, and the brake correlation keeps it in until`);
    expect(clusterIn(seen, suspected)).toMatchObject({ reason: 'AwaitsAnswer' });
    expect(seen.calls.map(({ title }) => title)).toEqual([`Take ${suspected} out`, `Keep ${suspected} in`]);
    await actOn(`clusters/${suspected}`, 'Keep');
    expect((await status()).brakes).toEqual([]);
    expect(clusterIn(await status(), suspected)?.standing).toBe('up');
  });

  it('of a dead cluster behind a closed gate, and of a freeze: a declaration that is taken as it is', async () => {
    harness = await startFleet();
    await declare({ safety: { gates: [{ name: 'night', open: false, clusters: ['a'] }] } });
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    const gated = await status();
    expect(gated.brakes).toMatchObject([{ brake: 'gate', name: 'night', clusters: ['a'] }]);
    expect(clusterIn(gated, 'a')?.waitsFor).toMatchObject([{ reason: 'GateClosed' }]);
    await actOn('gates/night');
    await rounds(2);
    expect(await split()).toEqual({ b: 50 });
    expect(await offered()).toEqual([]);

    const now = harness.clock.now();
    const times = { from: new Date(now - 1000).toISOString(), to: new Date(now + 3_600_000).toISOString() };
    const freezeWindows = [{ type: 'once', ...times }];
    await declare({ failover: { cooldownSeconds: 0, freezeWindows } });
    await harness.edge.clusters.a.recover();
    await rounds(20);
    const frozen = await status();
    expect(clusterIn(frozen, 'a')?.waitsFor).toMatchObject([{ reason: 'Frozen', until: times.to }]);
    await actOn('freeze');
    await rounds(3);
    expect(await split()).toEqual({ a: 30, b: 20 });
  });

  it('of a cluster that needs consent, of a shift, of a drill and of a pause', async () => {
    harness = await startFleet();
    const drills = [{ name: 'lose-b', cluster: 'b' }];
    await declare({
      failover: { cooldownSeconds: 0, failback: { mode: 'manual', rampSeconds: 10, stepPercent: 100 } },
      drills,
    });
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    await harness.edge.clusters.a.recover();
    await rounds(20);
    expect((await status()).brakes).toMatchObject([{ brake: 'consent', clusters: ['a'] }]);
    await actOn('clusters/a');
    await rounds(5);
    expect(await split()).toEqual({ a: 30, b: 20 });

    await harness.api('POST', `${FLEET}/evacuations`, { cluster: 'a', reason: 'flood' });
    await rounds(2);
    const taken = await status();
    expect(taken.summary).toMatch(/^a: the shift evacuation-a of api drains it until /);
    expect(clusterIn(taken, 'a')?.waitsFor).toMatchObject([{ reason: 'Drained', until: expect.any(String) }]);
    await actOn('shifts/evacuation-a');
    await rounds(5);
    expect(await split()).toEqual({ a: 30, b: 20 });

    expect((await harness.api('POST', `${FLEET}/drill-runs`, { drill: 'lose-b' })).status).toBe(201);
    const drilled = await status();
    await actOn(`drill-runs/${drilled.drill?.run}`);
    await rounds(5);
    expect(await split()).toEqual({ a: 30, b: 20 });

    await harness.api('POST', `${FLEET}/pause`, { reason: 'network' });
    expect(await status()).toMatchObject({
      mode: { automation: 'paused', resumesTo: 'automatic' },
      summary: 'Automation is paused.',
    });
    await actOn('mode');
    expect((await status()).mode).toEqual({ automation: 'automatic' });
    expect(await offered()).toEqual([]);
  });
});

describe('a status', () => {
  it('says nothing of a gateway that was not read back', async () => {
    harness = await startFleet();
    await rounds(2);
    const { store } = harness.deps();
    await harness.api('DELETE', `${FLEET}/routes/pinned`, undefined, { 'if-match': '*' });
    harness.cloud.faults.add({ kind: 'error', code: 'Forbidden.RAM', times: 100_000 });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(HALF_A_MINUTE + 4);
    const { readAt, poolsReadAt } = (await store.readings('prod'))[0] ?? {};
    const seen = await status();
    expect(seen.gateways).toMatchObject([
      { isFollowing: false, readAt, faults: [{ reason: 'NoProgress' }, { reason: 'NotReadable' }] },
    ]);
    const at = clusterIn(seen, 'a')?.points?.gateways[0];
    expect(at).toMatchObject({ verified: range(60, 100), readAt: poolsReadAt });
    expect(at?.ageSeconds).toBeGreaterThanOrEqual(30);
    expect(seen.summary).toMatch(
      new RegExp(`^a is down since .*, and edge gave it 60 to 100 % when read ${at?.ageSeconds} s ago\\.`),
    );
  });

  it('names the voters that are not heard, and changes nothing', async () => {
    harness = await startFleet();
    await rounds(2);
    harness.clock.advance(3_600_000);
    const before = await harness.deps().store.traffic('prod');
    harness.meter.reset();
    const seen = await status();
    expect(seen.silentVoters).toMatchObject([{ voter: 'edge', isLost: true, since: expect.any(String) }]);
    expect(seen.summary).toContain('Not heard: edge since');
    expect(harness.meter.written()).toEqual({});
    expect(await harness.deps().store.traffic('prod')).toEqual(before);
  });

  it('needs a fleet', async () => {
    harness = await startFleet();
    expect((await harness.api('GET', '/v1/fleets/none/status')).status).toBe(404);
  });
});
