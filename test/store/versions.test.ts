import { type AttributeValue, DeleteTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { brokenLink, sealed } from '../../functions/core/failover/ledger.ts';
import type { Store } from '../../functions/deps.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import {
  auditKey,
  decisionKey,
  healthKey,
  type Key,
  observationsOf,
  resourceKey,
  trafficKey,
} from '../../functions/store/keys.ts';
import { ensureTable, type LocalDynamo, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import {
  commitOk,
  creation,
  edit,
  FLEET,
  fleet,
  health,
  outboxRow,
  recording,
  refTo,
  route,
  service,
} from './fixtures.ts';
import { readState, restoreItems } from './state/read.ts';

let dynamo: LocalDynamo;
let store: Store;
let tables = 0;

beforeAll(async () => {
  dynamo = await startDynamo();
});

afterAll(async () => await dynamo?.close());

const client = () => createDynamoClient({ ...localSettings, endpoint: dynamo.endpoint });
let connection: ReturnType<typeof client>;
let TableName: string;

beforeEach(async () => {
  TableName = `versions-${++tables}`;
  await ensureTable(dynamo.endpoint, TableName);
  connection = client();
  store = createDynamoStore(connection, TableName);
});

afterEach(async () => {
  await connection.send(new DeleteTableCommand({ TableName }));
  connection.destroy();
});

type RawItem = Record<string, AttributeValue>;

async function raw({ pk, sk }: Key): Promise<RawItem> {
  const { Item = {} } = await connection.send(new GetItemCommand({ TableName, Key: { pk: { S: pk }, sk: { S: sk } } }));
  return Item;
}

/** Changes an item as another release would have written it. */
async function rewrite(key: Key, change: { attributes?: RawItem; body?: (body: object) => object }): Promise<void> {
  const item = await raw(key);
  const body = change.body && { body: { S: JSON.stringify(change.body(JSON.parse(item['body']?.S ?? '{}'))) } };
  await connection.send(new PutItemCommand({ TableName, Item: { ...item, ...body, ...change.attributes } }));
}

const bodyOf = async (key: Key) => JSON.parse((await raw(key))['body']?.S ?? '{}');

const ITEMS: Record<string, Key> = {
  resource: resourceKey(refTo(service('shop'))),
  'health record': healthKey(FLEET, 'a'),
  'traffic state': trafficKey(FLEET),
};

/** One record of each kind that is named above. */
async function fill(): Promise<void> {
  await commitOk(store, creation(fleet()), creation(service('shop')));
  expect(await store.putHealth([health('a', 1)])).toBe(true);
  expect(await store.decide(recording(1, ['a']))).toBe(true);
}

const READS: Record<string, () => Promise<unknown>> = {
  resource: () => store.get('service', FLEET, 'shop'),
  'health record': () => store.health(FLEET),
  'traffic state': () => store.traffic(FLEET),
};

describe('a record', () => {
  beforeEach(fill);

  it.each(Object.entries(ITEMS))('of a newer release is refused by name: %s', async (name, key) => {
    await rewrite(key, { attributes: { v: { N: '99' } }, body: () => ({ secret: 'x' }) });
    const error = await READS[name]?.().catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'NewerRecordError' });
    expect(String(error)).toContain(`The ${name} ${key.pk} / ${key.sk} was written by a newer release of Fairlead`);
    expect(String(error)).toMatch(/has version 99, and this release reads version [1-4] at most/);
    expect(String(error)).not.toContain('secret');
  });

  it.each<AttributeValue>([{ S: 'two' }, { N: '0' }, { N: '1.5' }])(
    'whose version is none is corrupt: %j',
    async (v) => {
      await rewrite(resourceKey(refTo(service('shop'))), { attributes: { v } });
      await expect(store.get('service', FLEET, 'shop')).rejects.toThrow(/is corrupt: v: /);
    },
  );

  it('has its version beside it, whether it is put or updated', async () => {
    const shop = await store.get('service', FLEET, 'shop');
    if (shop === undefined) throw new Error('It is not there.');
    await rewrite(resourceKey(shop), { attributes: { v: { N: '1' } } });
    await commitOk(store, edit(shop, { outbox: [outboxRow(shop, 'edge')] }));
    expect(await raw(resourceKey(shop))).toMatchObject({ v: { N: '1' } });
    expect(await raw(healthKey(FLEET, 'a'))).toMatchObject({ v: { N: '3' } });
    expect(await raw({ pk: 'OUTBOX', sk: `${FLEET}#edge#service#shop` })).toMatchObject({ v: { N: '1' } });
  });

  it('that a newer release has added fields to is read without them where they are declared', async () => {
    const key = resourceKey(refTo(service('shop')));
    const ports = [{ name: 'http', port: 80, priority: 'high' }];
    const before = await store.get('service', FLEET, 'shop');
    await rewrite(key, { body: (body) => ({ ...body, spec: { ...before?.spec, ports, futureField: { deep: 1 } } }) });
    expect(await store.get('service', FLEET, 'shop')).toEqual(before);
  });

  it('that a newer release has added fields to keeps them when this one rewrites it', async () => {
    await rewrite(healthKey(FLEET, 'a'), { body: (body) => ({ ...body, future: { deep: [1] } }) });
    await rewrite(trafficKey(FLEET), { body: (body) => ({ ...body, future: { deep: [2] } }) });
    const [record] = await store.health(FLEET);
    if (record === undefined) throw new Error('It is not there.');
    const next = health('a', 2);
    await store.putHealth([{ ...next, record: { ...record, version: 2 } }]);
    const traffic = await store.traffic(FLEET);
    const second = recording(2, []);
    await store.decide({ ...second, traffic: { ...traffic, version: 2 } });
    expect(await bodyOf(healthKey(FLEET, 'a'))).toMatchObject({ version: 2, future: { deep: [1] } });
    expect(await bodyOf(trafficKey(FLEET))).toMatchObject({ version: 2, future: { deep: [2] } });
  });

  it('of a decision keeps its seal, whatever a newer release has put into it', async () => {
    const future = sealed({ ...recording(2).decision, future: { deep: 1 }, version: 2 } as never, '');
    await store.decide({ ...recording(2), decision: future });
    const read = await store.decision(FLEET, future.id);
    expect(brokenLink(read ? [read] : [], undefined)).toBeUndefined();
  });
});

