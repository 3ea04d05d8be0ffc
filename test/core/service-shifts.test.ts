import { describe, expect, it } from 'vitest';
import { placementKey, placementsOf } from '../../functions/core/allocation/placements.ts';
import { effectiveShares, shares } from '../../functions/core/allocation/points.ts';
import { decide } from '../../functions/core/failover/decide.ts';
import type { DecisionInput } from '../../functions/core/failover/decision-input.ts';
import { drillReadingOf, faultOf } from '../../functions/core/failover/drill-reading.ts';
import { servicesApart } from '../../functions/core/failover/service-limits.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import type { Pool } from '../../functions/core/model/ir.ts';
import { health, T0 } from './fixtures.ts';
import { facts, HOUR, input, placement, policy, Story, shift } from './story.ts';

const CART = placement(
  { a: 50, b: 25, c: 25 },
  { key: 'p/cart', service: 'cart', services: ['cart'], pools: ['cart/80'] },
);
const SHOP = placement({ a: 50, b: 25, c: 25 });

const put = (overrides = {}) => ({
  type: 'put-shift' as const,
  shift: shift({ name: 'off', cluster: 'a', service: 'cart', ...overrides }),
});
const end = { type: 'end-shift' as const, name: 'off' };
const RAMP = {
  failover: { failback: { mode: 'ramp', rampSeconds: 40, stepPercent: 25, minimumPercent: 25, aggression: 1 } },
};

/** Two services with equal splits, of which one stands apart. */
function story(overrides: Partial<DecisionInput> = {}): Story {
  return new Story({ placements: [CART, SHOP], policy: policy(RAMP), ...overrides });
}

/** The shift has done its work. */
function shifted(overrides: Partial<DecisionInput> = {}): Story {
  const told = story(overrides);
  told.ask(put());
  told.during(20, 5);
  expect(told.percents).toEqual([
    [0, 50, 50],
    [50, 25, 25],
  ]);
  return told;
}

/** Returns each distinct value of what a has of the cart from here on. */
function course(told: Story, seconds: number, overrides: Partial<DecisionInput> = {}): number[] {
  const seen = told.during(seconds, 5, [], overrides).map(([first = 0]) => first);
  return seen.filter((own, index) => own !== seen[index - 1]);
}

