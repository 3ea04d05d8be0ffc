import { effectiveShares } from '../../functions/core/distribution.ts';
import type { Resource, Snapshot } from '../../functions/core/model.ts';
import { plan as planChanges } from '../../functions/core/plan.ts';
import { resolve } from '../../functions/core/resolve.ts';
import { alb } from '../../functions/providers/alb/index.ts';
import type { Observed } from '../../functions/providers/provider.ts';
import type { AlbTarget } from '../../schemas/gateway.ts';
import { cluster, gateway, route, service } from '../core/fixtures.ts';

const SIZES = [100, 1000];
const RUNS = 5;
const MEMBERS = 5;
const SERVICES = 50;

/** resolve + compile + plan against an empty gateway, in ms (median), for two sizes in one process; growth is their ratio. */
export function plan(): Record<string, unknown> {
  const ms = Object.fromEntries(SIZES.map((size) => [size, medianMs(snapshotOf(size))]));
  const [small = 1, large = 0] = Object.values(ms);
  return { ms, growth: Number((large / small).toFixed(1)), peakMb: Math.round(process.memoryUsage().rss / 2 ** 20) };
}

function medianMs(snapshot: Snapshot): number {
  planOnce(snapshot);
  const times = Array.from({ length: RUNS }, () => {
    const startedAt = performance.now();
    planOnce(snapshot);
    return performance.now() - startedAt;
  }).sort((a, b) => a - b);
  return Math.round((times[Math.floor(RUNS / 2)] ?? 0) * 10) / 10;
}

function planOnce(snapshot: Snapshot): void {
  const target: AlbTarget = {
    provider: 'alb',
    regionId: 'cn-hangzhou',
    loadBalancerId: 'alb-1',
    listenerIds: ['lsn-1'],
  };
  const observed: Observed = {
    objects: [],
    foreign: [],
    facts: { vpcId: 'vpc-1', edition: 'Standard', listenerCount: 1, foreignPriorities: {} },
  };
  const config = resolve(snapshot);
  const shares = new Map(config.pools.map((pool) => [pool.key, effectiveShares(pool, [])]));
  const desired = alb.compile(config, shares, observed, { target, owner: 'bench/prod/edge' });
  planChanges(desired, [], 'sync');
}

function snapshotOf(routes: number): Snapshot {
  const names = Array.from({ length: MEMBERS }, (_, index) => `c${index}`);
  const exports = Object.fromEntries(names.map((name, index) => [name, index + 1]));
  const services = Array.from({ length: SERVICES }, (_, index) => service(`s${index}`, exports));
  return {
    gateway: gateway(),
    clusters: names.map((name, index) => cluster(name, index + 1)),
    services,
    routes: Array.from({ length: routes }, (_, index): Resource<'route'> => {
      const rules = [{ backendRefs: [{ service: `s${index % SERVICES}`, port: 80 }] }];
      return route(`r${index}`, { hostnames: [`h${index}.example.com`], rules });
    }),
  };
}
