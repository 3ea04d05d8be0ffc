import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../functions/platform.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { awsError, KNOWN, popError, SECRETS } from '../platform/hostile.ts';
import { type Answer, type Harness, inProcess, startHarness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await harness.call('PUT', '/v1/fleets/shop', { body: {}, headers: { 'If-None-Match': '*' } });
});

afterAll(async () => await harness.close());

interface Told {
  answer: Answer;
  // biome-ignore lint/suspicious/noExplicitAny: a line of the log is looked into by assertions.
  line: any;
}

/** Resolves with the answer to a request whose read of the store fails, and with the line that the log has of it. */
async function failing(thrown: unknown): Promise<Told> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const get = async () => {
    throw thrown;
  };
  const store = { ...harness.deps.store, get };
  const answer = await harness.call('GET', '/v1/fleets/shop', {}, { store, log: createLog(KNOWN) });
  spy.mockRestore();
  return { answer, line: JSON.parse(lines.find((line) => line.includes('request.failed')) ?? 'null') };
}

inProcess.describe('an unexpected error', () => {
  it.each([
    ['of ours', new TypeError('pools is not iterable')],
    ['of the AWS SDK', awsError(`The security token ${SECRETS.session} is expired`)],
    ['of pop-core', popError('SignatureDoesNotMatch')],
  ])('%s is answered by its request id alone, under which the log has the cause', async (_, thrown) => {
    const { answer, line } = await failing(thrown);
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(JSON.stringify(answer.body)).not.toContain(thrown.message.slice(0, 20));
    expect(JSON.stringify(answer.body)).not.toMatch(/\.ts:|aliyuncs/);
    expect(line).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'error',
      requestId: answer.body.requestId,
      route: '/v1/fleets/{fleet}',
      error: { name: thrown.name, message: expect.any(String), stack: expect.any(Array) },
    });
    for (const secret of Object.values(SECRETS)) expect(JSON.stringify(line)).not.toContain(secret);
  });
});

describe('a record that cannot be read', () => {
  const key = { pk: { S: 'FLEET#shop' }, sk: { S: 'service#web' } };
  const put = async (item: object) => {
    const client = harness.connect();
    await client.send(new PutItemCommand({ TableName: DEFAULT_TABLE_NAME, Item: { ...key, ...item } }));
    client.destroy();
  };

  it('is answered by its name, and not by what is in it', async () => {
    await put({ body: { S: JSON.stringify({ name: 'secret-value' }) } });
    const answer = await harness.call('GET', '/v1/fleets/shop/services/web');
    expect([answer.status, answer.body.code]).toEqual([500, 'unreadable-record']);
    expect(answer.body.detail).toContain('FLEET#shop / service#web');
    expect(JSON.stringify(answer.body)).not.toContain('secret-value');
    expect(answer.headers.get('Retry-After')).toBeNull();
  });

  it('because a newer release wrote it is 503, and says what to do', async () => {
    await put({ body: { S: '{}' }, v: { N: '7' } });
    const answer = await harness.call('GET', '/v1/fleets/shop/services/web');
    expect([answer.status, answer.body.code]).toEqual([503, 'newer-record']);
    expect(answer.body.detail).toMatch(/version 7, .* version 1 at most\. Update this control plane\.$/);
  });
});

describe('a release beside a newer one', () => {
  it('keeps what the newer one has added to a shift and to the traffic state', async () => {
    const client = harness.connect();
    const cluster = { body: { kind: 'kubernetes' }, headers: { 'If-None-Match': '*' } };
    for (const name of ['a', 'b']) await harness.call('PUT', `/v1/fleets/shop/clusters/${name}`, cluster);
    const shift = (percent: number) => ({
      body: { cluster: 'a', percent, reason: 'r', expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
      headers: { 'If-None-Match': '*' },
    });
    await harness.call('PUT', '/v1/fleets/shop/shifts/move', shift(50));
    const traffic = { pk: { S: 'TRAFFIC' }, sk: { S: 'shop' } };
    const before = await harness.deps.store.traffic('shop');
    await client.send(
      new UpdateItemCommand({
        TableName: DEFAULT_TABLE_NAME,
        Key: traffic,
        UpdateExpression: 'SET body = :body',
        ExpressionAttributeValues: { ':body': { S: JSON.stringify({ ...before, future: { deep: 1 } }) } },
      }),
    );
    client.destroy();
    const again = await harness.call('PUT', '/v1/fleets/shop/shifts/move', {
      ...shift(25),
      headers: { 'If-Match': '*' },
    });
    expect(again.status).toBeLessThan(300);
    const after = await harness.deps.store.traffic('shop');
    expect(after.version).toBe(before.version + 1);
    expect(after).toMatchObject({ future: { deep: 1 } });
  });
});
