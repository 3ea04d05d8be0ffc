import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../functions/core/model/resource.ts';
import { isUnder, type Term } from '../../functions/core/routing/terms.ts';
import type { Commit, Store } from '../../functions/deps.ts';
import type { AlbTarget } from '../../schemas/gateway.ts';
import { RouteInput } from '../../schemas/route.ts';
import { commitOk, creation, deletion, edit, FLEET, fleet, gateway, NOW_MS, route, service } from './fixtures.ts';

const HOSTS = ['a.example.com', 'b.example.com', '*.example.com'];
const GATEWAYS = ['edge', 'west'];
const DISTRIBUTIONS = ['main', 'other'];
const SERVICES = ['shop', 'pay', 'log'];

/** Every term that a route below may stand under, and one that none does. */
const TERMS: Term[] = [
  ...[...HOSTS, '*', 'nowhere.example.com'].map((name) => ({ kind: 'hostname', name }) as const),
  ...GATEWAYS.map((name) => ({ kind: 'gateway', name }) as const),
  ...SERVICES.map((name) => ({ kind: 'service', name }) as const),
  ...[...DISTRIBUTIONS, '*'].map((name) => ({ kind: 'distribution', name }) as const),
];

const specs = fc
  .record({
    hostnames: fc.subarray(HOSTS),
    gateways: fc.subarray(GATEWAYS, { minLength: 1 }),
    backend: fc.constantFrom(...SERVICES),
    fallback: fc.option(fc.constantFrom(...SERVICES), { nil: undefined }),
    mirror: fc.option(fc.constantFrom(...SERVICES), { nil: undefined }),
    distribution: fc.constantFrom(...DISTRIBUTIONS.map((ref) => ({ ref })), { strategy: 'replicas' }, undefined),
  })
  .map(({ hostnames, gateways, backend, fallback, mirror, distribution }) =>
    RouteInput.parse({
      hostnames,
      gateways,
      distribution,
      rules: [
        {
          backendRefs: [{ service: backend, port: 80 }],
          ...(fallback && { fallback: { service: fallback, port: 80 } }),
          ...(mirror && { filters: [{ type: 'RequestMirror', service: mirror, port: 80 }] }),
        },
      ],
    }),
  );

/** A route that is written, or deleted when there is no spec. */
const steps = fc.array(fc.record({ name: fc.constantFrom('r1', 'r2', 'r3', 'r4'), spec: fc.option(specs) }), {
  maxLength: 12,
});

export function lookupSuite(store: () => Store): void {
  describe('lookup', () => {
    it('of routes by a term finds what reading all of them would, whatever was written and deleted before', async () => {
      await commitOk(store(), creation(fleet()));
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          for (const { name, spec } of history) {
            const commit = commitOf(await store().get('route', FLEET, name), name, spec);
            if (commit) await commitOk(store(), commit);
          }
          await expectComplete(store());
        }),
        { numRuns: 15 },
      );
    });

    it('of routes keeps to the fleet, and to the first so many', async () => {
      for (const name of ['r1', 'r2', 'r3']) await commitOk(store(), creation(route(name)));
      const term: Term = { kind: 'gateway', name: 'edge' };
      expect(await store().routesUnder('other', term)).toEqual([]);
      expect((await store().routesUnder(FLEET, term, 2)).map(({ name }) => name)).toEqual(['r1', 'r2']);
    });

    it('of routes is not written when the route is not', async () => {
      const shop = route('shop');
      await commitOk(store(), creation(shop));
      const stale = { ...edit(shop), resource: { ...shop, revision: 9, spec: { ...shop.spec, gateways: ['west'] } } };
      expect(await store().commit({ ...stale, before: shop })).toEqual({ result: 'conflict' });
      expect(await store().routesUnder(FLEET, { kind: 'gateway', name: 'edge' })).toEqual([shop]);
      expect(await store().routesUnder(FLEET, { kind: 'gateway', name: 'west' })).toEqual([]);
    });

    it('of gateways finds those of every fleet that are at the instance, whatever their listeners', async () => {
      const target = (loadBalancerId: string, listenerId: string): AlbTarget => ({
        provider: 'alb',
        regionId: 'cn-hangzhou',
        loadBalancerId,
        listenerIds: [listenerId],
      });
      const at = (name: string, home: string, instance: string, listener: string): Resource<'gateway'> => {
        const base = gateway(name);
        return { ...base, fleet: home, spec: { ...base.spec, target: target(instance, listener) } };
      };
      const [one, two, elsewhere] = [
        at('edge', 'one', 'alb-1', 'lsn-1'),
        at('edge', 'two', 'alb-1', 'lsn-2'),
        at('edge', 'three', 'alb-2', 'lsn-3'),
      ];
      await commitOk(store(), creation(one), creation(two), creation(elsewhere));
      const found = async () => (await store().gatewaysAt(target('alb-1', 'lsn-9'))).map((item) => item.fleet);
      expect(await found()).toEqual(['one', 'two']);
      await commitOk(store(), deletion(one));
      expect(await found()).toEqual(['two']);
    });

    it('of names finds those that exist, once each and by name, however many', async () => {
      const names = Array.from({ length: 130 }, (_, index) => `s-${String(index).padStart(3, '0')}`);
      await commitOk(store(), ...names.map((name) => creation(service(name))));
      const wanted = [...names.toReversed(), 'nowhere', 's-000'];
      expect((await store().find('service', FLEET, wanted)).map(({ name }) => name)).toEqual(names);
      expect(await store().find('service', FLEET, [])).toEqual([]);
    });
  });
}

/** Every term leads to what a look at all routes finds under it. */
export async function expectComplete(store: Store): Promise<void> {
  const routes = await store.all('route', FLEET);
  for (const term of TERMS) {
    expect(await store.routesUnder(FLEET, term), `${term.kind} ${term.name}`).toEqual(
      routes.filter(({ spec }) => isUnder(spec, term)),
    );
  }
}

function commitOf(
  before: Resource<'route'> | undefined,
  name: string,
  spec: Resource<'route'>['spec'] | null,
): Commit | undefined {
  if (spec === null) return before && deletion(before, { referenceCount: 0 });
  if (before === undefined) return creation({ ...route(name), spec });
  const updatedAt = new Date(NOW_MS + before.revision).toISOString();
  return { ...edit(before), before, resource: { ...before, revision: before.revision + 1, updatedAt, spec } };
}
