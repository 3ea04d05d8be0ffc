import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FleetReader, fleetReader } from '../../functions/commands/fleet-reader.ts';
import { findConflicts } from '../../functions/commands/validate/conflicts.ts';
import { AUTOMATION } from '../../functions/core/access/principal.ts';
import { equal } from '../../functions/core/model/digest.ts';
import { instanceOf, type Resource } from '../../functions/core/model/resource.ts';
import type { Store } from '../../functions/deps.ts';
import { RouteInput } from '../../schemas/route.ts';
import { create, createShop } from '../api/fixtures.ts';
import { type Harness, startHarness } from '../api/harness.ts';
import { creation, deletion } from '../store/fixtures.ts';

/** Gateways with the same two instances; MSE orders rules by itself. */
const FLEETS = ['one', 'two'];
const MSE = { target: { provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId: 'gw-1' } };

const matches = fc.record({
  path: fc.constantFrom(
    { type: 'Prefix', value: '/' },
    { type: 'Prefix', value: '/a' },
    { type: 'Exact', value: '/a' },
  ),
  method: fc.option(fc.constantFrom('GET', 'PUT'), { nil: undefined }),
  headers: fc.constantFrom([], [{ name: 'x', value: '1' }], [{ name: 'x', value: '2' }], [{ name: 'y', value: '1' }]),
});

const specs = fc
  .record({
    gateways: fc.subarray(['edge', 'mse'], { minLength: 1 }),
    hostnames: fc.subarray(['a.example.com', 'b.example.com', '*.example.com']),
    matches: fc.array(matches, { minLength: 1, maxLength: 2 }),
  })
  .map(({ matches: list, ...spec }) =>
    RouteInput.parse({ ...spec, rules: [{ matches: list, backendRefs: [{ service: 'checkout', port: 80 }] }] }),
  );

const declared = fc.array(fc.record({ fleet: fc.constantFrom(...FLEETS), spec: specs }), {
  minLength: 1,
  maxLength: 8,
});

describe('what speaks against a route', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness();
    for (const name of FLEETS) {
      const path = await createShop(harness, name, `${name}.example.com`);
      await create(harness, `${path}/gateways/mse`, MSE);
    }
  });
  afterAll(() => harness.close());

  it('is found under its host names exactly as it is by looking at every route of every fleet', async () => {
    const { store } = harness.deps;
    let contests = 0;
    await fc.assert(
      fc.asyncProperty(declared, specs, async (others, spec) => {
        const routes = others.map((other, index) => routeOf(other.fleet, `r${index}`, other.spec));
        for (const route of routes) await store.commit(creation(route));
        const change = {
          verb: 'create',
          resource: routeOf('one', 'new', spec),
          before: undefined,
          referenceCount: undefined,
        } as const;
        const gateways = await store.find('gateway', 'one', spec.gateways);
        const found = await findConflicts(change, gateways, fleetReader(store, 'one'), AUTOMATION);
        const expected = await findConflicts(change, gateways, wholeWorld(store, 'one'), AUTOMATION);
        for (const route of routes) await store.commit(deletion(route, { referenceCount: 0 }));
        contests += expected.length;
        expect(sorted(found)).toEqual(sorted(expected));
      }),
      { numRuns: 30 },
    );
    expect(contests).toBeGreaterThan(0);
  });
});

/** Looks at every resource. */
function wholeWorld(store: Store, fleet: string): FleetReader {
  return {
    ...fleetReader(store, fleet),
    routesUnder: () => store.all('route', fleet),
    async routesElsewhere(target) {
      const others = FLEETS.filter((name) => name !== fleet).map(async (other) => {
        const gateways = (await store.all('gateway', other)).filter(
          ({ spec }) => spec.target && equal(instanceOf(spec.target), instanceOf(target)),
        );
        const routes = await store.all('route', other);
        return routes.filter(({ spec }) => gateways.some(({ name }) => spec.gateways.includes(name)));
      });
      return (await Promise.all(others)).flat();
    },
  };
}

let written = 0;

function routeOf(fleet: string, name: string, spec: Resource<'route'>['spec']): Resource<'route'> {
  const at = '2026-11-23T07:00:00.000Z';
  return { kind: 'route', fleet, name, uid: `uid-${written++}`, revision: 1, createdAt: at, updatedAt: at, spec };
}

function sorted(issues: readonly { pointer: string; detail: string }[]): string[] {
  return issues.map(({ pointer, detail }) => `${pointer} ${detail}`).sort();
}
