import { type Group, prefix, to } from '../case.ts';

const share = (a: number, b: number) => ({
  strategy: 'weighted' as const,
  clusters: [
    { cluster: 'a', weight: a },
    { cluster: 'b', weight: b },
  ],
});

export const failover: Group = {
  name: 'failover',
  cases: [
    {
      name: 'the others take over the share of a withdrawn cluster',
      routes: [{ rules: [{ backendRefs: to('shop') }], distribution: share(60, 40) }],
      requests: [{ times: 100, expect: { split: { 'shop-a': 60, 'shop-b': 40 } } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 50, expect: { split: { 'shop-b': 100 } } }] },
    },
    {
      name: 'the withdrawal of the other cluster is as good',
      routes: [{ rules: [{ backendRefs: to('shop') }], distribution: share(70, 30) }],
      requests: [{ times: 100, expect: { split: { 'shop-a': 70, 'shop-b': 30 } } }],
      withdrawn: { clusters: ['b'], requests: [{ times: 50, expect: { split: { 'shop-a': 100 } } }] },
    },
    {
      name: 'the standby cluster takes over',
      routes: [
        {
          rules: [{ backendRefs: to('shop') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }, { cluster: 'b', tier: 1 }] },
        },
      ],
      requests: [{ times: 20, expect: { split: { 'shop-a': 100 } } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 20, expect: { split: { 'shop-b': 100 } } }] },
    },
    {
      name: 'a withdrawn standby cluster changes nothing',
      routes: [
        {
          rules: [{ backendRefs: to('pay') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }, { cluster: 'b', tier: 2 }] },
        },
      ],
      requests: [{ times: 20, expect: { split: { 'pay-a': 100 } } }],
      withdrawn: { clusters: ['b'], requests: [{ times: 20, expect: { split: { 'pay-a': 100 } } }] },
    },
    {
      name: 'by replicas, too',
      routes: [{ rules: [{ backendRefs: to('herd') }] }],
      requests: [{ times: 100, expect: { split: { 'herd-a': 75, 'herd-b': 25 } } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 50, expect: { split: { 'herd-b': 100 } } }] },
    },
    {
      name: 'a strict pin stays where it is',
      routes: [
        {
          rules: [{ backendRefs: to('shop') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }], pin: 'strict' },
        },
      ],
      requests: [{ times: 20, expect: { split: { 'shop-a': 100 } } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 20, expect: { split: { 'shop-a': 100 } } }] },
    },
    {
      name: 'a preferred cluster is stood in for',
      routes: [
        {
          rules: [{ backendRefs: to('shop') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }], pin: 'prefer' },
        },
      ],
      requests: [{ times: 20, expect: { split: { 'shop-a': 100 } } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 20, expect: { split: { 'shop-b': 100 } } }] },
    },
    {
      name: 'a service of the withdrawn cluster alone keeps its traffic',
      routes: [{ rules: [{ backendRefs: to('old') }] }],
      requests: [{ times: 20, expect: { split: { 'old-a': 100 } } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 20, expect: { split: { 'old-a': 100 } } }] },
    },
    {
      name: 'weights between backends stay as they are',
      routes: [{ rules: [{ backendRefs: to(['shop', 80], ['pay', 20]) }], distribution: share(50, 50) }],
      requests: [{ times: 200, expect: { split: { 'shop-a': 40, 'shop-b': 40, 'pay-a': 10, 'pay-b': 10 } } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 200, expect: { split: { 'shop-b': 80, 'pay-b': 20 } } }] },
    },
    {
      name: 'matches and filters stay as they are',
      routes: [
        {
          rules: [
            {
              matches: [{ path: prefix('/foo') }],
              filters: [
                { type: 'RequestHeaderModifier', set: [{ name: 'x-env', value: 'prod' }] },
                { type: 'URLRewrite', path: { type: 'ReplaceFullPath', value: '/bar' } },
              ],
              backendRefs: to('shop'),
            },
          ],
          distribution: share(100, 1),
        },
      ],
      requests: [{ path: '/foo', expect: { from: 'shop', received: { path: '/bar', headers: { 'x-env': 'prod' } } } }],
      withdrawn: {
        clusters: ['a'],
        requests: [
          { path: '/foo', expect: { from: 'shop-b', received: { path: '/bar', headers: { 'x-env': 'prod' } } } },
          { path: '/foobar', expect: { unmatched: true } },
        ],
      },
    },
    {
      name: 'affinity does not hold on to a withdrawn cluster',
      routes: [{ rules: [{ backendRefs: to('sticky') }] }],
      requests: [{ times: 10, keepsCookies: true, expect: { oneServer: true } }],
      withdrawn: {
        clusters: ['a'],
        requests: [{ times: 30, keepsCookies: true, expect: { split: { 'sticky-b': 100 } } }],
      },
    },
  ],
};
