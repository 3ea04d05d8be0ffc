import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../functions/core/failover/decide.ts';
import type { DecisionResult } from '../../functions/core/failover/decision-input.ts';
import { type ReadInput, readDecisionInput } from '../../functions/engine/failover/decision-input.ts';
import { recordingOf } from '../../functions/engine/failover/record.ts';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { createAgentKey, signerOf } from '../../infra/agent/key.ts';
import type { Decision } from '../../schemas/decision.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';
import { itemsOf, replaceItems } from './saved.ts';

const HOUR_MS = 3_600_000;

let harness: Harness;

beforeEach(async () => {
  harness = await startFleet();
  await rounds(3);
});
afterEach(() => harness.close());

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(harness.deps());
    harness.clock.advance(5000);
  }
}

const get = async (path: string): Promise<Json> => (await harness.api('GET', `${FLEET}${path}`)).body;
const decisions = async (): Promise<Decision[]> => (await get('/decisions')).items;
const standing = async (name: string): Promise<string> => (await get(`/clusters/${name}`)).standing.state;

async function amend(more: object): Promise<void> {
  const { automation, health, failover, safety } = await get('');
  await harness.put(FLEET, { automation, health, failover, safety, ...more });
}

const shares = async (): Promise<Record<string, number>> => {
  const { shares: shown } = await get('/routes/shop');
  return Object.fromEntries(shown[0].clusters.map((share: Json) => [share.cluster, share.effectivePercent]));
};

/** Counts how many of ten requests through the gateway each cluster answers. */
const served = async () => await harness.edge.split(10, 'shop.example.com');

describe('a clock that jumps by an hour', () => {
  it.each([HOUR_MS, -HOUR_MS])('moves nothing, and nothing is overlooked or kept out after it: %i', async (jumpMs) => {
    harness.clock.advance(jumpMs);
    await rounds(4);
    expect([await decisions(), await shares()]).toEqual([[], { a: 60, b: 40 }]);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    expect([await shares(), await served()]).toEqual([{ a: 0, b: 100 }, { b: 10 }]);
    await harness.edge.clusters.a.recover();
    await rounds(25);
    expect(await shares()).toEqual({ a: 60, b: 40 });
  });

  it.each([HOUR_MS, -HOUR_MS])(
    'while a cluster is down gives it nothing, and keeps it out no longer: %i',
    async (jumpMs) => {
      await harness.edge.clusters.a.fail('refuse');
      await rounds(2);
      harness.clock.advance(jumpMs);
      await rounds(3);
      expect(await served()).toEqual({ b: 10 });
      await harness.edge.clusters.a.recover();
      await rounds(34);
      expect(await shares()).toEqual({ a: 60, b: 40 });
    },
  );
});

describe('a store that is restored to yesterday', () => {
  it('leaves the dead all the same, and goes on from what is seen now', async () => {
    const client = harness.connect();
    const yesterday = await itemsOf(client);
    harness.clock.advance(24 * HOUR_MS);
    await rounds(3);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    expect(await served()).toEqual({ b: 10 });
    await replaceItems(client, yesterday);
    client.destroy();
    await rounds(2);
    await sweep(harness.deps());
    await rounds(1);
    expect([await shares(), await served()]).toEqual([{ a: 0, b: 100 }, { b: 10 }]);
    expect(await get('/ledger')).toMatchObject({ isIntact: true });
    await harness.edge.clusters.a.recover();
    await rounds(30);
    expect([await shares(), await standing('a')]).toEqual([{ a: 60, b: 40 }, 'up']);
    const { gateways } = await get('/routes/shop/explain');
    expect(gateways).toMatchObject([{ state: 'Verified' }]);
  });
});