describe('a shift of one service', () => {
  it('of a service that nothing leads to leaves nothing behind when it ends', () => {
    const told = story({ placements: [SHOP] });
    told.ask(put({ service: 'audit' }));
    told.during(20, 5);
    told.ask(end);
    told.during(60, 5);
    expect([told.traffic.allocation.services, told.traffic.serviceReturns]).toEqual([undefined, undefined]);
  });

  it('moves the backends of that service in two steps, and no other backend and no standing', () => {
    const told = story();
    const [first] = told.ask(put())?.changes ?? [];
    expect(first).toMatchObject({ cluster: 'a', action: 'reallocate', reason: 'shift off of cart: kernel upgrade' });
    const half = [25, 38, 37];
    expect(told.percents).toEqual([half, [50, 25, 25]]);
    told.after(5);
    told.after(5);
    expect(told.percents).toEqual([
      [0, 50, 50],
      [50, 25, 25],
    ]);
    expect(told.traffic).toMatchObject({ clusters: [], shifts: [{ phase: 'applied' }], allocation: { limits: [] } });
  });

  it('leaves a part of the share where it is told to, beside what holds the whole cluster back: the smaller part counts', () => {
    const told = story();
    told.ask(put({ percent: 60 }));
    told.ask(put({ name: 'all', id: 'shf_2', service: undefined, percent: 40 }));
    told.during(20, 5);
    expect(told.percents.map(([first]) => first)).toEqual([20, 20]);
    told.ask({ type: 'end-shift', name: 'all' });
    told.during(120, 5);
    expect(
      told.percents.map(([first]) => first),
      'the shift of the service goes on',
    ).toEqual([30, 50]);
  });

  it('ends step by step as the failback policy says, each step verified, while the rest stays', () => {
    const told = shifted();
    told.ask(end);
    expect(told.percents[0], 'one step').toEqual([12, 44, 44]);
    expect(course(told, 60, { verifiedAtMs: undefined }), 'no gateway follows').toEqual([12]);
    expect(course(told, 100)).toEqual([25, 37, 50]);
    expect(told.traffic).toMatchObject({ clusters: [], allocation: { backends: [] } });
    expect(told.traffic.serviceReturns).toBeUndefined();
    expect(told.results.every(({ traffic }) => traffic.clusters.length === 0)).toBe(true);
  });

  it('that took a part goes on from that, and with failback auto its end is one step', () => {
    const part = story();
    part.ask(put({ percent: 60 }));
    part.during(20, 5);
    part.ask(end);
    expect(course(part, 60)).toEqual([30, 42, 50]);
    const auto = shifted({ policy: policy({ failover: { failback: { mode: 'auto' } } }) });
    auto.ask(end);
    expect(course(auto, 20)).toEqual([50]);
  });

  it('returns in the turn of its site: not while another site is on its way', () => {
    const told = shifted();
    told.ask({ type: 'put-shift', shift: shift({ name: 'b', id: 'shf_b', cluster: 'b' }) });
    told.during(20, 5);
    told.ask({ type: 'end-shift', name: 'b' });
    told.after(5);
    expect(told.standing('b')).toBe('ramping');
    told.ask(end);
    told.during(20, 5);
    expect([told.standing('b'), told.percents[0]?.[0]]).toEqual(['ramping', 0]);
    told.during(200, 5);
    expect([told.standing('b'), told.percents[0]]).toEqual(['up', [50, 25, 25]]);
  });

  it('does not return while a freeze window is open, and returns after it', () => {
    const at = (ms: number) => new Date(ms).toISOString();
    const frozen = { type: 'once', from: at(T0), to: at(T0 + 600_000) };
    const told = shifted({ policy: policy({ failover: { ...RAMP.failover, freezeWindows: [frozen] } }) });
    told.ask(end);
    expect(course(told, 300)).toEqual([0]);
    expect(told.traffic.allocation.services).toMatchObject([{ service: 'cart', limits: [{ reason: 'consent' }] }]);
    told.during(500, 5);
    expect(told.percents[0]).toEqual([50, 25, 25]);
  });

  it('whose cluster fails on the way returns with that, by steps of all that it serves', () => {
    const told = shifted();
    told.ask(end);
    told.during(15, 5);
    told.after(5, ['a']);
    expect(told.percents.map(([first]) => first)).toEqual([0, 0]);
    expect(told.traffic.serviceReturns, 'the return of the cluster is that of the service').toBeUndefined();
    const seen: (number | undefined)[][] = [];
    for (let round = 0; round < 200; round++) {
      told.after(5);
      seen.push(told.percents.map(([first]) => first));
    }
    expect(seen.every(([cart, shop]) => cart === shop)).toBe(true);
    expect(seen.at(-1)).toEqual([50, 50]);
  });

  it('leaves a cluster that fails down for everybody, and keeps its own part once that has returned', () => {
    const told = shifted();
    told.after(5, ['a', 'b']);
    expect(told.percents).toEqual([
      [0, 0, 100],
      [0, 0, 100],
    ]);
    told.during(1200, 5);
    expect([told.standing('a'), told.percents]).toEqual([
      'up',
      [
        [0, 50, 50],
        [50, 25, 25],
      ],
    ]);
  });

  it('gives way like any drain when nobody else is left, and is not said to be applied then', () => {
    const told = shifted();
    told.after(5, ['b', 'c']);
    expect(told.percents[0]).toEqual([100, 0, 0]);
    expect(told.traffic.shifts).toMatchObject([{ phase: 'moving' }]);
  });

  it('is the only one of the pair, and lives beside one of the whole cluster', () => {
    const told = shifted();
    expect(told.ask(put({ name: 'second', id: 'shf_2' }))?.rules).toMatchObject([
      { rule: 'shift', detail: 'cart at a has the live shift off: end it first.' },
    ]);
    expect(told.ask(put({ service: undefined }))?.rules).toMatchObject([
      { rule: 'shift', detail: 'The shift off is live, of cart at a: end it first.' },
    ]);
    expect(told.ask(put({ name: 'all', id: 'shf_3', service: undefined, percent: 50 }))?.outcome).toBe('applied');
  });

  it('begun anew on the way back goes on from there, and its return is over', () => {
    const told = shifted();
    told.ask(end);
    told.during(15, 5);
    expect(told.percents[0]?.[0]).toBeGreaterThan(0);
    told.ask(put({ name: 'again', id: 'shf_2' }));
    expect(told.traffic.serviceReturns).toBeUndefined();
    told.during(20, 5);
    expect(told.percents[0]).toEqual([0, 50, 50]);
  });

  it('acts where automation does not, and its end is at once there', () => {
    for (const automation of ['recommend', 'paused']) {
      const told = shifted({ policy: policy({ ...RAMP, automation }) });
      told.ask(end);
      expect(told.percents).toEqual([
        [50, 25, 25],
        [50, 25, 25],
      ]);
    }
  });

  it('that returns is stopped where it is when somebody pauses automation, and goes on when that acts again', () => {
    const told = shifted();
    told.ask(end);
    told.during(15, 5);
    const reached = told.percents[0];
    expect(reached?.[0]).toBeGreaterThan(0);
    told.during(200, 5, [], { policy: policy({ ...RAMP, automation: 'paused' }) });
    expect(told.percents[0]).toEqual(reached);
    told.during(200, 5, [], { policy: policy(RAMP) });
    expect(told.percents[0]).toEqual([50, 25, 25]);
  });
});

