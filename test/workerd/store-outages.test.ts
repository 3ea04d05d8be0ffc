import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalDynamo, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { type LocalWorker, startWorker } from '../../infra/local/worker.ts';
import { matrix } from '../matrix.ts';
import { LASTING, PASSING, PRIVATE } from '../store/outages.ts';
import { type DynamoCall, type DynamoProxy, type Fate, startDynamoProxy } from '../store/proxy.ts';

const TOKEN = 'a-token-for-tests';
const FORWARD: Fate = { type: 'forward' };

/** Errors of the network look different in workerd: it has no codes and no names for them. */
describe('the Worker', () => {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-outages-'));
  let dynamo: LocalDynamo;
  let proxy: DynamoProxy;
  let worker: LocalWorker;
  let fateOf: (call: DynamoCall) => Fate;
  let calls: DynamoCall[] = [];

  beforeAll(async () => {
    dynamo = await startDynamo();
    proxy = await startDynamoProxy(dynamo.endpoint, (call) => {
      calls.push(call);
      return fateOf(call);
    });
    worker = await start(proxy.endpoint, 'worker.log');
    fateOf = () => FORWARD;
    expect((await call('PUT', '/v1/fleets/shop', {})).status).toBe(201);
  });
  beforeEach(() => {
    calls = [];
    fateOf = () => FORWARD;
  });
  afterAll(async () => {
    await worker?.close();
    await proxy?.close();
    await dynamo?.close();
    rmSync(directory, { recursive: true });
  });

  async function start(endpoint: string, logFile: string): Promise<LocalWorker> {
    const settings = {
      API_TOKEN: TOKEN,
      AWS_REGION: localSettings.region,
      AWS_ACCESS_KEY_ID: localSettings.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localSettings.credentials.secretAccessKey,
      DYNAMODB_ENDPOINT: endpoint,
      ALIBABA_CLOUD_CREDENTIALS: '{}',
    };
    return await startWorker({ settings, logFile: join(directory, logFile) });
  }

  async function call(method: string, path: string, body?: object, { url } = worker) {
    const headers = { Authorization: `Bearer ${TOKEN}`, ...(body && { 'Content-Type': 'application/json' }) };
    const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, retryAfter: response.headers.get('Retry-After'), text, body: JSON.parse(text) };
  }

  it.each(matrix([...PASSING, ...LASTING], 5))(
    'before a DynamoDB that $name is unavailable, says why, and recovers',
    async (outage) => {
      fateOf = () => outage.fate;
      const answer = await call('GET', '/v1/fleets/shop');
      expect([answer.status, answer.body.code, answer.retryAfter]).toEqual([503, 'unavailable', '1']);
      expect(answer.body.detail).toContain(outage.code);
      expect(answer.text).not.toContain(PRIVATE);
      expect(calls.length > 1).toBe(PASSING.includes(outage));
      fateOf = () => FORWARD;
      expect((await call('GET', '/v1/fleets/shop')).status).toBe(200);
    },
  );

  it.each(matrix(PASSING, 3))('before a DynamoDB that $name once writes once, and says so', async (outage) => {
    const path = `/v1/fleets/shop/clusters/c${PASSING.indexOf(outage)}`;
    let failures = 0;
    fateOf = ({ action }) => (action === 'TransactWriteItems' && failures++ === 0 ? outage.fate : FORWARD);
    expect((await call('PUT', path, { kind: 'kubernetes' })).status).toBe(201);
    const { body } = await call('GET', `${path}/revisions`);
    expect(body.items).toHaveLength(1);
  });

  it('before a DynamoDB that refuses connections is unavailable', async () => {
    const lonely = await start('http://127.0.0.1:1', 'lonely.log');
    try {
      const answer = await call('GET', '/v1/fleets/shop', undefined, lonely);
      expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
      expect(answer.body.detail).toContain('ConnectionFailed');
    } finally {
      await lonely.close();
    }
  });
});
