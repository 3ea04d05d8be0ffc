import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import { mse as provider } from '../../../functions/providers/mse/index.ts';
import { selectRoute } from '../../../infra/local/cloud/mse/data-plane/matcher.ts';
import type { Predicates } from '../../../infra/local/cloud/mse/model.ts';
import { type Mse, member, NO_IDS, pool, rule, startMse } from './harness.ts';

const SHOP = pool('shop-80', [member('cd', [1])]);
const config = (...matches: (string | object)[]): GatewayConfig => ({
  pools: [SHOP],
  rules: matches.map((match) => rule(match as never, { 'shop-80': 100 })),
});
const exact = (value: string, more: object = {}) => ({ path: { type: 'Exact', value }, ...more });
const regex = (value: string) => ({ path: { type: 'RegularExpression', value } });

let mse: Mse;

/** A route of somebody who works by hand. */
async function addForeign(Predicates: Predicates, options: { publish?: boolean; domain?: string } = {}) {
  const { publish = true, domain = 'shop.example.com' } = options;
  const { gatewayUniqueId: GatewayUniqueId } = mse.target;
  const known = [...mse.gateway.domains.values()].find(({ Name }) => Name === domain)?.Id;
  const added =
    known ?? (await mse.call('AddGatewayDomain', { GatewayUniqueId, Name: domain, Protocol: 'HTTP' }))['Data'];
  const { Data } = await mse.call('AddGatewayRoute', {
    GatewayUniqueId,
    Name: `by-hand-${mse.gateway.routes.size}`,
    DomainIdListJSON: [Number(added)],
    Predicates: JSON.parse(JSON.stringify(Predicates)),
    DestinationType: 'Mock',
    DirectResponseJSON: { Code: 200, Body: 'foreign' },
  });
  const id = Number(Data);
  if (publish) {
    await mse.call('ApplyGatewayRoute', { GatewayUniqueId, RouteId: id });
    await mse.session().clock.sleep(5000);
    await mse.cloud.runDue();
  }
  return id;
}

const PATH = (Type: 'EQUAL' | 'PRE' | 'ERGULAR', Path: string) => ({ PathPredicates: { Type, Path } });

async function shadows() {
  const observed = await provider.observe(mse.session(), 'full', NO_IDS);
  return provider.shadows(observed, mse.session());
}

describe('routes of others', () => {
  beforeEach(async () => {
    mse = await startMse();
  });
  afterEach(() => mse.close());

  test('are shown with what they match, in words', async () => {
    await addForeign({
      ...PATH('PRE', '/admin/'),
      MethodPredicates: ['GET', 'POST'],
      HeaderPredicates: [{ Key: 'X-Team', Value: '^a.*$', Type: 'ERGULAR' }],
      QueryPredicates: [{ Key: 'v', Value: '2', Type: 'EQUAL' }],
    });
    const { foreign } = await provider.observe(mse.session(), 'full', NO_IDS);
    expect(foreign).toMatchObject([
      {
        kind: 'Route',
        conditions: [
          'Host: shop.example.com',
          'Path: beginning with /admin/',
          'Method: GET, POST',
          'Header x-team: matching ^a.*$',
          'Query parameter v: equal to 2',
        ],
      },
    ]);
  });

  test('that are older and match the same keep all requests from ours, and are named', async () => {
    const id = await addForeign(PATH('EQUAL', '/a'));
    await mse.reconcile(config(exact('/a'), exact('/b')));
    const ours = [...mse.gateway.routes.values()].find(
      ({ Name, config: { Predicates: one } }) => Name.startsWith('fl-') && one.PathPredicates?.Path === '/a',
    );
    expect(await shadows()).toMatchObject([{ foreign: { kind: 'Route', remoteId: String(id) }, key: ours?.Name }]);
  });

  test.each([
    ['begins with what every match of our expression begins with', PATH('PRE', '/api/'), regex('^/api/v[0-9]+$'), 1],
    ['begins with something else', PATH('PRE', '/other/'), regex('^/api/v[0-9]+$'), 0],
    ['may begin with something else', PATH('PRE', '/api/'), regex('^/(api|web)/.*$'), 0],
    ['takes one method of ours only', { ...PATH('EQUAL', '/a'), MethodPredicates: ['GET'] }, exact('/a'), 0],
    [
      'takes our method among others',
      { ...PATH('EQUAL', '/a'), MethodPredicates: ['GET', 'PUT'] },
      exact('/a', { method: 'PUT' }),
      1,
    ],
    ['is less specific than ours', PATH('PRE', '/'), exact('/a'), 0],
    [
      'needs a header that ours does not',
      { ...PATH('EQUAL', '/a'), HeaderPredicates: [{ Key: 'x', Value: '1', Type: 'EQUAL' as const }] },
      exact('/a'),
      0,
    ],
  ] as const)('keep %s: %o before %o is told %i times', async (_, predicates, match, count) => {
    await addForeign(predicates as Predicates);
    await mse.reconcile(config(match));
    expect(await shadows()).toHaveLength(count);
  });

  test('that are younger, of another domain, not published, or of the Ingress controller keep nothing from ours', async () => {
    const unpublished = await addForeign(PATH('EQUAL', '/a'), { publish: false });
    await addForeign(PATH('EQUAL', '/a'), { domain: '*.example.com' });
    const ingress = await addForeign(PATH('EQUAL', '/a'));
    const route = mse.gateway.routes.get(ingress);
    if (route) route.Type = 'Ingress';
    await mse.reconcile(config(exact('/a')));
    await addForeign(PATH('EQUAL', '/a'));
    expect(mse.gateway.routes.get(unpublished)?.Status).toBe(0);
    expect(await shadows()).toEqual([]);
  });

  test('are not looked at where routes are not read', async () => {
    await addForeign(PATH('EQUAL', '/a'));
    await mse.reconcile(config(exact('/a')));
    const observed = await provider.observe(mse.session(), 'pools', NO_IDS);
    expect(provider.shadows(observed, mse.session())).toEqual([]);
  });
});

