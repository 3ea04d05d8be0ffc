import { type Estate, serviceOf, WATCHABLE } from './estate.ts';

/**
 * The clusters. Either city alone could carry the 600 requests a second that the routes expect at most, and so could
 * either site of Hangzhou together with Shanghai.
 */
const clusters: Estate['clusters'] = [
  { name: 'hangzhou-a1', port: 'clusterA', declared: hangzhou('hangzhou-a', 350) },
  { name: 'hangzhou-a2', port: 'clusterB', declared: hangzhou('hangzhou-a', 350) },
  { name: 'hangzhou-b1', port: 'clusterC', declared: hangzhou('hangzhou-b', 700) },
  {
    name: 'shanghai-c1',
    port: 'clusterD',
    declared: { region: 'cn-shanghai', city: 'shanghai', site: 'shanghai-c', capacity: { requestsPerSecond: 700 } },
  },
];

function hangzhou(site: string, requestsPerSecond: number): Estate['clusters'][number]['declared'] {
  return { region: 'cn-hangzhou', city: 'hangzhou', site, capacity: { requestsPerSecond } };
}

function route(service: string, peakRequestsPerSecond: number, distribution: string): Estate['routes'][string] {
  return {
    hostnames: [`${service}.example.com`],
    rules: [{ backendRefs: [{ service, port: 80 }], peakRequestsPerSecond }],
    distribution: { ref: distribution },
  };
}

/**
 * An estate of four clusters in three sites of two cities: the two sites of Hangzhou serve together, and Shanghai is
 * their standby. Routes that both cities may serve at any time are shared between them.
 */
export const twoCities: Estate = {
  clusters,
  fleet: { displayName: 'Two cities', ...WATCHABLE },
  services: { shop: serviceOf(clusters), ledger: serviceOf(clusters), catalog: serviceOf(clusters) },
  distributions: {
    'one-city': {
      displayName: 'Both sites of Hangzhou, with Shanghai behind them',
      strategy: 'weighted',
      clusters: [
        { site: 'hangzhou-a', weight: 60, tier: 0 },
        { site: 'hangzhou-b', weight: 40, tier: 0 },
        { city: 'shanghai', tier: 1 },
      ],
    },
    'both-cities': {
      displayName: 'Hangzhou and Shanghai at once',
      strategy: 'weighted',
      clusters: [
        { city: 'hangzhou', weight: 75 },
        { city: 'shanghai', weight: 25 },
      ],
    },
  },
  routes: {
    shop: route('shop', 300, 'one-city'),
    ledger: route('ledger', 100, 'one-city'),
    catalog: route('catalog', 200, 'both-cities'),
  },
  requests: (gateway) => [
    {
      text: '60 of 100 requests go to the two clusters of the site hangzhou-a, 40 to hangzhou-b; Shanghai stands behind them:',
      command: `curl -s -H 'Host: shop.example.com' ${gateway}/`,
    },
    {
      text: 'Both cities serve the catalogue, 75 to 25:',
      command: `curl -s -H 'Host: catalog.example.com' ${gateway}/`,
    },
  ],
  breaks: (control) => [
    {
      text: 'Break a site and see the other one of the city serve within seconds; /recover brings it back:',
      command: `curl -X POST '${control}/hangzhou-a/fail'`,
    },
    {
      text: 'Break a city and see the other one serve:',
      command: `curl -X POST '${control}/hangzhou/fail'`,
    },
  ],
};
