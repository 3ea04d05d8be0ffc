import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import type { Item } from '../../functions/store/items.ts';
import { outboxWrites } from '../../functions/store/journal.ts';
import { outboxKey } from '../../functions/store/keys.ts';
import { Table } from '../../functions/store/table.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { scale } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { type Harness, type Json, quietApi } from './harness.ts';

/** For as long as the test wants. */
const ALWAYS = 100_000;
/** Operations whose ids together are more than one item holds; of a sample the ids are so much longer. */
const MANY = scale(13_000, 500);
const ITEM_BYTES = 400 * 1024;
const idOf = (index: number) => `many-${index}-`.padEnd(Math.ceil(ITEM_BYTES / MANY) + 1, 'x');

let harness: Harness;

beforeEach(async () => {
  harness = await startFleet({ jobLatencyMs: 20 });
});
afterEach(() => harness.close());

const away = (action?: string) =>
  harness.cloud.faults.add({ kind: 'error', code: 'ServiceUnavailable', times: ALWAYS, ...(action && { action }) });

const edited = (host: string) => ({ ...ROUTES.shop, hostnames: [host] });
const edit = (host: string) => harness.put(`${FLEET}/routes/shop`, edited(host));

async function quietEdit(host: string): Promise<void> {
  const { status } = await quietApi(harness)('PUT', `${FLEET}/routes/shop`, edited(host), { 'if-match': '*' });
  expect(status).toBe(200);
}

const rowsOfShop = () => harness.deps().store.waiting('prod', 'edge', 'route', 'shop', 'shop');

describe('a gateway that is away', () => {
  it('keeps no edit from being written, however many wait for it, and ends all of them when it is back', async () => {
    away();
    await edit('one.example.com');
    const [row] = await rowsOfShop();
    if (row === undefined) throw new Error('The edit waits for nothing.');
    await letWait(Array.from({ length: MANY }, (_, index) => idOf(index)));
    await quietEdit('two.example.com');
    await addAsOlderRelease('opn_older');

    harness.cloud.faults.clear();
    harness.clock.advance(600_000);
    await sweep(harness.deps());
    expect(await harness.edge.get('two.example.com')).toMatchObject({ status: 200 });
    const { store } = harness.deps();
    expect(await store.outcomes('prod', 'many-0', 'many-~')).toHaveLength(MANY);
    expect(await store.outcomes('prod', 'opn_older', 'opn_older')).toMatchObject([{ state: 'Verified' }]);
    const { items } = (await harness.api('GET', `${FLEET}/operations?pageSize=2`)).body;
    expect(items.map(({ state }: Json) => state)).toEqual(['Succeeded', 'Succeeded']);
    expect(await store.outbox({ fleet: 'prod' })).toEqual([]);
    expect(await store.waitingOperations([row])).toEqual([]);
  }, 180_000);

  /** As if somebody had edited the route once for each, but for the row, which a later edit writes anyway. */
  async function letWait(operations: readonly string[]): Promise<void> {
    const client = harness.connect();
    const [row] = await rowsOfShop();
    if (row === undefined) throw new Error('Nothing waits.');
    const items = operations.flatMap((operation) => outboxWrites({ ...row, operation }).map(({ item }) => item));
    const puts = items.filter((item): item is Item => 'body' in item);
    await new Table(client, DEFAULT_TABLE_NAME, 60_000).writeAll(puts, []);
    client.destroy();
  }

  async function addAsOlderRelease(operation: string): Promise<void> {
    const client = harness.connect();
    const { pk, sk } = outboxKey({ fleet: 'prod', gateway: 'edge', kind: 'route', name: 'shop' });
    await client.send(
      new UpdateItemCommand({
        TableName: DEFAULT_TABLE_NAME,
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: 'ADD operations :operations',
        ExpressionAttributeValues: { ':operations': { SS: [operation] } },
      }),
    );
    client.destroy();
  }
});

describe('a gateway that takes no writes', () => {
  it('is said to make no progress after 30 s, though somebody edits every 20 s', async () => {
    for (const action of ['CreateRules', 'UpdateRulesAttribute']) away(action);
    const reasonsOf = async () => {
      const places = [`${FLEET}/routes/shop`, `${FLEET}/gateways/edge`];
      const views = await Promise.all(places.map(async (place) => (await harness.api('GET', place)).body));
      return views.map(({ conditions }) => conditions.find(({ type }: Json) => type === 'Programmed').reason);
    };
    // The runs that would follow each edit wait between their calls, which would take time of its own.
    await quietEdit('one.example.com');
    const [first] = await rowsOfShop();
    harness.clock.advance(20_000);
    await quietEdit('two.example.com');
    expect(await reasonsOf()).toEqual(['Pending', 'Pending']);
    harness.clock.advance(20_000);
    await quietEdit('three.example.com');
    expect(await reasonsOf()).toEqual(['NoProgress', 'NoProgress']);
    await sweep(harness.deps());
    await notifyIncidents(harness.deps());
    const told = (await harness.deps().store.document('prod', 'told', 'prod'))?.body.open ?? {};
    expect(Object.keys(told)).toContain('prod/gateway/edge/stalled');
    expect((await rowsOfShop())[0]?.since).toBe(first?.requestedAt);
  });
});
