import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProbeRound, runProbeSchedule } from '../../functions/engine/probe/probe.ts';
import { matrix } from '../matrix.ts';
import { declareFleet, FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';
import { everyPoolServes } from './inventory.ts';

const PROVIDERS = ['alb', 'mse'] as const;
const RULE_WRITES = /Rule|Route/;

/** The call that moves a pool, and the call by which rules would be read. */
const CALLS = {
  alb: { move: 'UpdateServerGroupServersAttribute', readRules: 'ListRules' },
  mse: { move: 'UpdateGatewayService', readRules: 'ListGatewayRoute' },
};

let harness: Harness;

async function begin(provider: 'alb' | 'mse'): Promise<void> {
  harness = await startFleet({ provider });
  await rounds(3);
  harness.forgetCalls();
}

afterEach(() => harness.close());

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(harness.deps());
    harness.clock.advance(5000);
  }
}

const sharesOf = async (route: string) => {
  const { body } = await harness.api('GET', `${FLEET}/routes/${route}`);
  return Object.fromEntries(
    body.shares[0].clusters.map((share: { cluster: string; effectivePercent: number }) => [
      share.cluster,
      share.effectivePercent,
    ]),
  );
};

/** The network of a prober that loses the first n HTTP answers. */
function flaky(n: number) {
  const { net } = harness.deps();
  let lost = 0;
  const fetch: typeof net.fetch = async (url, init) => {
    if (lost++ < n) throw new Error('lost');
    return await net.fetch(url, init);
  };
  return { ...net, fetch };
}

describe.each(PROVIDERS)('behind %s, a cluster that fails', (provider) => {
  beforeEach(() => begin(provider));

  it.each(['refuse', 'hang', 'brownout'] as const)(
    'by %s is found out in one round and loses its share in every pool, and no rule is written',
    async (mode) => {
      await harness.edge.clusters.a.fail(mode);
      await rounds(1);
      expect(await sharesOf('shop')).toEqual({ a: 0, b: 100 });
      expect(await sharesOf('ledger')).toEqual({ a: 0, b: 100 });
      expect(await harness.edge.split(50, 'shop.example.com')).toEqual({ b: 50 });
      expect(await harness.edge.get('eu.ledger.example.com', '/v1')).toMatchObject({ cluster: 'b' });
      expect(harness.writes().filter((action) => RULE_WRITES.test(action))).toEqual([]);
      expect(harness.writes()).toEqual([CALLS[provider].move, CALLS[provider].move]);
      expect(harness.cloud.log.entries.map((entry) => entry.action)).not.toContain(CALLS[provider].readRules);
    },
  );

  it('gets its declared shares back after it has been healthy for the dwell time, and not before', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    await harness.edge.clusters.a.recover();
    await rounds(7 + 11);
    expect(await sharesOf('shop')).toEqual({ a: 0, b: 100 });
    await rounds(2);
    expect(await sharesOf('shop')).toEqual({ a: 60, b: 40 });
    expect(await harness.edge.split(50, 'shop.example.com')).toEqual({ a: 30, b: 20 });
    expect(harness.writes().filter((action) => RULE_WRITES.test(action))).toEqual([]);
  });

  it('does not move a strictly pinned route', async () => {
    await harness.edge.clusters.b.fail('brownout');
    await rounds(1);
    expect(await sharesOf('pinned')).toEqual({ b: 100 });
    expect(await harness.edge.get('shop.example.com', '/', { 'x-pin': 'b' })).toMatchObject({ status: 503 });
    expect(await harness.edge.get('shop.example.com')).toMatchObject({ cluster: 'a' });
  });

  it('is withdrawn in the end although the cloud was away when it failed', async () => {
    harness.cloud.faults.add({ kind: 'drop', times: 100_000 });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    expect((await harness.api('GET', `${FLEET}/gateways/edge`)).body.sync.state).toBe('Failed');
    harness.cloud.faults.clear();
    await rounds(1);
    expect((await harness.api('GET', `${FLEET}/gateways/edge`)).body.sync.state).toBe('Verified');
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ b: 20 });
  });

  it('does not make a gateway look verified that has yet to take up a route', async () => {
    harness.cloud.faults.add({ kind: 'error', code: 'Forbidden.RAM', times: 100_000 });
    await harness.put(`${FLEET}/routes/new`, { ...ROUTES.shop, hostnames: ['new.example.com'] });
    const gateway = async () => (await harness.api('GET', `${FLEET}/gateways/edge`)).body;
    const { sync: failed } = await gateway();
    expect(failed).toMatchObject({ state: 'Failed', reason: 'CloudDenied', attempts: 1 });
    harness.cloud.faults.clear();
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    expect(await harness.edge.split(10, 'shop.example.com')).toEqual({ b: 10 });
    expect((await gateway()).sync).toMatchObject({ ...failed, lastAttemptAt: expect.any(String) });
    const { body: route } = await harness.api('GET', `${FLEET}/routes/new`);
    expect(route.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Programmed',
        status: 'False',
        reason: 'Pending',
        arguments: expect.objectContaining({ cause: expect.stringContaining('CloudDenied') }),
      }),
    );
  });

  it('stays out of new routes while it is withdrawn', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    const spec = {
      gateways: ['edge'],
      hostnames: ['new.example.com'],
      rules: [{ backendRefs: [{ service: 'pay', port: 80 }] }],
    };
    await harness.put(`${FLEET}/routes/new`, spec);
    expect(await harness.edge.split(10, 'new.example.com')).toEqual({ b: 10 });
  });
});