// ------------------------------------------------------------------------------------------- against the data plane

const PREDICATES = fc.record({
  PathPredicates: fc.constantFrom(
    ...['/', '/a', '/a/'].map((Path) => ({ Type: 'PRE' as const, Path })),
    ...['/a', '/a/b'].map((Path) => ({ Type: 'EQUAL' as const, Path })),
    ...['^/a.*$', '^/a/[a-z]+$', '^/.*b$'].map((Path) => ({ Type: 'ERGULAR' as const, Path })),
  ),
  MethodPredicates: fc.subarray(['GET', 'POST']),
  HeaderPredicates: fc.subarray([{ Key: 'X', Value: '1', Type: 'EQUAL' as const }]),
});
const MATCH = fc.record(
  {
    path: fc.constantFrom(
      ...['/', '/a'].map((value) => ({ type: 'Prefix', value })),
      ...['/a', '/a/b'].map((value) => ({ type: 'Exact', value })),
      ...['^/a.*$', '^/a/[a-z]+$', '^/.*b$'].map((value) => ({ type: 'RegularExpression', value })),
    ),
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.subarray([{ name: 'X', value: '1' }]),
  },
  { requiredKeys: ['path'] },
);

test('no request reaches a route of ours that is told to be shadowed', async () => {
  let told = 0;
  const property = fc.asyncProperty(
    fc.array(PREDICATES, { minLength: 1, maxLength: 3 }),
    fc.array(MATCH, { minLength: 1, maxLength: 3 }),
    async (others, matches) => {
      mse = await startMse();
      try {
        for (const one of others) await addForeign(one);
        await mse.reconcile(config(...matches));
        const keys = new Set((await shadows()).map(({ key }) => key));
        told += keys.size;
        for (const path of ['/', '/a', '/a/', '/a/b', '/a/bb', '/ab', '/xb']) {
          for (const method of ['GET', 'POST']) {
            for (const headers of [[], [['x', '1']]]) {
              const request = { host: 'shop.example.com', path, method, headers, query: '', protocol: 'http' };
              const found = selectRoute(mse.gateway, request as never);
              expect(keys.has(found?.route.Name ?? ''), `${method} ${path}`).toBe(false);
            }
          }
        }
      } finally {
        await mse.close();
      }
    },
  );
  await fc.assert(property, { numRuns: 12, seed: 7 });
  expect(told).toBeGreaterThan(0);
});
