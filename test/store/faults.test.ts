import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fullBucket } from '../../functions/core/gateway/budget.ts';
import type { Store } from '../../functions/deps.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { type LocalDynamo, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { EXAMPLE_PLACE, iamPolicy } from '../../infra/policies.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import {
  commitOk,
  creation,
  deletion,
  edit,
  FLEET,
  fleet,
  gateway,
  held,
  NOW,
  outboxRow,
  refTo,
  route,
  service,
} from './fixtures.ts';
import { createGuard } from './policy.ts';
import { type DynamoCall, type DynamoProxy, type Fate, startDynamoProxy } from './proxy.ts';

/** Answers of DynamoDB to transactions and batches that it did not do, or not all of. */
describe.skipIf(process.env['DYNAMODB_ENDPOINT'])('the store', () => {
  let dynamo: LocalDynamo;
  const guard = createGuard(iamPolicy(), EXAMPLE_PLACE);
  let proxy: DynamoProxy;
  let fates: Fate[];
  let calls: DynamoCall[];
  let client: ReturnType<typeof createDynamoClient>;
  let store: Store;

  beforeEach(async () => {
    dynamo = await startDynamo();
    fates = [];
    calls = [];
    proxy = await startDynamoProxy(dynamo.endpoint, (call) => {
      if (call.action !== 'TransactWriteItems') return { type: 'forward' };
      calls.push(call);
      return fates[calls.length - 1] ?? fates.at(-1) ?? { type: 'forward' };
    });
    client = guard.watch(createDynamoClient({ ...localSettings, endpoint: proxy.endpoint }));
    store = createDynamoStore(client, DEFAULT_TABLE_NAME);
  });
  afterEach(async () => {
    client.destroy();
    await proxy.close();
    await dynamo.close();
    guard.expectNoDenials();
  });

  /** What becomes of transactions from now on, one by one; the last one goes for all others. */
  function inject(...next: Fate[]): void {
    fates = next;
    calls = [];
  }

  const cancelled = (...codes: string[]): Fate => {
    const __type = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
    const CancellationReasons = codes.map((Code) => ({ Code }));
    return { type: 'answer', status: 400, body: { __type, message: 'cancelled', CancellationReasons } };
  };
  const forward: Fate = { type: 'forward' };
  const tokens = () => calls.map(({ body }) => body['ClientRequestToken']);

  it('commits once and says so when the answer is lost', async () => {
    const shop = service('shop');
    await commitOk(store, creation(fleet()), creation(shop));
    inject({ type: 'lose-answer' }, forward);
    const edited = edit(shop, { references: [refTo(fleet())] });
    await commitOk(store, edited);
    expect(calls).toHaveLength(2);
    expect(await store.referenceCount(refTo(fleet()))).toBe(1);
    expect(await store.get('service', FLEET, 'shop')).toEqual(edited.resource);
  });

  it('has the lease that it took when the answer is lost', async () => {
    inject({ type: 'lose-answer' }, forward);
    expect(await store.acquire('edge', 'me', 1000, 0)).toMatchObject({ epoch: 1 });
    expect(calls).toHaveLength(2);
  });

  it('tries again when transactions collide or are throttled, each time as a transaction of its own', async () => {
    inject(cancelled('None', 'TransactionConflict'), cancelled('None', 'ThrottlingError'), forward);
    await commitOk(store, creation(service('shop')));
    expect([tokens().length, new Set(tokens()).size]).toEqual([3, 3]);
  });

  it('reports a conflict when transactions go on colliding', async () => {
    inject(cancelled('TransactionConflict', 'None'));
    expect(await store.commit(creation(service('shop')))).toEqual({ result: 'conflict' });
  });

  it('does not take contention for the item of a lease for its loss', async () => {
    const lease = await held(store);
    inject(cancelled('TransactionConflict'));
    await expect(store.renew(lease, 1_000, 0)).rejects.toMatchObject({ trouble: 'contended' });
    inject(forward);
    expect(await store.renew(lease, 1_000, 0)).toBeDefined();
  });

  it('does not take throttling, or anything it does not know, for a conflict', async () => {
    inject(cancelled('ThrottlingError'));
    await expect(store.commit(creation(service('shop')))).rejects.toMatchObject({
      name: 'StoreUnavailable',
      code: 'ThrottlingError',
    });
    inject(cancelled('ValidationError'));
    await expect(store.commit(creation(service('shop')))).rejects.toThrow(TransactionCanceledException);
  });

  it('does not take a transaction that is still under way for one that was not done', async () => {
    const __type = 'com.amazonaws.dynamodb.v20120810#TransactionInProgressException';
    const inProgress: Fate = { type: 'answer', status: 400, body: { __type, Message: 'in progress' } };
    inject({ type: 'lose-answer' }, inProgress);
    await expect(store.commit(creation(service('shop')))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    inject({ type: 'lose-answer' }, inProgress, forward);
    await commitOk(store, creation(service('cart')));
    expect(new Set(tokens()).size).toBe(1);
  });

  it('does not report missing references when the resource itself has moved on', async () => {
    const shop = route('shop');
    await commitOk(store, creation(shop), edit(shop));
    const commit = edit(shop, { references: [refTo(service('nowhere'))] });
    expect(await store.commit(commit)).toEqual({ result: 'conflict' });
  });

  it('gives up on a budget that it does not get an answer about: calls do not wait for it', async () => {
    const scope = { credentials: 'default', product: 'mse' as const, regionId: 'cn-hangzhou', action: '*' };
    const bucket = fullBucket({ calls: 5, windowMs: 1_000 });
    const silent = await startDynamoProxy(dynamo.endpoint, () => ({ type: 'hang' }));
    const hanging = createDynamoClient({ ...localSettings, endpoint: silent.endpoint });
    const { budget, putBudget } = createDynamoStore(hanging, DEFAULT_TABLE_NAME, {
      patienceMs: 3_600_000,
      budgetPatienceMs: 50,
    });
    await expect(budget(scope)).rejects.toMatchObject({ code: 'Timeout' });
    await expect(putBudget(scope, { version: 1, bucket })).rejects.toMatchObject({ code: 'Timeout' });
    hanging.destroy();
    await silent.close();
  });

  it('finishes batches that DynamoDB left unfinished', async () => {
    const shop = route('shop');
    const row = outboxRow(shop, 'edge');
    await commitOk(store, creation(gateway('edge')), creation(shop, { outbox: [row] }));
    const members = new Map([
      ['BatchWriteItemCommand', 'UnprocessedItems'],
      ['BatchGetItemCommand', 'UnprocessedKeys'],
    ]);
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const member = members.get(String(context['commandName']));
        if (member === undefined) return next(args);
        members.delete(String(context['commandName']));
        const request = 'RequestItems' in args.input ? args.input.RequestItems : undefined;
        return { response: {}, output: { $metadata: {}, [member]: request } };
      },
      { step: 'initialize' },
    );
    await store.acknowledge([row], NOW, await held(store));
    expect(await store.programmed(FLEET, 'route', 'shop', 'shop')).toHaveLength(1);
    await commitOk(store, deletion(shop));
    expect(await store.programmed(FLEET, 'route', 'shop', 'shop')).toEqual([]);
    expect(members.size).toBe(0);
  });
});
