import { setTimeout as realSleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cloud, CloudRequest } from '../../functions/deps.ts';
import { reconcileGateway } from '../../functions/engine/reconcile.ts';
import { declareFleet, FLEET, ROUTES } from './fleet.ts';
import { type Harness, startHarness } from './harness.ts';
import { inventory } from './inventory.ts';

type Moment = 'before' | 'after';

/** A process that is killed at its n-th call to the cloud: before it is sent, or after it was done and before the answer is used. */
function killedAt(cloud: Cloud, n: number, moment: Moment): { cloud: Cloud; killed: Promise<'killed'> } {
  const { promise: killed, resolve: die } = Promise.withResolvers<'killed'>();
  const forever = new Promise<never>(() => undefined);
  let calls = 0;
  let dead = false;
  void killed.then(() => {
    dead = true;
  });
  // What waits for its budget at that moment is never sent, and keeps no lease.
  const whileAlive = async (hook: CloudRequest['beforeAttempt']) => {
    if (dead) await forever;
    await hook?.();
  };
  const call: Cloud['call'] = async (request) => {
    calls++;
    if (calls > n || (calls === n && moment === 'before')) {
      die('killed');
      return await forever;
    }
    const answer = await cloud.call({
      ...request,
      beforeAttempt: () => whileAlive(request.beforeAttempt),
      whileWaiting: () => whileAlive(request.whileWaiting),
    });
    if (calls < n) return answer;
    die('killed');
    return await forever;
  };
  return { cloud: { call }, killed };
}

/** A run ends in far fewer calls; one that does not has lost its way. */
const MAX_CALLS = 80;

describe.each(['alb', 'mse'] as const)('a Worker that is killed at any call of an apply to %s', (provider) => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({ provider, jobLatencyMs: 50 });
    await declareFleet(harness);
  });
  afterAll(() => harness.close());

  /** Declares without a push: somebody else has the lease meanwhile. */
  async function declareOnly(work: () => Promise<void>): Promise<void> {
    const { store } = harness.deps();
    const lease = await store.acquire('gateway/prod/edge', 'bystander', 600_000, harness.clock.now());
    if (lease === undefined) throw new Error('the lease is taken');
    await work();
    await store.release(lease);
  }

  const extra = { ...ROUTES.ledger, hostnames: ['extra.example.com'], distribution: { strategy: 'replicas' } };
  const adding = () =>
    declareOnly(async () => {
      await harness.put(`${FLEET}/routes/extra`, extra);
      await harness.put(`${FLEET}/routes/ledger`, ROUTES.ledger);
      await harness.put(`${FLEET}/routes/shop`, { ...ROUTES.shop, distribution: { strategy: 'replicas' } });
    });
  const removing = () =>
    declareOnly(async () => {
      await harness.api('DELETE', `${FLEET}/routes/extra`, undefined, { 'if-match': '*' });
      await harness.api('DELETE', `${FLEET}/routes/ledger`, undefined, { 'if-match': '*' });
      await harness.put(`${FLEET}/routes/shop`, ROUTES.shop);
    });

  async function killAndRecover(n: number, moment: Moment): Promise<'killed' | 'finished'> {
    const { cloud, killed } = killedAt(harness.deps().cloud, n, moment);
    const run = reconcileGateway(harness.deps({ cloud }), 'prod', 'edge');
    const end = await Promise.race([killed, run.then(() => 'finished' as const)]);
    await realSleep(5);
    expect(await harness.edge.get('shop.example.com'), `killed ${moment} call ${n}`).toMatchObject({ status: 200 });
    // The dead writer's lease has to expire.
    harness.clock.advance(30_000);
    const result = await reconcileGateway(harness.deps(), 'prod', 'edge');
    expect(result, `killed ${moment} call ${n}: ${JSON.stringify(result)}`).toMatchObject({ state: 'Verified' });
    return end;
  }

  async function expectClean(): Promise<void> {
    const found = inventory(harness.cloud);
    expect(found.filter((name, index) => found.indexOf(name) !== index)).toEqual([]);
    harness.forgetCalls();
    expect(await reconcileGateway(harness.deps(), 'prod', 'edge')).toMatchObject({ state: 'Verified', changes: [] });
    expect(harness.writes()).toEqual([]);
  }

  it.each<Moment>(['before', 'after'])(
    '%s the call is done: the next run ends in the same state, with nothing twice and nothing lost',
    async (moment) => {
      let complete: string[] | undefined;
      for (let n = 1; n < MAX_CALLS; n++) {
        await removing();
        const removal = await killAndRecover(n, moment);
        await expectClean();
        await adding();
        const addition = await killAndRecover(n, moment);
        await expectClean();
        complete ??= inventory(harness.cloud);
        expect(inventory(harness.cloud)).toEqual(complete);
        if (removal === 'finished' && addition === 'finished') return;
      }
      throw new Error('the run never finished');
    },
    300_000,
  );
});
