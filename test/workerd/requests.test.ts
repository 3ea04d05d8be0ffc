import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type LocalDynamo, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { type LocalWorker, startWorker } from '../../infra/local/worker.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { type DynamoProxy, startDynamoProxy } from '../store/proxy.ts';

/** The isolate of a Worker serves many requests at a time, and they share the application and the DynamoDB client. */

const ACTORS = Array.from({ length: 50 }, (_, index) => `actor-${index}`);
const tokenOf = (actor: string) => `the-token-of-${actor}-alone`;

const directory = mkdtempSync(join(tmpdir(), 'fairlead-requests-'));
let dynamo: LocalDynamo;
let proxy: DynamoProxy;
let worker: LocalWorker;
/** Asked of the parameters of every call of the database; those of which it is true never get an answer. */
let isHanging: (body: string) => boolean = () => false;

beforeAll(async () => {
  dynamo = await startDynamo();
  proxy = await startDynamoProxy(dynamo.endpoint, ({ body }) => ({
    type: isHanging(JSON.stringify(body)) ? 'hang' : 'forward',
  }));
  worker = await startWorker({
    logFile: join(directory, 'worker.log'),
    settings: {
      API_TOKEN: 'a-token-for-tests-only',
      API_TOKENS: JSON.stringify(Object.fromEntries(ACTORS.map((actor) => [actor, tokenOf(actor)]))),
      OWNER_ID: 'test',
      TABLE_NAME: DEFAULT_TABLE_NAME,
      AWS_REGION: localSettings.region,
      AWS_ACCESS_KEY_ID: localSettings.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localSettings.credentials.secretAccessKey,
      DYNAMODB_ENDPOINT: proxy.endpoint,
      ALIBABA_CLOUD_CREDENTIALS: '{}',
    },
  });
});

afterAll(async () => {
  await worker.close();
  await proxy.close();
  await dynamo.close();
  rmSync(directory, { recursive: true });
});

const MAX_ATTEMPTS = 5;

/**
 * Creates a fleet of the actor's name. On a busy machine the store may be too slow for the patience of the Worker, which answers 503 then: the
 * request is sent again, and 412 tells that the one before has been done after all.
 */
async function put(actor: string, signal?: AbortSignal): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${worker.url}/v1/fleets/${actor}`, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${tokenOf(actor)}`,
        'Content-Type': 'application/json',
        'If-None-Match': '*',
        'X-Request-Id': `request-of-${actor}`,
      },
      body: JSON.stringify({ displayName: actor }),
      ...(signal && { signal }),
    });
    if (response.status !== 503 || attempt === MAX_ATTEMPTS) return response;
  }
}

interface Page {
  items: { actor: string; clientRequestId: string }[];
}

async function auditOf(actor: string): Promise<Page> {
  const headers = { Authorization: `Bearer ${tokenOf(actor)}` };
  const response = await fetch(`${worker.url}/v1/fleets/${actor}/audit`, { headers });
  return (await response.json()) as Page;
}

describe('many first requests to an isolate at the same time', () => {
  it('get their own answers, while one of them hangs in the database and its client goes away', async () => {
    const [lost = '', ...others] = ACTORS;
    let held = 0;
    const leaving = new AbortController();
    isHanging = (body) => {
      const isLost = body.includes(`"${lost}"`) || body.includes(`#${lost}"`);
      if (isLost) held += 1;
      return isLost;
    };
    // Sent first, so that whatever is made for all requests is made by the one that never ends.
    const gone = put(lost, leaving.signal).catch((error: Error) => error.name);
    const early = others.slice(0, 25).map((actor) => put(actor));
    await vi.waitFor(() => expect(held).toBeGreaterThan(0), { timeout: 20_000 });
    leaving.abort();
    const late = others.slice(25).map((actor) => put(actor));
    const answers = await Promise.all([...early, ...late]);
    expect(await gone).toBe('AbortError');
    expect(answers.filter(({ status }) => status !== 201 && status !== 412)).toEqual([]);
    for (const [index, actor] of others.entries()) {
      const clientRequestId = `request-of-${actor}`;
      expect(answers[index]?.headers.get('X-Client-Request-Id')).toBe(clientRequestId);
      expect(await answers[index]?.text()).toMatch(new RegExp(`[/"]${actor}"`));
      expect((await auditOf(actor)).items).toMatchObject([{ actor, clientRequestId }]);
    }
    isHanging = () => false;
    expect((await put(lost)).status, 'what the lost request held is free').toBe(201);
  });
});
