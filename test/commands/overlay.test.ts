import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withChanges } from '../../functions/commands/overlay.ts';
import type { Resource } from '../../functions/core/model.ts';
import type { Store } from '../../functions/deps.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { type LocalDynamo, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { commitOk, creation, FLEET, fleet, NOW, route, service } from '../store/fixtures.ts';

let dynamo: LocalDynamo;
let store: Store;

const [shop, cart, pay] = [service('shop'), service('cart'), service('pay')];
const edited: Resource<'service'> = { ...shop, revision: 2, spec: { ...shop.spec, displayName: 'Shop' } };

const ROLLOUT = { fleet: FLEET, operation: 'opn_1', batches: 1, steps: 1, writtenBatches: 0, writtenSteps: 0 };

beforeAll(async () => {
  dynamo = await startDynamo();
  store = createDynamoStore(createDynamoClient({ ...localSettings, endpoint: dynamo.endpoint }), DEFAULT_TABLE_NAME);
  await commitOk(store, creation(fleet()), creation(shop), creation(cart), creation(route('shop')));
});
afterAll(() => dynamo.close());

describe('a store with changes that are not written', () => {
  const wouldBe = () =>
    withChanges(store, [
      { resource: edited, verb: 'update' },
      { resource: cart, verb: 'delete' },
      { resource: pay, verb: 'create' },
      { resource: fleet('other'), verb: 'create' },
    ]);

  it('shows each resource as it would be, and leaves those of other kinds alone', async () => {
    expect(await wouldBe().get('service', FLEET, 'shop')).toEqual(edited);
    expect(await wouldBe().get('service', FLEET, 'cart')).toBeUndefined();
    expect(await wouldBe().get('route', FLEET, 'shop')).toMatchObject({ kind: 'route' });
    expect(await wouldBe().all('service', FLEET)).toEqual([pay, edited]);
    expect(await wouldBe().all('service', 'other')).toEqual([]);
    expect((await wouldBe().all('fleet', '')).map(({ name }) => name)).toEqual(['other', FLEET]);
  });

  it('lists them in pages', async () => {
    const first = await wouldBe().list('service', FLEET, { limit: 1 });
    expect(first.items).toEqual([pay]);
    const second = await wouldBe().list('service', FLEET, { limit: 1, token: first.nextToken });
    expect(second).toEqual({ items: [edited], nextToken: undefined });
  });

  it('cannot be written to, and has changed nothing', async () => {
    const overlay = wouldBe();
    expect(() => overlay.commit(creation(service('new')))).toThrow('nothing can be written');
    expect(() => overlay.acquire('gateway/prod/edge', 'me', 1000, 0)).toThrow('nothing can be written');
    expect(() => overlay.endRollout(ROLLOUT, NOW)).toThrow('nothing can be written');
    expect((await store.all('service', FLEET)).map(({ name }) => name)).toEqual(['cart', 'shop']);
  });
});