describe('rules', () => {
  it('never-empty: an isolation of the last cluster that serves a service is refused, and names the service', () => {
    const told = story();
    for (const [cluster, id] of [
      ['a', 'shf_1'],
      ['b', 'shf_2'],
    ] as const) {
      expect(told.ask(put({ name: `off-${cluster}`, id, cluster, mode: 'isolate' }))?.outcome).toBe('applied');
    }
    const last = told.ask(put({ name: 'off-c', id: 'shf_3', cluster: 'c', mode: 'isolate' }));
    expect(last?.outcome).toBe('refused');
    expect(last?.rules[0]?.detail).toBe('no cluster would be left that may serve cart');
    const other = told.ask(put({ name: 'off-c', id: 'shf_3', cluster: 'c', service: 'shop', mode: 'isolate' }));
    expect(other?.outcome, 'others of the cluster are no concern of it').toBe('applied');
  });

  it('min-serving counts the clusters that serve the service', () => {
    const told = story({ policy: policy({ ...RAMP, safety: { minServingClusters: 3 } }) });
    const refused = told.ask(put());
    expect([refused?.outcome, refused?.rules.find(({ passed }) => !passed)]).toMatchObject([
      'refused',
      { rule: 'min-serving', detail: 'cart would be served by 2 clusters, and at least 3 must serve it' },
    ]);
  });

  it('capacity: what the service moves counts to the loads of all', () => {
    const loaded = [{ ...CART, load: 100 }, SHOP];
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { capacity: name === 'a' ? 100 : 40 }));
    const told = story({ placements: loaded, clusters, policy: policy({ failover: { headroomPercent: 0 } }) });
    expect(told.ask(put())?.rules).toContainEqual(expect.objectContaining({ rule: 'capacity', passed: false }));
    expect(told.ask(put({ percent: 80 }))?.outcome).toBe('applied');
  });
});

