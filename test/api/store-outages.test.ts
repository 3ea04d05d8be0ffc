import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { localSettings } from '../../infra/local/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { matrix } from '../matrix.ts';
import { LASTING, type OutageCase, PASSING, PRIVATE, timesFor } from '../store/outages.ts';
import { type DynamoProxy, type Fate, startDynamoProxy } from '../store/proxy.ts';
import { create } from './fixtures.ts';
import { type Harness, inProcess, startHarness } from './harness.ts';

const FORWARD: Fate = { type: 'forward' };

/** Protects the answers that clients get when DynamoDB does not do its work. */
inProcess.describe('the API', () => {
  let harness: Harness;
  let proxy: DynamoProxy;
  let fate: Fate;

  beforeAll(async () => {
    harness = await startHarness({ overHttp: true });
    await create(harness, '/v1/fleets/shop', {});
    const direct = harness.connect();
    const { hostname, port } = (await direct.config.endpoint?.()) ?? {};
    direct.destroy();
    proxy = await startDynamoProxy(`http://${hostname}:${port}`, () => fate);
  });
  beforeEach(() => {
    fate = FORWARD;
    harness.events.length = 0;
  });
  afterAll(async () => {
    await proxy?.close();
    await harness?.close();
  });

  /** Sends requests to an API that notices the outage within a short time. */
  function api(outage?: OutageCase) {
    const { attemptTimeoutMs, patienceMs } = outage
      ? timesFor(outage)
      : { attemptTimeoutMs: 60_000, patienceMs: 60_000 };
    const client = createDynamoClient({ ...localSettings, endpoint: proxy.endpoint, attemptTimeoutMs });
    const store = createDynamoStore(client, DEFAULT_TABLE_NAME, { patienceMs });
    return (method: string, path: string, body?: object) => harness.call(method, path, { body }, { store });
  }

  it.each(matrix([...PASSING, ...LASTING], 6))(
    'before a DynamoDB that $name is unavailable, says why, and recovers',
    async (outage) => {
      const call = api(outage);
      fate = outage.fate;
      for (const answer of [
        await call('GET', '/v1/fleets/shop'),
        await call('PUT', '/v1/fleets/shop/clusters/one', { kind: 'kubernetes' }),
        await call('POST', '/v1/probe-rounds', {}),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
        expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
        expect(answer.headers.get('Retry-After')).toBe('1');
        expect(answer.body.detail).toContain(outage.code);
        expect(JSON.stringify(answer.body)).not.toContain(PRIVATE);
      }
      expect(harness.events.filter(({ event }) => event === 'request.failed')).toHaveLength(3);
      fate = FORWARD;
      expect((await call('GET', '/v1/fleets/shop')).status).toBe(200);
    },
  );

  it('before a DynamoDB that finds a call at fault has an internal error', async () => {
    const body = { __type: 'com.amazon.coral.validate#ValidationException', message: PRIVATE };
    fate = { type: 'answer', status: 400, body };
    const answer = await api()('GET', '/v1/fleets/shop');
    expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
    expect(JSON.stringify(answer.body)).not.toContain(PRIVATE);
  });
});
