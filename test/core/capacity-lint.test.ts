import { describe, expect, it } from 'vitest';
import { allocate } from '../../functions/core/allocation/allocate.ts';
import { declaredPoints } from '../../functions/core/allocation/bounds.ts';
import { lintCapacity } from '../../functions/core/lint/capacity.ts';
import type { Placement } from '../../functions/core/model/fleet-facts.ts';
import { createPrng } from '../sim/prng.ts';
import { facts, placement, policy, standby } from './story.ts';

const SITES = { a: 'east', b: 'east', c: 'west', d: 'west' };
const even = placement({ a: 1, b: 1, c: 1, d: 1 }, { load: 1000 });

function lint(capacity: number | Record<string, number>, placements: Placement[] = [even], headroomPercent = 0) {
  const clusters = Object.entries(SITES).map(([name, site]) =>
    facts(name, { site, capacity: typeof capacity === 'number' ? capacity : capacity[name] }),
  );
  return lintCapacity(policy({ failover: { headroomPercent } }), clusters, placements);
}
const codes = (...args: Parameters<typeof lint>) => lint(...args).map(({ code }) => code);

describe('what clusters can serve', () => {
  it.each<[string, Parameters<typeof lint>, string[]]>([
    ['room for the loss of a site', [500], []],
    ['room for the loss of a cluster, and not for that of a site', [490], ['site-capacity']],
    ['no room for the loss of a cluster', [320], ['capacity', 'site-capacity']],
    ['a declared split above headroom', [500, [even], 51], ['declared-above-headroom']],
    ['a declared split at headroom', [500, [even], 50], []],
    [
      'a cluster that stands by and cannot serve all',
      [{ c: 900 }, [standby('a', 'c', { load: 1000 })]],
      ['capacity', 'site-capacity'],
    ],
    ['a cluster that stands by and can', [{ c: 1000 }, [standby('a', 'c', { load: 1000 })]], []],
    [
      'too little for a backend of one site, which its loss makes no worse for others',
      [{ a: 200, b: 200 }, [placement({ a: 1, b: 1 }, { load: 500 })]],
      ['declared-above-headroom', 'capacity'],
    ],
    ['no load', [1, [placement({ a: 1, c: 1 })]], []],
    [
      'a backend of one site, which nobody else can serve',
      [{ a: 500, b: 500, c: 1 }, [placement({ a: 1, b: 1 }, { load: 500 })]],
      [],
    ],
  ])('with %s', (_, args, expected) => {
    expect(codes(...args)).toEqual(expected);
  });

  it('is told with numbers, and with what to do', () => {
    expect(lint(490)[0]?.detail).toBe(
      'The clusters do not have the capacity to serve without the site east, since c would have to serve 500 requests per second, and can serve 490: ' +
        'add capacity, or spread the traffic over more clusters.',
    );
    expect(lint(500, [even], 60)[0]?.detail).toBe(
      'a serves 250 of its 500 requests per second by the declared split, which is more than 60 % of headroom leave, so that it takes over ' +
        'nothing: lower its weights, or raise its capacity.',
    );
  });

  it('takes into account that backends which the loss does not touch make room', () => {
    const own = placement({ a: 1, c: 1 }, { key: 'p', load: 200 });
    const other = placement({ c: 1, d: 1 }, { key: 'q', load: 200 });
    expect(codes({ c: 200, d: 200 }, [own, other])).toEqual([]);
    expect(codes({ c: 200, d: 199 }, [own, other])).toEqual(['capacity', 'site-capacity']);
  });

  it('is what the allocation says of each loss, whatever is looked at first', () => {
    const prng = createPrng(7);
    for (let run = 0; run < 1000; run++) {
      const placements = Array.from({ length: 4 }, (_, index) => {
        const weights = Object.keys(SITES).map((name) => [name, prng.chance(0.5) ? 0 : prng.int(1, 3)]);
        return placement(Object.fromEntries(weights), { key: `p${index}`, load: prng.int(0, 400) });
      });
      const capacity = Object.fromEntries(Object.keys(SITES).map((name) => [name, prng.int(100, 900)]));
      const isShort = Object.keys(SITES).some((lost) => overloadedWithout(lost, placements, capacity));
      expect(codes(capacity, placements).includes('capacity')).toBe(isShort);
    }
  });
});

function overloadedWithout(lost: string, placements: Placement[], capacity: Record<string, number>): boolean {
  const limits = [{ reason: 'down' as const, sinceMs: 0 }];
  const backends = placements
    .filter(({ load }) => load > 0)
    .map(({ key: id, load, members }) => ({
      id,
      load,
      isPinned: false,
      members: members.map((member) => ({ ...member, had: 0, limits: member.cluster === lost ? limits : [] })),
    }));
  const capacities = Object.entries(capacity).map(([cluster, requestsPerSecond]) => {
    return { cluster, requestsPerSecond, hasFallen: false };
  });
  const { overloads } = allocate({ backends, capacities, headroomPercent: 0, correlationWindowMs: 0 });
  return overloads.some(({ cluster, load }) => cluster !== lost && load > declaredLoad(cluster, placements) + 1e-6);
}

function declaredLoad(cluster: string, placements: Placement[]): number {
  return placements.reduce((sum, { load, members }) => {
    const index = members.findIndex((member) => member.cluster === cluster);
    return sum + (load * (declaredPoints(members)[index] ?? 0)) / 100;
  }, 0);
}
