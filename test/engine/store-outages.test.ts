import { setTimeout as realSleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import { type Deps, type Log, StoreUnavailable } from '../../functions/deps.ts';
import { withLease } from '../../functions/engine/lease.ts';
import { runProbeSchedule } from '../../functions/engine/probe/probe.ts';
import { runSchedule } from '../../functions/engine/schedule/schedule.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { localSettings } from '../../infra/local/dynamo.ts';
import { EventClock } from '../../infra/local/event-clock.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { type DynamoCall, type DynamoProxy, type Fate, startDynamoProxy } from '../store/proxy.ts';
import { type ControlPlane, startControlPlane } from './harness.ts';

const INTERVAL_MS = 5_000;
const MINUTE_MS = 57_000;
const FLEET = '/v1/fleets/prod';
const LEASE = 'probe/prod';
const FORWARD: Fate = { type: 'forward' };
const RESET: Fate = { type: 'reset' };

/**
 * Runs one firing of the schedule in virtual time, with the real client and database and a network between them that
 * fails.
 */
describe('probing over a store that fails', () => {
  let plane: ControlPlane;
  let proxy: DynamoProxy;
  let client: ReturnType<typeof createDynamoClient>;
  let fateOf: (call: DynamoCall, place: { round: number; index: number }) => Fate;
  let startedMs: number;
  let logged: string[];
  let deps: Deps;

  beforeEach(async () => {
    plane = await startControlPlane({ overHttp: true });
    await plane.put(FLEET, { health: { intervalSeconds: INTERVAL_MS / 1000, timeoutSeconds: 1 } });
    for (const name of ['a', 'b'])
      await plane.put(`${FLEET}/clusters/${name}`, {
        kind: 'kubernetes',
        probes: [{ type: 'http', url: `http://${name}.example.com/` }],
      });
    logged = [];
    startedMs = plane.clock.now();
    await startProxy();
    deps = plane.deps({ store: createDynamoStore(client, DEFAULT_TABLE_NAME), net, log });
  });
  afterEach(async () => {
    client.destroy();
    await proxy.close();
    await plane.close();
  });

  const net: Deps['net'] = { fetch: async () => ({ status: 200 }), connect: async () => undefined };
  const log: Log = { info: () => undefined, error: (event) => logged.push(event) };

  /** Rounds begin at multiples of the interval; `index` counts the calls of each, retries included. */
  async function startProxy(): Promise<void> {
    fateOf = () => FORWARD;
    let place = { round: -1, index: -1 };
    proxy = await startDynamoProxy(await endpointOf(plane), (call) => {
      const round = Math.floor((plane.clock.now() - startedMs) / INTERVAL_MS);
      place = { round, index: place.round === round ? place.index + 1 : 0 };
      return fateOf(call, place);
    });
    client = createDynamoClient({ ...localSettings, endpoint: proxy.endpoint });
  }

  const fire = () => runProbeSchedule(deps, startedMs + MINUTE_MS);

  /** When the cluster was observed, in milliseconds since the beginning, oldest first. */
  async function observed(cluster: string): Promise<number[]> {
    const { items } = await plane.deps().store.observations('prod', cluster, { limit: 200 });
    return items.map(({ observedAt }) => Date.parse(observedAt) - startedMs).reverse();
  }

  /** The longest times in which the clusters were not observed, from the beginning to the end of the firing. */
  async function longestGaps(): Promise<number[]> {
    return await Promise.all(
      ['a', 'b'].map(async (cluster) => {
        const times = [0, ...(await observed(cluster)), MINUTE_MS];
        return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
      }),
    );
  }

  it('that resets one connection in each round misses no round', async () => {
    const reset = new Set<number>();
    fateOf = (_, { round, index }) => {
      // The call that is reset is a different one in each round.
      if (reset.has(round) || index < round % 5) return FORWARD;
      reset.add(round);
      return RESET;
    };
    await fire();
    expect(reset.size).toBe(12);
    expect(await longestGaps()).toEqual([INTERVAL_MS, INTERVAL_MS]);
    expect(logged).toEqual([]);
  });

  it('that resets all attempts of one call in every second round loses no more than these rounds', async () => {
    const reset = new Map<number, string>();
    fateOf = ({ action, body }, { round, index }) => {
      if (round % 2 === 0) return FORWARD;
      const call = JSON.stringify([action, body]);
      if (!reset.has(round) && index >= (round - 1) / 2) reset.set(round, call);
      return reset.get(round) === call ? RESET : FORWARD;
    };
    await fire();
    expect(reset.size).toBe(6);
    for (const gapMs of await longestGaps()) expect(gapMs).toBeLessThanOrEqual(2 * INTERVAL_MS);
    expect(logged).toContain('probe.round-failed');
    expect(logged).not.toContain('probe.failed');
  });

  it('that is away for three rounds is probed over again at the next interval', async () => {
    fateOf = (_, { round }) => (round >= 3 && round < 6 ? RESET : FORWARD);
    await fire();
    for (const cluster of ['a', 'b'])
      expect(await observed(cluster)).toEqual([0, 1, 2, 6, 7, 8, 9, 10, 11].map((round) => round * INTERVAL_MS));
    const failures = logged.filter((event) => event.startsWith('probe.'));
    expect(failures).toEqual(Array.from({ length: 3 }, () => 'probe.round-failed'));
  });

  it('that is away when the schedule is fired loses no more than that time', async () => {
    fateOf = (_, { round }) => (round < 2 ? RESET : FORWARD);
    await fire();
    expect((await observed('a'))[0]).toBe(2 * INTERVAL_MS);
    expect(await longestGaps()).toEqual([2 * INTERVAL_MS, 2 * INTERVAL_MS]);
  });

  it('that does not take what is seen of one cluster keeps what is seen of the other', async () => {
    let asking = 0;
    let most = 0;
    // Answers that arrive apart are written apart, and the answer of b is still awaited when the other write has
    // failed.
    const fetch: Deps['net']['fetch'] = async (url) => {
      if (!url.includes('//b.')) return { status: 200 };
      most = Math.max(most, ++asking);
      await realSleep(1_200);
      asking--;
      return { status: 200 };
    };
    deps = { ...deps, net: { ...net, fetch } };
    fateOf = ({ action, body }) => {
      const written = action === 'TransactWriteItems' ? JSON.stringify(body) : '';
      return written.includes('OBSERVATION#prod#a') && !written.includes('OBSERVATION#prod#b') ? RESET : FORWARD;
    };
    await runProbeSchedule(deps, startedMs + 2.5 * INTERVAL_MS);
    expect(await observed('b')).toEqual([0, INTERVAL_MS, 2 * INTERVAL_MS]);
    expect(await observed('a')).toEqual([]);
    expect(most, 'rounds that went on at the same time').toBe(1);
  });

  // Three readers ask for pending documents: rollouts, which are a job of their own, their notifications, and
  // deliveries.
  it.each([
    { method: 'nextBehind', calls: 2, failures: 2 },
    { method: 'holds', calls: 2, failures: 2 },
    { method: 'pendingDocuments', calls: 6, failures: 4 },
  ] as const)(
    'that fails $method does not end the job: the next time comes as it would have',
    async ({ method, calls, failures }) => {
      let count = 0;
      const fails = async () => {
        count++;
        throw new StoreUnavailable({ trouble: 'unreachable', code: 'ConnectionFailed', message: '' });
      };
      // Time goes from one sleeper to the next, since several jobs sleep.
      const clock = new EventClock();
      const store = { ...deps.store, [method]: fails };
      await runSchedule({ ...deps, clock, store }, clock.now() + 15_000, stepRollouts);
      expect(count).toBe(calls);
      expect(logged.filter((event) => event === 'schedule.failed')).toHaveLength(failures);
      expect(await observed('a')).not.toEqual([]);
    },
  );

  it('that did not take the lease back lets the next prober begin within the same firing', async () => {
    const { store, clock } = plane.deps();
    expect(await store.acquire(LEASE, 'dead', 16_000, clock.now())).toBeDefined();
    await fire();
    expect((await observed('a'))[0]).toBeLessThanOrEqual(16_000 + INTERVAL_MS);
    expect((await observed('a')).length).toBeGreaterThanOrEqual(8);
  });

  it('that refuses to take back the lease does not hide what became of the round', async () => {
    fateOf = ({ body }) => (JSON.stringify(body).includes('REMOVE #holder') ? RESET : FORWARD);
    await fire();
    expect(logged).toEqual(['lease.not-released']);
    expect(await observed('a')).toHaveLength(12);
  });

  it('is asked once to extend a lease for which many ask at the same time', async () => {
    const { store, ...ports } = plane.deps();
    let renewals = 0;
    const counted: Deps['store'] = {
      ...store,
      renew: async (...lease) => {
        renewals += 1;
        return await store.renew(...lease);
      },
    };
    const clock = { ...ports.clock, now: () => plane.clock.now() + renewalMs };
    let renewalMs = 0;
    await withLease({ ...ports, store: counted, clock }, 'busy', 15_000, async (lease) => {
      renewalMs = 10_000;
      await Promise.all(Array.from({ length: 25 }, () => lease.ensure()));
    });
    expect(renewals).toBe(1);
  });

  it('that has given the lease to another prober ends this one, and what it saw does not count', async () => {
    const { store } = plane.deps();
    const hourMs = 3_600_000;
    let taken: Promise<unknown> | undefined;
    fateOf = (_, { round }) => {
      if (round === 3) taken ??= store.acquire(LEASE, 'other', hourMs, plane.clock.now() + hourMs);
      return FORWARD;
    };
    await fire();
    await taken;
    expect(logged).toContain('probe.failed');
    expect(Math.max(...(await observed('a')))).toBeLessThanOrEqual(3 * INTERVAL_MS);
  });
});

async function endpointOf(plane: ControlPlane): Promise<string> {
  const client = plane.connect();
  const { hostname, port } = (await client.config.endpoint?.()) ?? {};
  client.destroy();
  return `http://${hostname}:${port}`;
}
