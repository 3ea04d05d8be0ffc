import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Store, StoreUnavailable } from '../../functions/deps.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { type LocalDynamo, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { commitOk, creation, edit, FLEET, fleet, refTo, service } from './fixtures.ts';
import { LASTING, PASSING, PRIVATE, timesFor } from './outages.ts';
import { type DynamoCall, type DynamoProxy, type Fate, startDynamoProxy } from './proxy.ts';

const MAX_ATTEMPTS = 6;
const FORWARD: Fate = { type: 'forward' };

/** The real client and database, and a network between them that fails. */
describe.skipIf(process.env['DYNAMODB_ENDPOINT'])('a DynamoDB', () => {
  let dynamo: LocalDynamo;
  let proxy: DynamoProxy;
  let fateOf: (call: DynamoCall) => Fate;
  let calls: DynamoCall[] = [];

  beforeAll(async () => {
    dynamo = await startDynamo();
    proxy = await startDynamoProxy(dynamo.endpoint, (call) => {
      calls.push(call);
      return fateOf(call);
    });
    fateOf = () => FORWARD;
    await commitOk(connect().store, creation(fleet()));
  });
  beforeEach(() => {
    calls = [];
    fateOf = () => FORWARD;
  });
  afterAll(async () => {
    await proxy?.close();
    await dynamo?.close();
  });

  function connect({ endpoint = proxy.endpoint, attemptTimeoutMs = 200, patienceMs = 1_500 } = {}) {
    const client = createDynamoClient({ ...localSettings, endpoint, attemptTimeoutMs });
    return { client, store: createDynamoStore(client, DEFAULT_TABLE_NAME, { patienceMs }) };
  }

  const read = (store: Store) => store.get('service', FLEET, 'none');

  const failureOf = async (work: Promise<unknown>): Promise<StoreUnavailable> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof StoreUnavailable)) throw new Error('The store was not found unavailable.', { cause: error });
    return error;
  };

  it.each([...PASSING, ...LASTING])('that $name is unavailable, by name, and tells nothing private', async (outage) => {
    fateOf = () => outage.fate;
    const { store } = connect(timesFor(outage));
    const error = await failureOf(read(store));
    expect(error).toMatchObject({ trouble: outage.trouble, code: outage.code });
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.message).toContain(outage.code);
    expect(error.message).not.toContain(PRIVATE);
    expect((await failureOf(store.commit(creation(service('none'))))).code).toBe(outage.code);
  });

  it('that refuses connections is unavailable', async () => {
    const error = await failureOf(read(connect({ endpoint: 'http://127.0.0.1:1' }).store));
    expect(error).toMatchObject({ trouble: 'unreachable', code: 'ConnectionFailed' });
  });

  it.each(PASSING)('that $name once is asked again, and does once what it was asked', async (outage) => {
    const { store } = connect({ ...timesFor(outage), patienceMs: 60_000 });
    const shop = service(`shop-${PASSING.indexOf(outage)}`);
    await commitOk(store, creation(shop));
    const before = await store.referenceCount(refTo(fleet()));
    calls = [];
    let failures = 0;
    fateOf = ({ action }) => (action === 'TransactWriteItems' && failures++ === 0 ? outage.fate : FORWARD);
    await commitOk(store, edit(shop, { references: [refTo(fleet())] }));
    expect(await store.referenceCount(refTo(fleet()))).toBe(before + 1);
    const writes = calls.filter(({ action }) => action === 'TransactWriteItems');
    expect(writes.length).toBeGreaterThan(1);
    expect(new Set(writes.map(({ body }) => body['ClientRequestToken'])).size).toBe(1);
  });

  it.each(LASTING)('that $name is not asked again', async ({ fate }) => {
    fateOf = () => fate;
    await failureOf(read(connect().store));
    expect(calls).toHaveLength(1);
  });

  it.each(PASSING.filter(({ trouble }) => trouble !== 'throttled'))(
    'that always $name is asked a limited number of times',
    async ({ fate }) => {
      fateOf = () => fate;
      await failureOf(read(connect({ attemptTimeoutMs: 50, patienceMs: 60_000 }).store));
      expect(calls).toHaveLength(MAX_ATTEMPTS);
    },
  );

  it('that hangs is waited for as long as the patience lasts, however long an attempt may take', async () => {
    fateOf = () => ({ type: 'hang' });
    const error = await failureOf(read(connect({ attemptTimeoutMs: 3_600_000, patienceMs: 100 }).store));
    expect([error.code, calls.length]).toEqual(['Timeout', 1]);
  });

  it('that throttles is named as such when the patience ends in a pause', async () => {
    const [throttled] = PASSING.filter(({ trouble }) => trouble === 'throttled');
    fateOf = () => throttled?.fate ?? FORWARD;
    expect((await failureOf(read(connect({ patienceMs: 600 }).store))).code).toBe(throttled?.code);
  });

  it('is used again as soon as it answers', async () => {
    const { store } = connect();
    fateOf = () => ({ type: 'reset' });
    await failureOf(read(store));
    fateOf = () => FORWARD;
    expect(await store.get('fleet', FLEET, FLEET)).toMatchObject({ name: FLEET });
  });

  it('that finds a call at fault makes no outage of it', async () => {
    for (const code of ['ValidationException', 'SerializationException', 'UnknownOperationException']) {
      fateOf = () => ({
        type: 'answer',
        status: 400,
        body: { __type: `com.amazon.coral.service#${code}`, message: '' },
      });
      await expect(read(connect().store)).rejects.toMatchObject({ name: code });
    }
    fateOf = () => FORWARD;
    const { client, store } = connect();
    client.middlewareStack.add(() => () => Promise.reject(new TypeError('a fault of ours')), { step: 'initialize' });
    await expect(read(store)).rejects.toThrow(TypeError);
  });

  it('that refuses signatures because the clock is wrong tells the time, and the next attempt has it', async () => {
    let refused = 0;
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const body = { __type: 'com.amazon.coral.service#InvalidSignatureException', message: 'Signature expired' };
    fateOf = () => (refused++ === 0 ? { type: 'answer', status: 400, body, headers: { date } } : FORWARD);
    expect(await connect().store.get('fleet', FLEET, FLEET)).toMatchObject({ name: FLEET });
    expect(calls[1]?.headers['x-amz-date']).not.toBe(calls[0]?.headers['x-amz-date']);
  });
});
