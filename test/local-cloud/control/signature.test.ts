import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alb, KEY, popClient, refusalOf, sdkClient, startTestCloud, type TestCloud } from './harness.ts';

const POST = { method: 'POST' };
const SERVERS = new alb.UpdateServerGroupServersAttributeRequest({
  serverGroupId: 'sgp-none',
  servers: [
    new alb.UpdateServerGroupServersAttributeRequestServers({ serverType: 'Ip', serverId: '10.0.0.1', port: 80 }),
  ],
});

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await startTestCloud();
});

afterAll(() => cloud.close());

describe('V1', () => {
  test('a POST and a GET signed by pop-core are accepted', async () => {
    expect(await popClient(cloud.url).request('ListRules', {}, POST)).toMatchObject({ TotalCount: 0 });
    expect(await popClient(cloud.url).request('ListRules', {}, { method: 'GET' })).toMatchObject({ TotalCount: 0 });
  });

  test('a wrong secret is refused', async () => {
    const pop = popClient(cloud.url, { ...KEY, accessKeySecret: 'wrong' });
    expect(await refusalOf(pop.request('ListRules', {}, POST))).toMatchObject({
      code: 'SignatureDoesNotMatch',
      status: 400,
    });
  });

  test('an unknown key is refused', async () => {
    const pop = popClient(cloud.url, { ...KEY, accessKeyId: 'nobody' });
    expect(await refusalOf(pop.request('ListRules', {}, POST))).toMatchObject({
      code: 'InvalidAccessKeyId.NotFound',
      status: 404,
    });
  });

  test('a nonce cannot be used twice', async () => {
    const once = { SignatureNonce: 'nonce-1' };
    await popClient(cloud.url).request('ListRules', once, POST);
    expect(await refusalOf(popClient(cloud.url).request('ListRules', once, POST))).toMatchObject({
      code: 'SignatureNonceUsed',
    });
  });

  test.each([
    ['2020-01-01T00:00:00Z', 'InvalidTimeStamp.Expired'],
    ['2099-01-01T00:00:00Z', 'InvalidTimeStamp.Expired'],
    ['yesterday', 'InvalidTimeStamp.Format'],
  ])('the timestamp %s is refused', async (Timestamp, code) => {
    expect(await refusalOf(popClient(cloud.url).request('ListRules', { Timestamp }, POST))).toMatchObject({ code });
  });

  test('a call without any signature is refused', async () => {
    const answer = await fetch(`${cloud.url}/?Action=ListRules&Version=2020-06-16`);
    expect(await answer.json()).toMatchObject({ Code: 'MissingAccessKeyId', RequestId: expect.any(String) });
  });

  test('another version and an unknown action are refused', async () => {
    const pop = popClient(cloud.url);
    expect(await refusalOf(pop.request('ListRules', { Version: '2019-01-01' }, POST))).toMatchObject({
      code: 'InvalidVersion',
    });
    expect(await refusalOf(pop.request('ListEverything', {}, POST))).toMatchObject({ code: 'InvalidAction.NotFound' });
  });
});

interface Captured {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Captures the request that the SDK sends for one call; nothing answers it. */
async function capture(): Promise<Captured> {
  const sink = createServer().listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const address = sink.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const call = sdkClient(`http://127.0.0.1:${port}`).updateServerGroupServersAttribute(SERVERS);
  const failed = call.catch(() => undefined);
  const [message]: IncomingMessage[] = await once(sink, 'request');
  const captured = {
    path: message?.url ?? '',
    headers: message?.headers ?? {},
    body: message ? await text(message) : '',
  };
  sink.closeAllConnections();
  sink.close();
  await failed;
  return captured;
}

async function replay({ path, headers, body }: Captured): Promise<string> {
  const { connection, 'transfer-encoding': _, ...rest } = headers;
  const sent = request(`${cloud.url}${path}`, {
    method: 'POST',
    headers: { ...rest, 'content-length': Buffer.byteLength(body) },
  }).end(body);
  const [answer]: IncomingMessage[] = await once(sent, 'response');
  return answer ? JSON.parse(await text(answer)).Code : '';
}

describe('V3', () => {
  test('a call is accepted once and never again', async () => {
    const captured = await capture();
    expect(await replay(captured)).toBe('ResourceNotFound.ServerGroup');
    expect(await replay(captured)).toBe('SignatureNonceUsed');
  });

  test('body, query and signed headers cannot be changed', async () => {
    const captured = await capture();
    const changed: Partial<Captured>[] = [
      { body: captured.body.replace('10.0.0.1', '10.0.0.2') },
      { path: captured.path.replace('sgp-none', 'sgp-other') },
      { headers: { ...captured.headers, 'x-acs-action': 'DeleteServerGroup' } },
      { headers: { ...captured.headers, 'x-acs-signature-nonce': 'fresh' } },
    ];
    for (const part of changed) expect(await replay({ ...captured, ...part })).toBe('SignatureDoesNotMatch');
  });

  test('headers that must be signed cannot be left out of the signature', async () => {
    const captured = await capture();
    const authorization = captured.headers.authorization?.replace('x-acs-date;', '') ?? '';
    expect(await replay({ ...captured, headers: { ...captured.headers, authorization } })).toBe('IncompleteSignature');
  });
});
