import { type Group, to } from '../case.ts';

const share = (a: number, b: number) => ({
  strategy: 'weighted' as const,
  clusters: [
    { cluster: 'a', weight: a },
    { cluster: 'b', weight: b },
  ],
});

export const distribution: Group = {
  name: 'distribution',
  cases: [
    {
      name: 'clusters share as declared',
      routes: [{ rules: [{ backendRefs: to('shop') }], distribution: share(60, 40) }],
      requests: [{ times: 200, expect: { split: { 'shop-a': 60, 'shop-b': 40 } } }],
    },
    {
      name: 'a small share is served',
      routes: [{ rules: [{ backendRefs: to('shop') }], distribution: share(95, 5) }],
      requests: [{ times: 400, expect: { split: { 'shop-a': 95, 'shop-b': 5 } } }],
    },
    {
      name: 'a cluster with a weight of 0 gets nothing',
      routes: [{ rules: [{ backendRefs: to('shop') }], distribution: share(0, 10) }],
      requests: [{ times: 50, expect: { split: { 'shop-b': 100 } } }],
    },
    {
      name: 'a cluster that is not named gets nothing',
      routes: [
        {
          rules: [{ backendRefs: to('shop') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'b' }] },
        },
      ],
      requests: [{ times: 50, expect: { split: { 'shop-b': 100 } } }],
    },
    {
      name: 'without a distribution clusters weigh by their replicas',
      routes: [{ rules: [{ backendRefs: to('herd') }] }],
      requests: [{ times: 200, expect: { split: { 'herd-a': 75, 'herd-b': 25 } } }],
    },
    {
      name: 'replicas count among the named clusters only',
      routes: [
        {
          rules: [{ backendRefs: to('herd') }],
          distribution: { strategy: 'replicas', clusters: [{ cluster: 'b' }] },
        },
      ],
      requests: [{ times: 50, expect: { split: { 'herd-b': 100 } } }],
    },
    {
      name: 'a standby cluster gets nothing while the first tier serves',
      routes: [
        {
          rules: [{ backendRefs: to('shop') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }, { cluster: 'b', tier: 1 }] },
        },
      ],
      requests: [{ times: 50, expect: { split: { 'shop-a': 100 } } }],
    },
    {
      name: 'a service that one cluster exports is served by it',
      routes: [{ rules: [{ backendRefs: to('old') }] }],
      requests: [{ times: 20, expect: { split: { 'old-a': 100 } } }],
    },
    {
      name: 'a header pins requests to a cluster',
      routes: [
        { rules: [{ backendRefs: to('shop') }], distribution: share(100, 0) },
        {
          rules: [{ matches: [{ headers: [{ name: 'x-cluster', value: 'b' }] }], backendRefs: to('shop') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'b' }], pin: 'strict' },
        },
      ],
      requests: [
        { times: 50, expect: { split: { 'shop-a': 100 } } },
        { times: 50, headers: { 'x-cluster': 'b' }, expect: { split: { 'shop-b': 100 } } },
      ],
    },
    {
      name: 'a preferred cluster gets everything while it serves',
      routes: [
        {
          rules: [{ backendRefs: to('shop') }],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'b' }], pin: 'prefer' },
        },
      ],
      requests: [{ times: 50, expect: { split: { 'shop-b': 100 } } }],
    },
  ],
};
