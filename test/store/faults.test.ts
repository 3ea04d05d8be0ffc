import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fullBucket } from '../../functions/core/budget.ts';
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

type Fault = <T>(send: () => Promise<T>, call: number) => Promise<T>;

/** The real client and database, with faults between them. */
describe.skipIf(process.env['DYNAMODB_ENDPOINT'])('the store', () => {
  let dynamo: LocalDynamo;
  const guard = createGuard(iamPolicy(), EXAMPLE_PLACE);
  let client: ReturnType<typeof createDynamoClient>;
  let store: Store;

  beforeEach(async () => {
    dynamo = await startDynamo();
    client = guard.watch(createDynamoClient({ ...localSettings, endpoint: dynamo.endpoint }));
    store = createDynamoStore(client, DEFAULT_TABLE_NAME);
  });
  afterEach(async () => {
    client.destroy();
    await dynamo.close();
    guard.expectNoDenials();
  });

  /** Puts `fault` around every call of `command` from now on, inside the retries of the SDK. Returns the count of calls. */
  function inject(command: string, fault: Fault): () => number {
    let calls = 0;
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context['commandName'] !== command) return next(args);
        calls += 1;
        return fault(() => next(args), calls);
      },
      { step: 'deserialize', priority: 'high', name: `fault in ${command}` },
    );
    return () => calls;
  }

  const cancelled = (...codes: string[]) =>
    new TransactionCanceledException({
      $metadata: {},
      message: 'cancelled',
      CancellationReasons: codes.map((Code) => ({ Code })),
    });

  const lostOnce: Fault = async (send, call) => {
    const answer = await send();
    if (call === 1) throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
    return answer;
  };

  it('commits once and says so when the answer is lost', async () => {
    const shop = service('shop');
    await commitOk(store, creation(fleet()), creation(shop));
    const calls = inject('TransactWriteItemsCommand', lostOnce);
    const edited = edit(shop, { references: [refTo(fleet())] });
    await commitOk(store, edited);
    expect(calls()).toBe(2);
    expect(await store.referenceCount(refTo(fleet()))).toBe(1);
    expect(await store.get('service', FLEET, 'shop')).toEqual(edited.resource);
  });

  it('has the lease that it took when the answer is lost', async () => {
    const calls = inject('TransactWriteItemsCommand', lostOnce);
    expect(await store.acquire('edge', 'me', 1000, 0)).toMatchObject({ epoch: 1 });
    expect(calls()).toBe(2);
  });

  it('tries again when transactions collide or are throttled', async () => {
    const codes = ['TransactionConflict', 'ThrottlingError'];
    const calls = inject('TransactWriteItemsCommand', async (send, call) => {
      const code = codes[call - 1];
      if (code !== undefined) throw cancelled('None', code);
      return send();
    });
    await commitOk(store, creation(service('shop')));
    expect(calls()).toBe(3);
  });

  it('reports a conflict when transactions go on colliding', async () => {
    inject('TransactWriteItemsCommand', () => Promise.reject(cancelled('TransactionConflict', 'None')));
    expect(await store.commit(creation(service('shop')))).toEqual({ result: 'conflict' });
  });

  it('does not take throttling, or anything it does not know, for a conflict', async () => {
    const code = { now: 'ThrottlingError' };
    inject('TransactWriteItemsCommand', () => Promise.reject(cancelled(code.now)));
    await expect(store.commit(creation(service('shop')))).rejects.toThrow('cancelled');
    code.now = 'ValidationError';
    await expect(store.commit(creation(service('shop')))).rejects.toThrow('cancelled');
  });

  it('does not report missing references when the resource itself has moved on', async () => {
    const shop = route('shop');
    await commitOk(store, creation(shop), edit(shop));
    const commit = edit(shop, { references: [refTo(service('nowhere'))] });
    expect(await store.commit(commit)).toEqual({ result: 'conflict' });
  });

  it('gives up on a budget that it does not get an answer about: calls do not wait for it', async () => {
    const scope = { credentials: 'default', product: 'mse' as const, regionId: 'cn-hangzhou', action: '*' };
    const never = () => new Promise<never>(() => undefined);
    inject('GetItemCommand', never);
    inject('TransactWriteItemsCommand', never);
    await expect(store.budget(scope)).rejects.toThrow('in time');
    const bucket = fullBucket({ calls: 5, windowMs: 1_000 });
    await expect(store.putBudget(scope, { version: 1, bucket })).rejects.toThrow('in time');
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
    await store.settle([row], NOW, await held(store));
    expect(await store.programmed(FLEET, 'route', 'shop', 'shop')).toHaveLength(1);
    await commitOk(store, deletion(shop));
    expect(await store.programmed(FLEET, 'route', 'shop', 'shop')).toEqual([]);
    expect(members.size).toBe(0);
  });
});
