import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCloud } from '../../functions/cloud/alicloud.ts';
import { createBudgets } from '../../functions/cloud/budgets.ts';
import type { Cloud, Log, Store } from '../../functions/deps.ts';
import { matrix } from '../matrix.ts';
import { type ControlPlane, KEYS, startControlPlane } from './harness.ts';

/** A reading action of each product, with its documented or assumed rate and the part that is kept for failovers. */
const PRODUCTS = {
  alb: { action: 'ListServerGroups', calls: 200, windowMs: 60_000, reserve: 40 },
  mse: { action: 'ListGateway', calls: 5, windowMs: 1_000, reserve: 1 },
};

describe.each(matrix(['alb', 'mse'] as const, 1))('several invocations that call %s, whose rates count', (product) => {
  const { action, calls, windowMs, reserve } = PRODUCTS[product];
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await startControlPlane({ throttle: true });
  });
  afterEach(() => plane.close());

  const request = (priority: 'failover' | 'normal') => ({
    product,
    regionId: 'cn-hangzhou',
    credentials: 'default',
    action,
    priority,
    // The log tells who has made each call.
    parameters:
      product === 'alb'
        ? { MaxResults: priority === 'failover' ? 10 : 20 }
        : { PageSize: priority === 'failover' ? 10 : 20 },
  });
  const make = (count: number, cloud: Cloud = plane.deps().cloud, priority: 'failover' | 'normal' = 'normal') =>
    Promise.all(Array.from({ length: count }, () => cloud.call(request(priority))));
  const isFailover = ({ parameters }: { parameters: Record<string, string> }) =>
    (parameters['MaxResults'] ?? parameters['PageSize']) === '10';
  const throttlings = () => plane.cloud.log.entries.filter(({ code }) => code === 'Throttling.User').length;

  it('stay below the rate together, and use most of it', async () => {
    const startMs = plane.clock.now();
    await Promise.all([make(calls), make(calls), make(calls), make(calls)]);
    expect(throttlings()).toBe(0);
    const windows = (plane.clock.now() - startMs) / windowMs;
    expect((4 * calls) / windows).toBeGreaterThan((calls - reserve) * 0.9);
  });

  it('leave a reserve that a failover finds at any time, and then all that comes back', async () => {
    const publishing = [make(2 * calls), make(2 * calls)];
    await plane.clock.sleep(2.5 * windowMs);
    const orderedMs = plane.clock.now();
    await make(reserve + 4, plane.deps().cloud, 'failover');
    const { entries } = plane.cloud.log;
    const failover = entries.filter(isFailover);
    expect(failover.slice(0, reserve).map(({ at }) => Date.parse(at) - orderedMs)).toEqual(Array(reserve).fill(0));
    const last = entries.findLastIndex(isFailover);
    const between = entries.slice(entries.findIndex(isFailover), last).filter((entry) => !isFailover(entry));
    expect(between.length, 'calls that went before the rest of the failover').toBeLessThanOrEqual(1);
    await Promise.all(publishing);
    expect(throttlings()).toBe(0);
  });

  it('give way when somebody else uses the account, get everything done, and are soon throttled no more', async () => {
    const strangers = createCloud({
      credentials: { default: KEYS },
      endpoint: () => plane.cloud.url,
      clock: plane.clock,
      log: SILENT,
    });
    const publishing = Promise.all([make(2 * calls), make(2 * calls)]);
    for (let window = 0; window < 3; window++) {
      const burst = Array.from({ length: calls }, () => strangers.call(request('normal')).catch(() => undefined));
      await Promise.all([...burst, plane.clock.sleep(windowMs)]);
    }
    await publishing;
    plane.forgetCalls();
    await Promise.all([make(2 * calls), make(2 * calls)]);
    expect(throttlings()).toBe(0);
  });
});

const SILENT: Log = { info: () => undefined, error: () => undefined };

describe('without the store', () => {
  it('calls go ahead, and the log says so', async () => {
    const plane = await startControlPlane({ throttle: true });
    const told: string[] = [];
    const away = () => Promise.reject(new Error('away'));
    const store: Pick<Store, 'budget' | 'putBudget'> = { budget: away, putBudget: away };
    const log: Log = { ...SILENT, error: (event) => told.push(event) };
    const budgets = createBudgets({ store, clock: plane.clock, log });
    const cloud = createCloud({
      credentials: { default: KEYS },
      endpoint: () => plane.cloud.url,
      clock: plane.clock,
      log,
      budgets,
    });
    const startMs = plane.clock.now();
    const call = { product: 'alb' as const, regionId: 'cn-hangzhou', credentials: 'default', parameters: {} };
    await Promise.all(
      Array.from({ length: 20 }, () => cloud.call({ ...call, action: 'ListServerGroups', priority: 'failover' })),
    );
    expect(plane.clock.now()).toBe(startMs);
    expect(told).toEqual(['budget.unavailable']);
    await plane.close();
  });
});