describe('two versions of the decision at once', () => {
  /** Another version takes out what this one finds healthy. */
  function otherResult({ input }: ReadInput, cluster: string): DecisionResult {
    const failing = input.health.map((record) => ({
      ...record,
      votes: record.votes.map((vote) => ({ ...vote, state: record.cluster === cluster ? 'unhealthy' : vote.state })),
    }));
    const result = decide({ ...input, health: failing as typeof input.health });
    if (result === undefined) throw new Error('The other version has nothing to decide.');
    return result;
  }

  it('write one chain: of two that decide upon the same, one comes first, and the other looks again', async () => {
    const deps = harness.deps();
    const fleet = await deps.store.get('fleet', 'prod', 'prod');
    if (fleet === undefined) throw new Error('There is no fleet.');
    const reads = [
      await readDecisionInput(deps, 'prod', fleet.spec),
      await readDecisionInput(deps, 'prod', fleet.spec),
    ];
    const written = await Promise.all(
      reads.map(async (read, index) =>
        deps.store.decide(await recordingOf(deps, read, otherResult(read, index === 0 ? 'a' : 'b'), {})),
      ),
    );
    expect(written.sort()).toEqual([false, true]);
    await rounds(25);
    expect(await shares()).toEqual({ a: 60, b: 40 });
    expect(await get('/ledger')).toMatchObject({ isIntact: true });
    const taken = await decisions();
    expect(taken.map(({ version }) => version)).toEqual(taken.map((_, index) => taken.length - index));
    const other = taken.at(-1);
    const replay = await get(`/decisions/${other?.id}/replay`);
    expect(replay).toMatchObject({ isSame: false, digestMatches: true, hashMatches: true, chainMatches: true });
  });
});

describe('agents with schedules of their own', () => {
  const keys = { fast: createAgentKey(), slow: createAgentKey() };
  const sequences = { fast: 0, slow: 0 };

  async function tell(voter: keyof typeof keys, failing: readonly string[]): Promise<void> {
    const at = new Date(harness.clock.now()).toISOString();
    const observations = ['a', 'b'].map((cluster) => ({
      cluster,
      observedAt: at,
      outcome: failing.includes(cluster) ? 'fail' : 'ok',
      ...(failing.includes(cluster) && { cause: 'Cluster' }),
      latencyMs: 3,
      detail: 'seen',
    }));
    sequences[voter] += 1;
    const body = { fleet: 'prod', voter, sentAt: at, sequence: sequences[voter], controls: [], observations };
    const signature = signerOf(keys[voter].privateKey)(Buffer.from(JSON.stringify(body)));
    const { status } = await harness.api('POST', `${FLEET}/observations`, body, { 'Fairlead-Signature': signature });
    expect(status).toBeLessThan(300);
  }

  /** One version reports what it sees every 2 seconds, and the other every 7. */
  async function pass(seconds: number, failing: readonly string[] = []): Promise<void> {
    for (let second = 1; second <= seconds; second++) {
      harness.clock.advance(1000);
      if (second % 2 === 0) await tell('fast', failing);
      if (second % 7 === 0) await tell('slow', failing);
    }
  }

  beforeEach(async () => {
    const voters = Object.entries(keys).map(([name, { publicKey }]) => ({
      name,
      type: 'agent',
      publicKey,
      site: name,
    }));
    await amend({ voters });
    await pass(35);
  });

  it('agree: a cluster leaves once when the slower one sees it too, stays out, and returns once', async () => {
    expect(await shares()).toEqual({ a: 60, b: 40 });
    await pass(14, ['a']);
    expect(await shares(), 'the fast one alone').toEqual({ a: 60, b: 40 });
    await pass(7, ['a']);
    expect(await shares()).toEqual({ a: 0, b: 100 });
    const left = await decisions();
    await pass(28, ['a']);
    expect(await decisions(), 'nothing flaps').toEqual(left);
    await pass(140);
    expect(await shares()).toEqual({ a: 60, b: 40 });
  }, 60_000);
});

