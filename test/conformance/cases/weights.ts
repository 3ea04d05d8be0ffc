import { type Group, prefix, to } from '../case.ts';

const onlyA = { strategy: 'weighted' as const, clusters: [{ cluster: 'a' }] };

export const weights: Group = {
  name: 'weights',
  cases: [
    {
      name: 'two backends share by weight',
      routes: [{ rules: [{ backendRefs: to(['shop', 80], ['pay', 20]) }], distribution: onlyA }],
      requests: [{ times: 200, expect: { split: { 'shop-a': 80, 'pay-a': 20 } } }],
    },
    {
      name: 'three backends share by weight',
      routes: [{ rules: [{ backendRefs: to(['shop', 50], ['pay', 30], ['old', 20]) }], distribution: onlyA }],
      requests: [{ times: 200, expect: { split: { 'shop-a': 50, 'pay-a': 30, 'old-a': 20 } } }],
    },
    {
      name: 'weights are relative',
      routes: [{ rules: [{ backendRefs: to(['shop', 3], ['pay', 1]) }], distribution: onlyA }],
      requests: [{ times: 200, expect: { split: { 'shop-a': 75, 'pay-a': 25 } } }],
    },
    {
      name: 'backends without weights share equally',
      routes: [{ rules: [{ backendRefs: to('shop', 'pay') }], distribution: onlyA }],
      requests: [{ times: 200, expect: { split: { 'shop-a': 50, 'pay-a': 50 } } }],
    },
    {
      name: 'a weight of 0 gets nothing',
      routes: [{ rules: [{ backendRefs: to(['shop', 5], ['pay', 0]) }], distribution: onlyA }],
      requests: [{ times: 50, expect: { split: { 'shop-a': 100 } } }],
    },
    {
      name: 'weights of backends and of clusters multiply',
      routes: [
        {
          rules: [{ backendRefs: to('shop', 'pay') }],
          distribution: {
            strategy: 'weighted',
            clusters: [
              { cluster: 'a', weight: 60 },
              { cluster: 'b', weight: 40 },
            ],
          },
        },
      ],
      requests: [{ times: 400, expect: { split: { 'shop-a': 30, 'shop-b': 20, 'pay-a': 30, 'pay-b': 20 } } }],
    },
    {
      name: 'each rule has weights of its own',
      routes: [
        {
          rules: [
            { backendRefs: to(['shop', 90], ['pay', 10]) },
            { matches: [{ path: prefix('/new') }], backendRefs: to(['shop', 10], ['pay', 90]) },
          ],
          distribution: onlyA,
        },
      ],
      requests: [
        { times: 200, expect: { split: { 'shop-a': 90, 'pay-a': 10 } } },
        { times: 200, path: '/new', expect: { split: { 'shop-a': 10, 'pay-a': 90 } } },
      ],
    },
  ],
};
