import { expect, it } from 'vitest';
import { placementsOf } from '../../functions/core/allocation/placements.ts';
import { effectiveShares } from '../../functions/core/allocation/points.ts';
import type { Backend, Limit } from '../../functions/core/allocation/types.ts';
import { decide } from '../../functions/core/failover/decide.ts';
import { servicesApart } from '../../functions/core/failover/service-limits.ts';
import { type LiveShift, NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import type { Pool } from '../../functions/core/model/ir.ts';
import { facts, policy, shift, input } from '../core/story.ts';
import { scale } from '../matrix.ts';
import { allocate as allocateByReference } from './allocation.ts';
import { mulberry32 } from './fleets.ts';

/**
 * Shifts of one service by the words of the design alone: their limits concern the backends of that service, and nothing else. The reference knows
 * neither placements nor sealed points: it is given one backend for all pools of a split, and one more for those of each service that is shifted.
 */

const CLUSTERS = ['a', 'b', 'c', 'd'];
const SERVICES = ['cart', 'pay', 'shop'];

interface Drawn {
  pools: Pool[];
  shifts: LiveShift[];
  capacities: { cluster: string; requestsPerSecond: number; hasFallen: boolean }[];
}

function draw(seed: number): Drawn {
  const next = mulberry32(seed);
  const whole = (most: number) => Math.floor(next() * (most + 1));
  const splits = Array.from({ length: 1 + whole(2) }, () =>
    CLUSTERS.slice(0, 2 + whole(2)).map((cluster) => ({ cluster, weight: whole(3), tier: whole(1), endpoints: [] })),
  ).map((members) => members.sort((a, b) => a.tier - b.tier || (a.cluster < b.cluster ? -1 : 1)));
  const pools = SERVICES.flatMap((service) =>
    splits.flatMap((members, index) => {
      const pool = { key: `${service}-${index}`, service, port: 80 + index, members, pinned: next() < 0.1 };
      return next() < 0.8 ? [{ ...pool, load: whole(3) * 100 } as unknown as Pool] : [];
    }),
  );
  const targets = CLUSTERS.flatMap((cluster) => [undefined, ...SERVICES].map((service) => ({ cluster, service })));
  const shifts = targets
    .filter(() => next() < 0.2)
    .map(({ cluster, service }, index) => {
      const isIsolation = next() < 0.2;
      const percent = isIsolation ? 0 : (whole(9) * 10) % 100;
      const kind = { mode: isIsolation ? ('isolate' as const) : ('drain' as const), percent, currentPercent: percent };
      return shift({ name: `s-${index}`, id: `shf_${index}`, cluster, service, phase: 'applied', ...kind });
    });
  const capacities = CLUSTERS.filter(() => next() < 0.4).map((cluster) => {
    return { cluster, requestsPerSecond: 100 + whole(5) * 100, hasFallen: false };
  });
  return { pools, shifts, capacities };
}

/** What people ask for of a pool at a cluster: the smallest part that anybody leaves to it. */
function limitsBy(shifts: readonly LiveShift[], cluster: string, service: string): Limit[] {
  const own = shifts.filter((item) => item.cluster === cluster && [undefined, service].includes(item.service));
  const parts = own.filter(({ mode }) => mode === 'drain').map(({ percent }) => percent);
  return [
    ...(own.some(({ mode }) => mode === 'isolate') ? [{ reason: 'isolated' as const }] : []),
    ...(parts.length > 0 ? [{ reason: 'drained' as const, percent: Math.min(...parts) }] : []),
  ];
}

function naive({ pools, shifts, capacities }: Drawn, idOf: (pool: Pool) => string): Record<string, readonly number[]> {
  const backends = Map.groupBy(pools, idOf);
  const input = [...backends].map(([id, alike]): Backend => {
    const [pool = alike[0]] = alike;
    const members = (pool?.members ?? []).map(({ cluster, weight, tier }) => {
      return { cluster, weight, tier, had: 0, limits: limitsBy(shifts, cluster, pool?.service ?? '') };
    });
    const load = alike.reduce((sum, own) => sum + (own.load ?? 0), 0);
    return { id, load, isPinned: pool?.pinned ?? false, members };
  });
  const found = allocateByReference({ backends: input, capacities, headroomPercent: 0, correlationWindowMs: 30_000 });
  const points = new Map(found.backends.map((backend) => [backend.id, backend.points]));
  return Object.fromEntries(pools.map((pool) => [pool.key, points.get(idOf(pool)) ?? []]));
}

it('points of every pool are those of the reference, of which each shifted service has backends of its own', () => {
  for (let seed = 0; seed < scale(3000, 500); seed++) {
    const drawn = draw(seed);
    const { pools, shifts, capacities } = drawn;
    const traffic = { ...NO_TRAFFIC, shifts };
    const placements = placementsOf(pools, servicesApart(traffic));
    const decided = decide(
      input({
        ...{ placements, traffic, health: [] },
        policy: policy({ failover: { headroomPercent: 0, correlation: { windowSeconds: 30 } } }),
        clusters: CLUSTERS.map((name) => {
          const capacity = capacities.find(({ cluster }) => cluster === name)?.requestsPerSecond;
          return facts(name, { voters: [], capacity });
        }),
      }),
    );
    const inForce = decided?.traffic ?? traffic;
    const given = pools.map((pool) => [pool.key, effectiveShares(pool, inForce).map(({ percent }) => percent)]);
    const keyOf = new Map(
      placements.flatMap(({ key, members, pinned, service }) => [[JSON.stringify([members, pinned, service]), key]]),
    );
    const idOf = ({ members, pinned, service }: Pool) => {
      const bare = members.map(({ cluster, weight, tier }) => ({ cluster, weight, tier }));
      const apart = shifts.some((item) => item.service === service) ? service : undefined;
      return keyOf.get(JSON.stringify([bare, pinned, apart])) ?? 'none';
    };
    expect(Object.fromEntries(given), `seed ${seed}`).toEqual(naive(drawn, idOf));
  }
});
