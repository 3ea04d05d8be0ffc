import { type Estate, serviceOf, WATCHABLE } from './estate.ts';

const clusters: Estate['clusters'] = [
  { name: 'hangzhou-a', port: 'clusterA', declared: { region: 'cn-hangzhou' } },
  { name: 'hangzhou-b', port: 'clusterB', declared: { region: 'cn-hangzhou' } },
];

const backendRefs = (service: string) => [{ service, port: 80 }];

/** An estate of two clusters with three ways to share traffic between them. */
export const twoClusters: Estate = {
  clusters,
  fleet: { displayName: 'Demo', ...WATCHABLE },
  services: { checkout: serviceOf(clusters), orders: serviceOf(clusters) },
  distributions: {},
  routes: {
    shop: {
      hostnames: ['shop.example.com'],
      rules: [{ backendRefs: backendRefs('checkout') }],
      distribution: {
        strategy: 'weighted',
        clusters: [
          { cluster: 'hangzhou-a', weight: 60 },
          { cluster: 'hangzhou-b', weight: 40 },
        ],
      },
    },
    'shop-canary': {
      hostnames: ['shop.example.com'],
      rules: [
        {
          matches: [{ headers: [{ name: 'x-cluster', value: 'hangzhou-b' }] }],
          backendRefs: backendRefs('checkout'),
        },
      ],
      distribution: { strategy: 'weighted', clusters: [{ cluster: 'hangzhou-b' }], pin: 'strict' },
    },
    ledger: {
      hostnames: ['ledger.example.com'],
      rules: [{ backendRefs: backendRefs('orders') }],
      distribution: {
        strategy: 'weighted',
        clusters: [
          { cluster: 'hangzhou-a', tier: 0 },
          { cluster: 'hangzhou-b', tier: 1 },
        ],
      },
    },
  },
  requests: (gateway) => [
    {
      text: '60 of 100 requests go to hangzhou-a, 40 to hangzhou-b:',
      command: `curl -s -H 'Host: shop.example.com' ${gateway}/`,
    },
    {
      text: 'A header pins a request to hangzhou-b:',
      command: `curl -s -H 'Host: shop.example.com' -H 'x-cluster: hangzhou-b' ${gateway}/`,
    },
  ],
  breaks: (control) => [
    {
      text: 'Break hangzhou-a (or hang, or brownout) and see its share move away within seconds; /recover brings it back:',
      command: `curl -X POST '${control}/hangzhou-a/fail?mode=refuse'`,
    },
  ],
};
