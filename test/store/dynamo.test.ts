import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteItemCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../functions/core/model/resource.ts';
import { InvalidPageToken, type Store, tokenOf } from '../../functions/deps.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { resourceKey, resourcesOf } from '../../functions/store/keys.ts';
import { IAM_ACTIONS } from '../../functions/store/table.ts';
import { ensureTable, type LocalDynamo, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { EXAMPLE_PLACE, iamPolicy } from '../../infra/policies.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { storeConformance } from './conformance.ts';
import {
  commitOk,
  creation,
  deletion,
  edit,
  FLEET,
  fleet,
  gateway,
  health,
  refTo,
  route,
  service,
} from './fixtures.ts';
import { expectComplete } from './lookup.ts';
import { createGuard } from './policy.ts';
import { type DynamoProxy, startDynamoProxy } from './proxy.ts';

/** Tests run on the embedded DynamoDB, or on the one at DYNAMODB_ENDPOINT. Stores use it as the IAM policy allows. */
const given = process.env['DYNAMODB_ENDPOINT'];
const TABLE_PREFIX = 'fairlead-test-';
let dynamo: Pick<LocalDynamo, 'endpoint' | 'close'>;
let proxy: DynamoProxy;
const guard = createGuard(iamPolicy({ ...EXAMPLE_PLACE, table: `${TABLE_PREFIX}*` }), EXAMPLE_PLACE);

beforeAll(async () => {
  dynamo = given ? { endpoint: given, close: async () => {} } : await startDynamo();
  proxy = await startDynamoProxy(dynamo.endpoint, guard.fateOf);
});
afterAll(async () => {
  await proxy.close();
  await dynamo.close();
  guard.expectNoDenials();
});

/** A store on a table of its own; `client` may do what no policy allows the store. */
async function openTable() {
  const tableName = `${TABLE_PREFIX}${randomUUID()}`;
  await ensureTable(dynamo.endpoint, tableName);
  const client = createDynamoClient({ ...localSettings, endpoint: dynamo.endpoint });
  const guardedClient = createDynamoClient({ ...localSettings, endpoint: proxy.endpoint });
  const close = async () => {
    await client.send(new DeleteTableCommand({ TableName: tableName }));
    client.destroy();
    guardedClient.destroy();
  };
  const openStore = () => createDynamoStore(guardedClient, tableName);
  return { store: openStore(), openStore, client, tableName, close };
}

storeConformance('DynamoDB', openTable);

describe('the IAM policy', () => {
  it('allows no action that the suite above did not need', () => {
    expect([...guard.used].sort()).toEqual(IAM_ACTIONS.map((action) => `dynamodb:${action}`).sort());
  });
});

/** Returns the entries that lead to routes and gateways, and the mark that all of them are there. */
async function entriesIn(client: DynamoDBClient, TableName: string) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName, ProjectionExpression: 'pk, sk' }));
  return Items.filter(({ pk }) => /^(ROUTES|GATEWAYS|ENTRIES)(#|$)/.test(pk?.S ?? ''));
}

/** Removes the entries, as if a version of Fairlead without them had written the table. */
async function removeEntries(client: DynamoDBClient, TableName: string, { keepsMark = false } = {}): Promise<void> {
  for (const Key of await entriesIn(client, TableName)) {
    if (keepsMark && Key['pk']?.S === 'ENTRIES') continue;
    await client.send(new DeleteItemCommand({ TableName, Key }));
  }
}

async function routeOf(store: Store, name: string): Promise<Resource<'route'>> {
  return (await store.get('route', FLEET, name)) ?? fail();
}

function fail(): never {
  throw new Error('It is not there.');
}

describe('items', () => {
  it('that are corrupt are an error that names the key and not the value', async () => {
    const { store, client, tableName, close } = await openTable();
    try {
      const { pk, sk } = resourceKey(refTo(service('shop')));
      const bodies = [
        '{"name":"secret',
        '{"name":"secret"}',
        JSON.stringify({ ...service('shop'), spec: { ports: 'secret' } }),
      ];
      for (const body of bodies) {
        const item = { pk: { S: pk }, sk: { S: sk }, body: { S: body } };
        await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
        const error = await store.get('service', FLEET, 'shop').catch((thrown: Error) => thrown);
        expect(error).toMatchObject({ name: 'CorruptItemError', message: expect.stringContaining(`${pk} / ${sk}`) });
        expect(String(error)).not.toContain('secret');
        await expect(store.all('service', FLEET)).rejects.toThrow(sk);
      }
    } finally {
      await close();
    }
  });

  it('of history stay: every revision, the tombstone of a delete, and an audit event for each', async () => {
    const { store, client, tableName, close } = await openTable();
    try {
      const shop = service('shop');
      const created = creation(shop);
      const edited = edit(shop);
      await commitOk(store, created, edited, deletion(edited.resource));
      const bodies = async (pk: string): Promise<unknown[]> => {
        const { Items = [] } = await client.send(
          new QueryCommand({
            TableName: tableName,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': { S: pk } },
          }),
        );
        return Items.map((item) => JSON.parse(item['body']?.S ?? ''));
      };
      expect(await bodies(`REVISION#${FLEET}#service#shop`)).toEqual([
        shop,
        edited.resource,
        { ...edited.resource, revision: 3, deleted: true },
      ]);
      expect(await bodies(`AUDIT#${FLEET}`)).toMatchObject([
        { before: 0, after: 1 },
        { before: 1, after: 2 },
        { before: 2, after: 0 },
      ]);
    } finally {
      await close();
    }
  });

  it('that were written before there were entries to find them by get theirs when first something is looked up', async () => {
    const { client, tableName, store, openStore, close } = await openTable();
    try {
      const names = Array.from({ length: 230 }, (_, index) => `r-${index}`);
      await commitOk(
        store,
        creation(fleet()),
        creation(gateway('edge')),
        ...names.map((name) => creation(route(name))),
      );
      await removeEntries(client, tableName);
      const younger = openStore();
      await commitOk(younger, creation(route('young')), deletion(await routeOf(younger, 'r-7')));
      await expectComplete(younger);
      expect(await younger.routesUnder(FLEET, { kind: 'gateway', name: 'edge' })).toHaveLength(230);
      expect(await younger.gatewaysAt(gateway('edge').spec.target ?? fail())).toMatchObject([{ name: 'edge' }]);
      // The check is done once for the table: another store does not repeat it.
      await removeEntries(client, tableName, { keepsMark: true });
      expect(await openStore().routesUnder(FLEET, { kind: 'gateway', name: 'edge' })).toEqual([]);
    } finally {
      await close();
    }
  });

  it('that lead to a route or a gateway go with it', async () => {
    const { client, tableName, store, close } = await openTable();
    try {
      const [shop, edge] = [route('shop'), gateway('edge')];
      await commitOk(store, creation(shop), creation(edge));
      expect(await entriesIn(client, tableName)).toHaveLength(5);
      const moved = edit(shop, { before: shop });
      moved.resource.spec.gateways = ['west'];
      await commitOk(store, moved);
      const partitions = (await entriesIn(client, tableName)).map(({ pk }) => pk?.S);
      expect(partitions).toContain(`ROUTES#${FLEET}#gateway#west`);
      expect(partitions).not.toContain(`ROUTES#${FLEET}#gateway#edge`);
      await commitOk(store, deletion(moved.resource), deletion(edge));
      expect(await entriesIn(client, tableName)).toEqual([]);
    } finally {
      await close();
    }
  });

  it('of observations go after seven days, and nothing else goes by itself', async () => {
    const { store, client, tableName, close } = await openTable();
    try {
      await commitOk(store, creation(service('shop')));
      const { record, observation } = health('a', 1);
      await store.putHealth([{ record, observation }]);
      const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
      const expiring = Items.filter((item) => item['ttl']);
      expect(expiring.map((item) => item['pk']?.S)).toEqual([`OBSERVATION#${FLEET}#a`]);
      expect(Number(expiring[0]?.['ttl']?.N)).toBe(Date.parse(observation.observedAt) / 1000 + 7 * 86_400);
    } finally {
      await close();
    }
  });
});

describe('page tokens', () => {
  it('whose position is outside of their list are refused, whatever DynamoDB would make of it', async () => {
    const { store, close } = await openTable();
    try {
      await commitOk(store, creation(service('a')), creation(service('b')));
      const { nextToken } = await store.list('service', FLEET, { limit: 1 });
      const { pk, from, to } = resourcesOf('service', FLEET);
      const list = [pk, from, to, null];
      expect(tokenOf(list, 'service#a')).toBe(nextToken);
      for (const position of ['', 'route#a', 'service', 'zone#a']) {
        const token = tokenOf(list, position);
        await expect(store.list('service', FLEET, { limit: 1, token })).rejects.toThrow(InvalidPageToken);
      }
    } finally {
      await close();
    }
  });
});

describe.skipIf(given)('the embedded DynamoDB', () => {
  it('keeps everything over a restart when it has a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-'));
    const shop = service('shop');
    const session = async (work: (store: ReturnType<typeof createDynamoStore>) => Promise<void>) => {
      const { endpoint, close } = await startDynamo({ dbPath: join(folder, 'data', 'dynamo.db') });
      const client = createDynamoClient({ ...localSettings, endpoint });
      try {
        await work(createDynamoStore(client, DEFAULT_TABLE_NAME));
      } finally {
        client.destroy();
        await close();
      }
    };
    try {
      await session((store) => commitOk(store, creation(shop)));
      await session(async (store) => {
        expect(await store.all('service', FLEET)).toEqual([shop]);
        await commitOk(store, edit(shop));
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says so when its port is taken', async () => {
    const port = Number(new URL(dynamo.endpoint).port);
    await expect(startDynamo({ port })).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken`);
  });
});