describe('pools', () => {
  const members = ['a', 'b', 'c'].map((cluster) => ({
    ...{ cluster, weight: cluster === 'a' ? 50 : 25, tier: 0 },
    endpoints: [],
  }));
  const pool = (service: string): Pool =>
    ({
      key: `${service}:80`,
      service,
      port: 80,
      protocol: 'http',
      members,
      pinned: false,
      load: 10,
    }) as unknown as Pool;
  const POOLS = [pool('cart'), pool('shop')];

  function asked(traffic = NO_TRAFFIC, now: Partial<DecisionInput> = {}): DecisionInput {
    const placements = placementsOf(POOLS, servicesApart(traffic, [], 'cart'));
    return input({ placements, policy: policy(RAMP), traffic, ...now });
  }
  const pointsIn = (traffic: DecisionInput['traffic']) =>
    POOLS.map((own) => effectiveShares(own, traffic).map(({ percent }) => percent));

  it('share a placement until their service is moved by itself, and then each gateway is told of each', () => {
    expect(placementsOf(POOLS)).toHaveLength(1);
    expect(asked().placements).toHaveLength(2);
    expect(asked().placements.find(({ service }) => service === 'cart')).toMatchObject({
      load: 10,
      pools: ['cart/80'],
    });
    const { traffic } = decide({ ...asked(), command: put({ mode: 'isolate' }) }) ?? {};
    expect(pointsIn(traffic ?? NO_TRAFFIC)).toEqual([
      [0, 50, 50],
      [50, 25, 25],
    ]);
    const [cart, shop] = POOLS.map((own) => shares(own, traffic ?? NO_TRAFFIC)[0]);
    expect(cart).toMatchObject({ reason: 'Isolated', message: expect.stringContaining('by the shift off') });
    expect(shop).toMatchObject({ reason: 'AsDeclared' });
  });

  it('that are parted go on from what they were given together, whatever that was', () => {
    const { members: own, ...shared } = placementsOf(POOLS)[0] ?? SHOP;
    const backends = [
      {
        ...{ placement: shared.key, pools: shared.pools, clusters: own.map(({ cluster }) => cluster) },
        ...{ points: [10, 60, 30], reasons: ['capacity' as const, null, null] },
      },
    ];
    const traffic = { ...NO_TRAFFIC, allocation: { ...NO_TRAFFIC.allocation, basis: 'b', backends } };
    expect(pointsIn(traffic)).toEqual([
      [10, 60, 30],
      [10, 60, 30],
    ]);
    const parted = asked(traffic).placements.map((item) =>
      effectiveShares(item, traffic).map(({ percent }) => percent),
    );
    expect(parted, 'also before anything is decided of them').toEqual([
      [10, 60, 30],
      [10, 60, 30],
    ]);
  });

  it('stand apart until they have what they would have together: to join them moves nothing and is no decision', () => {
    let now = { ...asked(), command: put() } as DecisionInput;
    const step = () => {
      const result = decide(now);
      const traffic = result?.traffic ?? now.traffic;
      const { command: _, ...rest } = now;
      const nowMs = now.nowMs + 5000;
      const placements = placementsOf(POOLS, servicesApart(traffic));
      const seen = ['a', 'b', 'c'].map((name) => health(name, 'healthy', { sinceMs: T0, observedAtMs: nowMs }));
      now = { ...rest, health: seen, traffic, placements, nowMs, verifiedAtMs: nowMs, decision: `dec_${nowMs}` };
      return result;
    };
    for (let round = 0; round < 4; round++) step();
    expect(pointsIn(now.traffic)[0]).toEqual([0, 50, 50]);
    now = { ...now, command: end };
    const counts: number[] = [];
    for (let round = 0; round < 30; round++) {
      step();
      counts.push(now.placements.length);
    }
    expect(pointsIn(now.traffic)[0]).toEqual([50, 25, 25]);
    expect(counts.at(-1), 'the placement is shared again').toBe(1);
    expect(decide({ ...now, nowMs: now.nowMs + HOUR, verifiedAtMs: now.nowMs + HOUR })).toBeUndefined();
  });

  it('that are new while their service is moved get what is left of it', () => {
    const { traffic = NO_TRAFFIC } = decide({ ...asked(), command: put({ mode: 'isolate' }) }) ?? {};
    const fresh = { ...pool('cart'), members: members.map((member) => ({ ...member, weight: 1 })) };
    expect(placementKey(fresh)).not.toBe(placementKey(pool('cart')));
    expect(effectiveShares(fresh, traffic).map(({ percent }) => percent)).toEqual([0, 50, 50]);
    expect(effectiveShares({ ...fresh, service: 'other' }, traffic).map(({ percent }) => percent)[0]).toBeGreaterThan(
      0,
    );
  });
});