describe('a voter that is removed in mid-ramp', () => {
  it('takes its votes along, and the cluster goes on from what it has', async () => {
    const failback = { mode: 'ramp', rampSeconds: 60, stepPercent: 25 };
    const [stays, goes] = [
      { name: 'stays', type: 'edge' },
      { name: 'goes', type: 'edge' },
    ];
    await amend({ failover: { cooldownSeconds: 15, failback }, voters: [stays, goes] });
    await rounds(4);
    await harness.edge.clusters.a.fail('refuse');
    await rounds(4);
    expect(await shares()).toEqual({ a: 0, b: 100 });
    await harness.edge.clusters.a.recover();
    while ((await standing('a')) !== 'ramping') await rounds(1);
    await rounds(2);
    await amend({ failover: { cooldownSeconds: 15, failback }, voters: [stays] });
    const seen = [(await shares())['a'] ?? 0];
    for (let round = 0; round < 30; round++) {
      await rounds(1);
      seen.push((await shares())['a'] ?? 0);
    }
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen[0]).toBeLessThan(60);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(60);
    expect((await get('/clusters/a')).health.votes.map(({ voter }: Json) => voter)).toEqual(['stays']);
  });
});

describe('in an outage', () => {
  it('a new route can be declared, and an edit that makes nothing worse; one that leaves the living cannot', async () => {
    await harness.api('DELETE', `${FLEET}/routes/ledger`, undefined, { 'If-Match': '*' });
    await amend({ safety: { minServingClusters: 2 } });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    const { distribution } = ROUTES.shop;
    const put = async (name: string, more: object) => {
      const answer = await harness.api(
        'PUT',
        `${FLEET}/routes/${name}?dryRun=true`,
        { ...ROUTES.shop, ...more },
        { 'If-Match': '*' },
      );
      return answer.status;
    };
    const clusters = [
      { cluster: 'a', weight: 50 },
      { cluster: 'b', weight: 50 },
    ];
    const fresh = { hostnames: ['new.example.com'] };
    const created = await harness.api('PUT', `${FLEET}/routes/new`, { ...ROUTES.shop, ...fresh });
    expect(created.status).toBe(201);
    expect(await put('shop', { distribution: { ...distribution, clusters } })).toBe(200);
    expect(await put('shop', { distribution: { ...distribution, clusters: [{ cluster: 'a' }] } })).toBe(409);
    const alone = {
      ...fresh,
      hostnames: ['other.example.com'],
      distribution: { ...distribution, clusters: [{ cluster: 'b' }] },
    };
    expect((await harness.api('PUT', `${FLEET}/routes/other`, { ...ROUTES.shop, ...alone })).status).toBe(409);
  });

  it('the last living cluster is isolated only with a break-glass, and the refusal names what would have nobody', async () => {
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    const expiresAt = new Date(harness.clock.now() + HOUR_MS).toISOString();
    const isolation = { cluster: 'b', mode: 'isolate', reason: 'intruders', expiresAt };
    const refused = await harness.api('PUT', `${FLEET}/shifts/cut`, isolation);
    expect([refused.status, refused.body.code]).toEqual([409, 'rule-violated']);
    expect(refused.body.errors.map(({ detail }: Json) => detail)).toEqual([
      'never-empty (b): no cluster would be left that may serve pay, shop',
      'min-serving (b): shop would be served by 0 clusters, and at least 1 must serve it',
    ]);
    expect(await served()).toEqual({ b: 10 });
    const rules = ['never-empty', 'min-serving'];
    await harness.api('PUT', `${FLEET}/break-glasses/intruders`, { rules, reason: 'intruders', expiresAt });
    const forced = await harness.api('PUT', `${FLEET}/shifts/cut`, isolation);
    expect(forced.status).toBe(201);
    expect((await get(`/decisions/${forced.body.decision}`)).rules).toContainEqual(
      expect.objectContaining({ rule: 'never-empty', passed: false, overriddenBy: 'intruders' }),
    );
    expect((await harness.api('PUT', `${FLEET}/shifts/cut-a`, { ...isolation, cluster: 'a' })).status).toBe(201);
    await rounds(1);
    expect([await shares(), (await harness.edge.get('shop.example.com')).status]).toEqual([{ a: 0, b: 0 }, 503]);
  });
});
