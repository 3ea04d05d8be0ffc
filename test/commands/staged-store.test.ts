import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readOnce } from '../../functions/commands/read-once.ts';
import { stagedStore } from '../../functions/commands/staged-store.ts';
import type { Write } from '../../functions/core/model/audit.ts';
import type { Resource } from '../../functions/core/model/resource.ts';
import type { Store } from '../../functions/deps.ts';
import { type Harness, startHarness } from '../api/harness.ts';
import { commitOk, creation, FLEET, fleet, gateway, NOW, route, service } from '../store/fixtures.ts';

const ROLLOUT = { fleet: FLEET, operation: 'opn_1', batches: 1, steps: 1, writtenBatches: 0, writtenSteps: 0 };

const [shop, cart, pay] = [service('shop'), service('cart'), service('pay')];
const edited: Resource<'service'> = { ...shop, revision: 2, spec: { ...shop.spec, displayName: 'Shop' } };
const [stays, moves, goes, comes] = [route('stays'), route('moves'), route('goes'), route('comes')];
const moved: Resource<'route'> = { ...moves, revision: 2, spec: { ...moves.spec, gateways: ['west'] } };

const CHANGES: Write[] = [
  { resource: edited, verb: 'update' },
  { resource: cart, verb: 'delete' },
  { resource: pay, verb: 'create' },
  { resource: moved, verb: 'update' },
  { resource: goes, verb: 'delete' },
  { resource: comes, verb: 'create' },
  { resource: gateway('west'), verb: 'create' },
  { resource: fleet('other'), verb: 'create' },
];

let harness: Harness;
let store: Store;

beforeAll(async () => {
  harness = await startHarness();
  store = harness.deps.store;
  const declared = [fleet(), shop, cart, gateway('edge'), stays, moves, goes];
  await commitOk(store, ...declared.map((resource) => creation(resource)));
});
afterAll(() => harness.close());

const names = (resources: readonly Resource[]) => resources.map(({ name }) => name);

/** Reads singly as they are asked for, or after the whole fleet has been read: both must show the same fleet. */
const ways: [string, () => Promise<Store>][] = [
  ['that is read as it is asked for', async () => stagedStore(readOnce(store), FLEET, CHANGES)],
  [
    'that has been read whole',
    async () => {
      const whole = readOnce(store);
      await Promise.all([whole.all('service', FLEET), whole.all('route', FLEET), whole.all('gateway', FLEET)]);
      return stagedStore(whole, FLEET, CHANGES);
    },
  ],
];

describe.each(ways)('the store as it would be, over one %s', (_, open) => {
  let wouldBe: Store;
  beforeEach(async () => {
    wouldBe = await open();
  });

  it('shows each resource as it would be, and leaves those of other kinds alone', async () => {
    expect(await wouldBe.get('service', FLEET, 'shop')).toEqual(edited);
    expect(await wouldBe.get('service', FLEET, 'cart')).toBeUndefined();
    expect(await wouldBe.get('route', FLEET, 'stays')).toEqual(stays);
    expect(await wouldBe.all('service', FLEET)).toEqual([pay, edited]);
    expect(await wouldBe.all('service', 'other')).toEqual([]);
    expect((await wouldBe.all('fleet', '')).map(({ name }) => name)).toEqual(['other', FLEET]);
  });

  it('goes through all of a kind in pages, each resource once', async () => {
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await wouldBe.list('service', FLEET, { limit: 1, token });
      seen.push(...names(page.items));
      token = page.nextToken;
    } while (token !== undefined);
    expect(seen.sort()).toEqual(['pay', 'shop']);
  });

  it('finds resources by name', async () => {
    expect(await wouldBe.find('route', FLEET, ['moves', 'goes', 'stays', 'nowhere'])).toEqual([moved, stays]);
  });

  it('finds routes under the terms that they would have', async () => {
    const under = (name: string, limit?: number) => wouldBe.routesUnder(FLEET, { kind: 'gateway', name }, limit);
    expect(names(await under('edge'))).toEqual(['comes', 'stays']);
    expect(await under('west')).toEqual([moved]);
    expect(names(await under('edge', 1))).toEqual(['comes']);
    expect(names(await under('edge', 2)), 'of those that would be there').toEqual(['comes', 'stays']);
  });

  it('finds the gateways that would be at an instance', async () => {
    const { target } = gateway('edge').spec;
    expect(target && names(await wouldBe.gatewaysAt(target))).toEqual(['edge', 'west']);
  });

  it('cannot be written to, and has changed nothing', async () => {
    expect(() => wouldBe.commit(creation(service('new')))).toThrow('nothing can be written');
    expect(() => wouldBe.acquire('gateway/prod/edge', 'me', 1000, 0)).toThrow('nothing can be written');
    expect(() => wouldBe.endManifestWrite(ROLLOUT, NOW)).toThrow('nothing can be written');
    expect(names(await store.all('service', FLEET))).toEqual(['cart', 'shop']);
  });
});

describe('what one request has read', () => {
  it('is not read again, by whatever way it is looked for', async () => {
    const once = readOnce(store);
    await Promise.all([once.all('route', FLEET), once.find('service', FLEET, ['shop'])]);
    harness.meter.reset();
    await once.get('service', FLEET, 'shop');
    expect(names(await once.find('route', FLEET, ['goes', 'nowhere']))).toEqual(['goes']);
    expect(names(await once.routesUnder(FLEET, { kind: 'gateway', name: 'edge' }))).toEqual(['goes', 'moves', 'stays']);
    expect((await once.get('route', FLEET, 'stays'))?.name).toBe('stays');
    expect(harness.meter.read()).toEqual({});
  });
});