describe('a list over all fleets', () => {
  it('has every fleet that can be read, and an error that names each other one', async () => {
    await commitOk(store, creation(fleet('a')), creation(fleet('b')), creation(fleet('c')));
    await rewrite(resourceKey(refTo(fleet('b'))), { body: () => ({}) });
    const { items, unreadable } = await store.fleets();
    expect(items.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(unreadable.map(String)).toEqual([expect.stringContaining('FLEETS / fleet#b')]);
  });

  it('has every delivery that can be read', async () => {
    const at = '2026-11-23T07:00:00.000Z';
    for (const id of ['dlv_1', 'dlv_2']) {
      const event = { id, type: 'overload' as const, fleet: FLEET, at, summary: '', clusters: [] };
      const body = { id, event, target: 'ops', state: 'pending' as const, attempts: [] };
      await store.putDocument({ fleet: FLEET, kind: 'delivery', id, version: 1, body, isPending: true });
    }
    await rewrite({ pk: 'PENDING#delivery', sk: `dlv_1#${FLEET}` }, { body: (body) => ({ ...body, body: {} }) });
    const { items, unreadable } = await store.pendingDocuments('delivery', 10);
    expect(items.map(({ id }) => id)).toEqual(['dlv_2']);
    expect(unreadable.map(String)).toEqual([expect.stringContaining(`PENDING#delivery / dlv_1#${FLEET}`)]);
  });

  it('finds gateways that are behind, whatever is in their rows', async () => {
    await commitOk(store, creation(fleet()));
    await commitOk(store, creation(route('r'), { outbox: [outboxRow(route('r'), 'edge')] }));
    await rewrite({ pk: 'OUTBOX', sk: `${FLEET}#edge#route#r` }, { body: () => ({}) });
    expect(await store.nextBehind()).toEqual({ fleet: FLEET, gateway: 'edge' });
  });
});

describe('the state of the release of 23 November', () => {
  beforeEach(async () => await restoreItems(dynamo.endpoint, readState('2026-11-23'), TableName));

  it('has the vote of the only prober that there was', async () => {
    const [a, b] = await store.health('demo');
    expect(a).toMatchObject({
      cluster: 'hangzhou-a',
      state: 'unhealthy',
      firstHealthyAtMs: expect.any(Number),
      votes: [{ voter: 'edge', state: 'unhealthy', outcomes: 'fffffffff', last: { outcome: 'fail' } }],
    });
    expect(b).toMatchObject({
      state: 'healthy',
      votes: [{ voter: 'edge', state: 'healthy', last: { outcome: 'ok' } }],
    });
    for (const { recent } of [a, b].filter((one) => one !== undefined)) {
      expect(new Set(recent.map(({ voter }) => voter))).toEqual(new Set(['edge']));
    }
  });

  it('has its observations, as those of that prober', async () => {
    expect(observationsOf('demo', 'hangzhou-a').pk).toBe('OBSERVATION#demo#hangzhou-a');
    const { items } = await store.observations('demo', 'hangzhou-a', { limit: 200 });
    expect(items).toHaveLength(5);
    expect(items.every(({ voter }) => voter === 'edge')).toBe(true);
  });

  it('has the cluster out that was out', async () => {
    expect(await store.traffic('demo')).toMatchObject({
      version: 3,
      clusters: [{ cluster: 'hangzhou-a', standing: 'down' }],
      allocation: { limits: [{ cluster: 'hangzhou-a', percent: 0, limits: [{ reason: 'down' }] }] },
    });
  });

  it('has its decisions, unsealed and in order, and its audit events without changes', async () => {
    const { items } = await store.decisions('demo', { limit: 10 });
    expect(items.map(({ changes }) => changes[0]?.action)).toEqual(['withdraw', 'restore', 'withdraw']);
    expect(items[0]).toMatchObject({ hash: '', changes: [{ fromPercent: 100, toPercent: 0 }] });
    expect(brokenLink(items.toReversed(), undefined)).toBeUndefined();
    const { items: events } = await store.audits('demo', { limit: 50 });
    expect(events.every(({ changes, changeCount }) => changes.length === 0 && changeCount === 0)).toBe(true);
    expect((await raw(auditKey('demo', events[0]?.id ?? '')))['v']).toBeUndefined();
    expect((await raw(decisionKey('demo', items[0]?.id ?? '')))['v']).toBeUndefined();
  });

  it('is written back as the newest version when something is written anyway', async () => {
    const [record] = await store.health('demo');
    if (record === undefined) throw new Error('It is not there.');
    const next = { ...record, version: record.version + 1 };
    expect(await store.putHealth([{ record: next, observation: health('a', 1).observation }])).toBe(true);
    expect(await raw(healthKey('demo', record.cluster))).toMatchObject({ v: { N: '3' } });
    expect((await store.health('demo'))[0]).toEqual(next);
  });
});

describe('a chain of decisions', () => {
  const at = (version: number, previousHash: string) =>
    sealed({ ...recording(version).decision, version }, previousHash);

  it('may begin with decisions of a release that did not seal them', () => {
    const unsealed = { ...at(1, ''), version: 0, hash: '', previousHash: '' };
    expect(brokenLink([unsealed, unsealed, at(4, '')], undefined)).toBeUndefined();
  });

  it('is broken by one that has lost its seal', () => {
    const first = at(1, '');
    const second = at(2, first.hash);
    expect(brokenLink([first, { ...second, hash: '' }], undefined)).toMatchObject({ reason: 'altered' });
    expect(brokenLink([{ ...first, hash: '' }, second], undefined)).toMatchObject({ reason: 'unlinked' });
  });
});
