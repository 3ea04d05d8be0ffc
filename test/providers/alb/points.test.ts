import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toPercents } from '../../../functions/core/allocation/apportion.ts';
import type { Share } from '../../../functions/core/model/ir.ts';
import type { GroupObject, Server } from '../../../functions/providers/alb/compile/canonical.ts';
import { isGroup } from '../../../functions/providers/alb/compile/canonical.ts';
import { compile } from '../../../functions/providers/alb/compile/compile.ts';
import { effectiveShares } from '../../../functions/providers/alb/compile/weights.ts';
import type { AlbObserved } from '../../../functions/providers/alb/observe/facts.ts';
import { matchGroups } from '../../../functions/providers/alb/observe/match.ts';
import { points } from '../../../functions/providers/alb/observe/points.ts';
import { AlbTarget } from '../../../schemas/gateway.ts';
import { member, pool } from './harness.ts';

const target = AlbTarget.parse({
  provider: 'alb',
  regionId: 'cn-hangzhou',
  loadBalancerId: 'alb-1',
  listenerIds: ['lsn-1'],
});
const NOTHING: AlbObserved = {
  objects: [],
  foreign: [],
  facts: { provider: 'alb', vpcId: 'vpc-1', edition: 'Standard', listenerCount: 1, listeners: [], otherRules: [] },
};
const SHOP = pool('shop-80', [member('cd', [1, 2]), member('sh', [3])]);
const octetServer = (octet: number, Weight: number): Server => ({
  ServerId: `10.0.0.${octet}`,
  Port: 80,
  Weight,
  RemoteIpEnabled: false,
});

/** The pool with two groups, and the groups as compiled for these shares. */
function compiled(one: typeof SHOP, shares: Share[]) {
  const config = { rules: [], pools: [{ ...one, objects: [{ key: 'a' }, { key: 'b' }] }] };
  const groups = compile(config, new Map([[one.key, shares]]), NOTHING, { target }).filter(isGroup);
  return { matched: config.pools[0] ?? one, groups };
}

const EVEN = [
  { cluster: 'cd', percent: 50 },
  { cluster: 'sh', percent: 50 },
];
const { matched, groups } = compiled(SHOP, EVEN);
const pointsOf = (...servers: Server[][]) =>
  points(matched, {
    ...NOTHING,
    objects: groups.map((group, index): GroupObject => {
      return { ...group, spec: { ...group.spec, Servers: servers[index] ?? servers[0] ?? [] } };
    }),
  })?.map(({ percent }) => percent);

test('what was compiled for shares reads back as these shares', () => {
  const Cluster = fc.record({ servers: fc.integer({ min: 0, max: 30 }), weight: fc.integer({ min: 0, max: 100 }) });
  fc.assert(
    fc.property(fc.array(Cluster, { minLength: 1, maxLength: 6 }), (clusters) => {
      const members = clusters.map(({ servers }, index) =>
        member(
          `c${index}`,
          Array.from({ length: servers }, (_, server) => index * 40 + server),
        ),
      );
      const percents = toPercents(clusters.map(({ weight, servers }) => (servers > 0 ? weight : 0)));
      const shares = members.map(({ cluster }, index) => ({ cluster, percent: percents[index] ?? 0 }));
      const one = compiled(pool('p', members), shares);
      expect(points(one.matched, { ...NOTHING, objects: one.groups })).toEqual(effectiveShares(members, shares));
    }),
  );
});

test.each([
  [
    'weights that somebody edited are rounded each',
    [octetServer(1, 1), octetServer(2, 1), octetServer(3, 1)],
    [67, 33],
  ],
  ['a server of nobody takes its part', [octetServer(1, 25), octetServer(3, 25), octetServer(9, 50)], [25, 25]],
  ['whoever gets anything is shown', [octetServer(1, 1), octetServer(3, 100), octetServer(9, 100)], [1, 50]],
  ['no weight at all is nothing for anybody', [octetServer(1, 0), octetServer(3, 0)], [0, 0]],
  ['no server at all is nothing for anybody', [], [0, 0]],
])('%s', (_, servers, expected) => {
  expect(pointsOf(servers)).toEqual(expected);
});

test('groups of a pool that do not agree have no points, as one of them is not what is wanted', () => {
  expect(pointsOf([octetServer(1, 50), octetServer(3, 50)], [octetServer(1, 0), octetServer(3, 50)])).toBeUndefined();
});

test('a pool of which a group is missing has no points, and one that was never matched neither', () => {
  expect(points(matched, { ...NOTHING, objects: groups.slice(1) })).toBeUndefined();
  expect(points(SHOP, { ...NOTHING, objects: groups })).toBeUndefined();
  const [again] = matchGroups({ rules: [], pools: [SHOP] }, NOTHING, { target }).pools;
  expect(points(again ?? SHOP, NOTHING)).toBeUndefined();
});
