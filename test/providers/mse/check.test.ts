import { expect, test } from 'vitest';
import { featuresOf } from '../../../functions/core/features.ts';
import { mse } from '../../../functions/providers/mse/index.ts';
import { RouteInput } from '../../../schemas/route.ts';
import { member, NO_FACTS, pool, rule } from './harness.ts';

function route(rules: object[], more: object = {}) {
  return RouteInput.parse({ gateways: ['edge'], rules, ...more });
}

const backendRefs = [{ service: 'shop', port: 80 }];

test.each([
  ['cookies', { matches: [{ cookies: [{ name: 'a', value: 'b' }] }], backendRefs }, 'cookie'],
  ['mirrors', { filters: [{ type: 'RequestMirror', service: 'x', port: 1 }], backendRefs }, 'filter.RequestMirror'],
  ['rate limits', { filters: [{ type: 'RateLimit', requestsPerSecond: 1 }], backendRefs }, 'filter.RateLimit'],
  [
    'redirects to a scheme',
    { filters: [{ type: 'RequestRedirect', scheme: 'https' }] },
    'filter.RequestRedirect.scheme',
  ],
  ['redirects to a port', { filters: [{ type: 'RequestRedirect', port: 1 }] }, 'filter.RequestRedirect.port'],
])('%s cannot be carried, and the reason is told', (_, one, feature) => {
  const missing = featuresOf(route([one])).filter((use) => mse.capabilities[use.feature] !== true);
  expect(missing.map((use) => use.feature)).toEqual([feature]);
});

test('more destinations than percent to share out are refused', () => {
  const clusters = Array.from({ length: 51 }, (_, index) => ({ cluster: `c${index}` }));
  const two = { backendRefs: [...backendRefs, { service: 'cart', port: 80 }] };
  const distribution = { strategy: 'weighted', clusters };
  expect(mse.check(route([two], { distribution }))).toMatchObject([{ pointer: '#/rules/0/backendRefs' }]);
  expect(mse.check(route([{ backendRefs }], { distribution }))).toEqual([]);

  const wide = (key: string) =>
    pool(
      key,
      clusters.map(({ cluster }, index) => member(cluster, [index])),
    );
  const config = { pools: [wide('a'), wide('b')], rules: [rule('/', { a: 50, b: 50 })] };
  expect(mse.findings(config, NO_FACTS)).toMatchObject([{ code: 'quota-exceeded' }]);
  expect(mse.quotas(config, NO_FACTS)).toMatchObject([{ used: 102, allowed: 100 }]);
});

test('the age of preflight answers must be whole hours', () => {
  const cors = (maxAgeSeconds: number) => ({
    filters: [{ type: 'CORS', allowOrigins: ['*'], allowMethods: ['GET'], maxAgeSeconds }],
    backendRefs,
  });
  expect(mse.check(route([cors(7200)]))).toEqual([]);
  expect(mse.check(route([cors(90)]))).toMatchObject([{ pointer: '#/rules/0/filters/0/maxAgeSeconds' }]);
});

test('a fallback needs HTTP on both sides', () => {
  const [plain, secure] = [
    pool('plain', [member('cd', [1])]),
    pool('secure', [member('cd', [2])], { protocol: 'HTTPS' }),
  ];
  const between = (from: string, fallback: string) =>
    mse.findings({ pools: [plain, secure], rules: [rule('/', { [from]: 100 }, { fallback })] }, NO_FACTS);
  expect(between('plain', 'plain')).toEqual([]);
  expect(between('plain', 'secure')).toMatchObject([{ code: 'unsupported-feature' }]);
  expect(between('secure', 'plain')).toMatchObject([{ code: 'unsupported-feature' }]);
});

test('a pool that no cluster serves is refused', () => {
  const config = { pools: [pool('shop-80', [member('cd', [])])], rules: [rule('/', { 'shop-80': 100 })] };
  expect(mse.findings(config, NO_FACTS)).toMatchObject([{ code: 'empties-pool' }]);
});
