import { DeleteItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { encodeTime } from 'ulid';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Deps } from '../../functions/deps.ts';
import { isSealingTime, sealAuditLogs } from '../../functions/engine/schedule/seals.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { cluster, create } from './fixtures.ts';
import { type Harness, inProcess, type Json, startHarness } from './harness.ts';

const TableName = DEFAULT_TABLE_NAME;
const FLEET = '/v1/fleets/shop';
const MINUTE = 60_000;

inProcess.describe('the seals of an audit log', () => {
  let harness: Harness;
  let client: ReturnType<Harness['connect']>;

  beforeEach(async () => {
    harness = await startHarness();
    client = harness.connect();
    await create(harness, FLEET, {});
    for (const name of ['a', 'b', 'c']) await create(harness, `${FLEET}/clusters/${name}`, cluster);
  });
  afterEach(async () => {
    client.destroy();
    await harness.close();
  });

  const later = (ms: number): Deps => ({
    ...harness.deps,
    clock: { ...harness.deps.clock, now: () => Date.now() + ms },
  });
  const seal = (ms = 10 * MINUTE) => sealAuditLogs(later(ms));
  const check = async (query = ''): Promise<Json> => {
    const { status, body } = await harness.call('GET', `${FLEET}/audit/seals${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const keys = async () => {
    const answer = await client.send(
      new QueryCommand({
        ...{ TableName, KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to' },
        ExpressionAttributeValues: { ':pk': { S: 'AUDIT#shop' }, ':from': { S: '!' }, ':to': { S: '~' } },
      }),
    );
    return (answer.Items ?? []).map((item) => ({ pk: item['pk'] ?? { S: '' }, sk: item['sk'] ?? { S: '' } }));
  };

  it('cover all events, once they are old enough, and hold', async () => {
    await seal(0);
    expect(await check()).toMatchObject({ isIntact: true, events: 0, seals: [] });
    await seal();
    const first = await check();
    expect(first).toMatchObject({
      fleet: 'shop',
      isIntact: true,
      events: 4,
      seals: [{ version: 1, events: 4, late: [] }],
    });
    await seal(20 * MINUTE);
    expect((await check()).seals).toHaveLength(1);
    expect([10, 19, 20].map((minute) => isSealingTime(minute * MINUTE + 1))).toEqual([true, false, true]);
  });

  it('find the first event that was altered, deleted or inserted, and say which', async () => {
    await seal();
    const [first, second, third] = await keys();
    if (!first || !second || !third) throw new Error('There are four events.');
    const change = { UpdateExpression: 'SET body = :b', ExpressionAttributeValues: { ':b': { S: '{}' } } };
    const inserted = `${third.sk.S?.slice(0, -1)}${third.sk.S?.endsWith('Z') ? 'Y' : 'Z'}`;
    await client.send(
      new PutItemCommand({ TableName, Item: { pk: third.pk, sk: { S: inserted }, body: { S: '{}' } } }),
    );
    expect((await check()).broken).toEqual({ seal: 1, event: inserted, reason: 'inserted' });
    await client.send(new DeleteItemCommand({ TableName, Key: second }));
    expect((await check()).broken).toEqual({ seal: 1, event: second.sk.S, reason: 'deleted' });
    await client.send(new UpdateItemCommand({ TableName, Key: first, ...change }));
    expect(await check()).toMatchObject({
      isIntact: false,
      broken: { seal: 1, event: first.sk.S, reason: 'altered' },
    });
  });

  it('find a seal that was altered, or that is not there any more', async () => {
    await seal();
    await create(harness, `${FLEET}/clusters/d`, cluster);
    await seal(20 * MINUTE);
    const key = (version: number) => ({ pk: { S: 'SEAL#shop' }, sk: { S: String(version).padStart(12, '0') } });
    const body = (await harness.deps.store.seals('shop', { limit: 5 })).items.at(-1);
    const forged = JSON.stringify({ ...body, events: body?.events.slice(1) });
    await client.send(new PutItemCommand({ TableName, Item: { ...key(1), v: { N: '1' }, body: { S: forged } } }));
    expect((await check()).broken).toEqual({ seal: 1, reason: 'altered' });
    await client.send(new DeleteItemCommand({ TableName, Key: key(1) }));
    expect((await check()).broken).toEqual({ seal: 2, reason: 'unlinked' });
    await client.send(new DeleteItemCommand({ TableName, Key: key(2) }));
    expect((await check()).broken).toEqual({ seal: 2, reason: 'missing' });
  });

  it('name an event that arrived late, in the next seal, so that it is no fault and no secret', async () => {
    await seal();
    const id = `aud_${encodeTime(Date.now())}${'0'.repeat(15)}9`;
    const [event] = (await harness.deps.store.audits('shop', { limit: 1 })).items;
    if (!event) throw new Error('There are events.');
    await harness.deps.store.appendAudit('shop', { ...event, id });
    expect((await check()).broken).toEqual({ seal: 1, event: id, reason: 'inserted' });
    await seal(20 * MINUTE);
    const found = await check();
    expect(found).toMatchObject({ isIntact: true, seals: [{ version: 2, events: 0, late: [id] }, { version: 1 }] });
    const page = await check('?pageSize=1');
    expect(await check(`?pageSize=1&pageToken=${page.nextPageToken}`)).toMatchObject({ isIntact: true, events: 5 });
    await client.send(new DeleteItemCommand({ TableName, Key: { pk: { S: 'AUDIT#shop' }, sk: { S: id } } }));
    expect((await check()).broken).toEqual({ seal: 1, event: id, reason: 'deleted' });
  });

  it('are made once by two schedules at a time, and go on after one that ended before it had sealed', async () => {
    const dying = later(10 * MINUTE);
    const putSeal = () => Promise.reject(new Error('the process ended'));
    await sealAuditLogs({ ...dying, store: { ...dying.store, putSeal } });
    expect((await harness.deps.store.sealHead('shop'))?.closed).not.toBe('');
    await Promise.all([seal(10 * MINUTE), seal(10 * MINUTE), seal(10 * MINUTE)]);
    expect(await check()).toMatchObject({ isIntact: true, events: 4, seals: [{ version: 1, events: 4 }] });
  });

  it('cover a fleet that was deleted before it was ever sealed', async () => {
    await create(harness, '/v1/fleets/gone', {});
    await harness.call('DELETE', '/v1/fleets/gone', { headers: { 'If-Match': '*' } });
    await seal();
    const { body } = await harness.call('GET', '/v1/fleets/gone/audit/seals');
    expect(body).toMatchObject({ isIntact: true, events: 2 });
  });

  it('close the counts of refusals, which begin another row instead of changing a sealed one', async () => {
    const flood = { headers: { Authorization: 'Bearer wrong' } };
    await harness.call('GET', FLEET, flood);
    // The row is written after the answer.
    const rows = async () => (await harness.deps.store.audits('-', { limit: 1 })).items;
    await expect.poll(async () => (await rows()).length).toBe(1);
    const [row] = await rows();
    if (!row) throw new Error('The refusal is counted.');
    expect(row.refusal?.count).toBe(1);
    expect(await harness.deps.store.countRefusal('-', row)).toBe(true);
    await seal();
    expect(await harness.deps.store.countRefusal('-', row)).toBe(false);
    const { body } = await harness.call('GET', '/v1/audit/seals');
    expect(body).toMatchObject({ isIntact: true, events: 1 });
    expect((await harness.deps.store.audit('-', row.id))?.refusal?.count).toBe(2);
  });
});
