import { expect, test } from 'vitest';
import { featuresOf } from '../../../functions/core/routing/features.ts';
import { mse } from '../../../functions/providers/mse/index.ts';
import { RouteInput } from '../../../schemas/route.ts';

function route(rules: object[]) {
  return RouteInput.parse({ gateways: ['edge'], rules });
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

test('the age of preflight answers must be whole hours', () => {
  const cors = (maxAgeSeconds: number) => ({
    filters: [{ type: 'CORS', allowOrigins: ['*'], allowMethods: ['GET'], maxAgeSeconds }],
    backendRefs,
  });
  expect(mse.check(route([cors(7200)]))).toEqual([]);
  expect(mse.check(route([cors(90)]))).toMatchObject([{ pointer: '#/rules/0/filters/0/maxAgeSeconds' }]);
});