/** The decision is the same whatever the gateway. */
describe.each(matrix(PROVIDERS, 1))('behind %s, the decision upon a cluster that fails', (provider) => {
  beforeEach(() => begin(provider));

  it('is shown with the evidence, and the decision says why', async () => {
    await harness.edge.clusters.a.fail('brownout');
    await rounds(1);
    const { body: cluster } = await harness.api('GET', `${FLEET}/clusters/a`);
    expect(cluster.health).toMatchObject({
      state: 'unhealthy',
      votes: [{ voter: 'edge', state: 'unhealthy', consecutiveFailures: 3, isFresh: true }],
    });
    expect(cluster.health.lastObservation).toMatchObject({ outcome: 'fail', detail: 'http: status 503' });
    const { body: decisions } = await harness.api('GET', `${FLEET}/decisions`);
    expect(decisions.items).toHaveLength(1);
    expect(decisions.items[0]).toMatchObject({
      outcome: 'applied',
      withdrawnBefore: [],
      withdrawnAfter: ['a'],
      changes: [{ cluster: 'a', action: 'withdraw', health: { state: 'unhealthy' } }],
    });
    expect(decisions.items[0].changes[0].evidence.slice(0, 3).map((item: { outcome: string }) => item.outcome)).toEqual(
      ['fail', 'fail', 'fail'],
    );
    expect(cluster.withdrawal).toMatchObject({ decision: decisions.items[0].id });
    const { body: log } = await harness.api('GET', `${FLEET}/audit?actor=automation`);
    expect(log.items).toMatchObject([
      {
        action: 'decision.applied',
        target: { kind: 'fleet', name: 'prod' },
        requestId: decisions.items[0].id,
        reason: `withdraw a: ${decisions.items[0].changes[0].reason}`,
        before: 0,
        after: 1,
        changes: [{ pointer: '/withdrawn/0', after: 'a' }],
      },
    ]);
    const { body: observations } = await harness.api('GET', `${FLEET}/clusters/a/observations?pageSize=3`);
    expect(observations.items.map((item: { outcome: string }) => item.outcome)).toEqual(['fail', 'fail', 'fail']);
  });

  it('keeps its traffic when it is the last one: never all to 0', async () => {
    await harness.edge.clusters.a.fail('brownout');
    await rounds(1);
    await harness.edge.clusters.b.fail('brownout');
    harness.forgetCalls();
    await rounds(2);
    expect(await sharesOf('shop'), 'both failed within the window: their observer is not believed').toEqual({
      a: 60,
      b: 40,
    });
    await harness.edge.clusters.a.recover();
    await rounds(9);
    expect(await sharesOf('shop'), 'the first to recover does not wait').toEqual({ a: 100, b: 0 });
  });

  it('moves nothing when all fail at once', async () => {
    await harness.edge.clusters.a.fail('hang');
    await harness.edge.clusters.b.fail('hang');
    await rounds(2);
    const { a, b } = await sharesOf('shop');
    expect(a + b).toBe(100);
    expect(everyPoolServes(harness.cloud)).toBe(true);
  });

  it('a single failed probe is not enough', async () => {
    const round = runProbeRound(harness.deps({ net: flaky(1) }));
    await round;
    expect((await harness.api('GET', `${FLEET}/decisions`)).body.items).toEqual([]);
    expect(harness.writes()).toEqual([]);
  });

  it.each(['paused', 'recommend'])('in a fleet that is %s is recorded once, and nothing moves', async (automation) => {
    await declareFleet(harness, automation);
    harness.forgetCalls();
    await harness.edge.clusters.a.fail('brownout');
    await rounds(3);
    expect(harness.writes()).toEqual([]);
    expect(await sharesOf('shop')).toEqual({ a: 60, b: 40 });
    const { body: decisions } = await harness.api('GET', `${FLEET}/decisions`);
    expect(decisions.items).toMatchObject([{ outcome: 'withheld', withdrawnAfter: ['a'] }]);
    const { body: cluster } = await harness.api('GET', `${FLEET}/clusters/a`);
    expect(cluster.health.state).toBe('unhealthy');
    const { body: fleet } = await harness.api('GET', FLEET);
    expect(fleet.conditions).toContainEqual(expect.objectContaining({ type: 'Automated', status: 'False' }));
  });

  it('is found out within the minute of one cron firing, at the interval of the fleet', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await runProbeSchedule(harness.deps(), harness.clock.now() + 57_000);
    expect(await sharesOf('shop')).toEqual({ a: 0, b: 100 });
    const { body } = await harness.api('GET', `${FLEET}/clusters/b/observations?pageSize=200`);
    const rounds = body.items.length - 3;
    expect(rounds).toBeGreaterThanOrEqual(10);
    expect(rounds).toBeLessThanOrEqual(12);
  });

  it.each([
    ['refuses', { timeoutSeconds: 2, confirmSeconds: 0.5 }, 0, 500],
    ['hangs', { timeoutSeconds: 2, confirmSeconds: 1 }, 2000, 2000],
  ])('when it %s, is looked at again so soon after each look was begun', async (_, health, takesMs, apartMs) => {
    const policy = { intervalSeconds: 5, failureThreshold: 3, successThreshold: 3, dwellSeconds: 60, ...health };
    await harness.put(FLEET, { automation: 'automatic', health: policy });
    const { net } = harness.deps();
    const { port } = harness.edge.clusters.a.address;
    const fetch: typeof net.fetch = async (url, init) => {
      if (new URL(url).port !== String(port)) return await net.fetch(url, init);
      await harness.clock.sleep(takesMs);
      throw new Error('no answer');
    };
    await runProbeRound(harness.deps({ net: { ...net, fetch } }));
    const { body } = await harness.api('GET', `${FLEET}/clusters/a/observations?pageSize=3`);
    const [third, second, first] = body.items.map((item: { observedAt: string }) => Date.parse(item.observedAt));
    expect([second - first, third - second]).toEqual([apartMs, apartMs]);
    expect(await sharesOf('shop')).toEqual({ a: 0, b: 100 });
  });

  it('is probed by one prober at a time; a second one is told so', async () => {
    const both = await Promise.all([runProbeRound(harness.deps()), runProbeRound(harness.deps())]);
    expect(both.map((round) => round.fleets[0]?.state).sort()).toEqual(['busy', 'done']);
  });
});