describe('a drill of one service', () => {
  const DRILL = { name: 'lose-cart', cluster: 'a', service: 'cart', durationSeconds: 60, recoveryTargetSeconds: 30 };
  const start = { type: 'start-drill' as const, drill: 'lose-cart', run: 'drl_1' };
  const drilled = (drill = {}) => story({ policy: policy({ ...RAMP, drills: [{ ...DRILL, ...drill }] }) });

  it('takes that service out and nothing else, passes on what was read, and gives it back by steps', () => {
    const told = drilled();
    told.ask(start);
    told.during(15, 5);
    expect(told.percents).toEqual([
      [0, 50, 50],
      [50, 25, 25],
    ]);
    expect(course(told, 200)).toEqual([0, 12, 25, 37, 50]);
    expect(told.results.flatMap(({ endings }) => endings)).toMatchObject([{ type: 'drill', state: 'passed' }]);
    expect(told.traffic).toMatchObject({ clusters: [], allocation: { backends: [] } });
    expect(told.traffic.drill).toBeUndefined();
    expect(told.results.every(({ traffic }) => traffic.clusters.length === 0)).toBe(true);
  });

  it('is judged by the pools of that service alone', () => {
    const drill = { clusters: ['a'], service: 'cart', steppedAtMs: T0 };
    const gateway = (cart: string, shop: string) => ({
      ...{ gateway: 'edge', readAtMs: T0 },
      pools: ['cart', 'shop'].map((service) => ({ key: service, service, pinned: false, members: members })),
      points: {
        pools: { cart: [{ cluster: cart, percent: 100 }], shop: [{ cluster: shop, percent: 100 }] },
        routes: {},
      },
    });
    const members = [{ cluster: 'a' }, { cluster: 'b' }];
    expect(
      faultOf(drillReadingOf(drill, [gateway('b', 'a')], T0)),
      'others may have whatever they have',
    ).toBeUndefined();
    expect(faultOf(drillReadingOf(drill, [gateway('a', 'b')], T0))).toBe('edge gave them traffic when last read');
  });

  it('fails where a gateway was read to give it to the cluster all the same', () => {
    const told = drilled();
    told.ask(start);
    told.during(15, 5);
    const giving = { readAtMs: T0, oldestReadAtMs: T0, unread: [], unserved: [], serving: ['b'], giving: ['edge'] };
    told.after(5, [], { drilled: giving });
    expect(told.traffic.drill).toMatchObject({ ending: 'failed', phase: 'returning' });
  });

  it('does not begin while the service is held back, where no route leads to it, or where nobody would be left', () => {
    const held = drilled();
    held.ask(put({ cluster: 'b' }));
    held.during(20, 5);
    expect(held.ask(start)?.rules).toContainEqual(
      expect.objectContaining({ rule: 'withdrawals', passed: false, detail: 'clusters are held back: cart at b' }),
    );
    expect(drilled({ service: 'nope' }).ask(start)?.rules).toContainEqual(
      expect.objectContaining({ rule: 'service', passed: false, detail: 'no route leads to nope there' }),
    );
    const alone = drilled();
    alone.now = { ...alone.now, placements: [{ ...CART, members: CART.members.slice(0, 1) }, SHOP] };
    expect(alone.ask(start)?.rules).toContainEqual(
      expect.objectContaining({ rule: 'never-empty', detail: 'no cluster would be left that may serve cart' }),
    );
  });

  it('that is aborted gives back what it has taken by steps', () => {
    const told = drilled();
    told.ask(start);
    told.during(15, 5);
    told.ask({ type: 'abort-drill' });
    expect(course(told, 200)).toEqual([12, 25, 37, 50]);
  });
});
