import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CloudOptions } from '../../functions/cloud/alicloud.ts';
import type { Cloud, CloudError } from '../../functions/deps.ts';
import { fakeClock } from './fake-clock.ts';

const KEYS = { accessKeyId: 'LTAIexampleid', accessKeySecret: 'example-secret-1', securityToken: 'example-token-1' };

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

/** Tests what must hold of every transport, whatever carries the bytes. */
export function describeWire(name: string, createCloud: (options: CloudOptions) => Cloud): void {
  describe(name, () => {
    /** The server gives these answers in turn and repeats the last one. */
    let script: Answer[] = [];
    let requests: { url: string; method: string; body: URLSearchParams }[] = [];
    let logged: string[] = [];
    let clock = fakeClock();
    let origin = '';
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        requests.push({ url: request.url ?? '', method: request.method ?? '', body: new URLSearchParams(body) });
        const answer = script.length > 1 ? script.shift() : script[0];
        answer?.(response, request);
      });
    });

    beforeEach(async () => {
      requests = [];
      logged = [];
      clock = fakeClock();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    function cloud(options: Partial<CloudOptions> = {}): Cloud {
      const write = (event: string, fields?: object) => logged.push(JSON.stringify({ event, ...fields }));
      const log = { info: write, error: write };
      return createCloud({
        credentials: { default: KEYS },
        endpoint: () => origin,
        clock,
        random: () => 0.5,
        log,
        timeoutMs: 400,
        ...options,
      });
    }

    const REQUEST = {
      product: 'alb' as const,
      regionId: 'cn-hangzhou',
      credentials: 'default',
      action: 'DeleteRules',
      parameters: { ClientToken: 'token-1', RuleIds: ['rule-1', 'rule-2'], Absent: undefined },
    };

    async function failure(answers: Answer[], options: Partial<CloudOptions> = {}): Promise<CloudError> {
      script = answers;
      const error: CloudError = await cloud(options)
        .call(REQUEST)
        .then(
          () => expect.fail('the call should have failed'),
          (reason) => reason,
        );
      const told = JSON.stringify([error, error.message, error.stack, String(error.cause), logged]);
      for (const secret of [
        ...Object.values(KEYS),
        origin,
        '127.0.0.1',
        'Signature=',
        requests[0]?.body.get('Signature'),
      ]) {
        expect(told).not.toContain(secret);
      }
      return error;
    }

    test('a call is a signed POST with flattened parameters, and resolves with the body', async () => {
      script = [json(200, { RequestId: 'r-1', JobId: 'j-1', Big: 1 })];
      expect(await cloud().call(REQUEST)).toStrictEqual({ RequestId: 'r-1', JobId: 'j-1', Big: 1 });
      const [request] = requests;
      expect(request).toMatchObject({ method: 'POST', url: '/' });
      expect(Object.fromEntries(request?.body ?? [])).toMatchObject({
        Action: 'DeleteRules',
        Version: '2020-06-16',
        AccessKeyId: KEYS.accessKeyId,
        SecurityToken: KEYS.securityToken,
        ClientToken: 'token-1',
        'RuleIds.1': 'rule-1',
        'RuleIds.2': 'rule-2',
        Signature: expect.any(String),
      });
      expect(request?.body.has('Absent')).toBe(false);
    });

    test('MSE is called by its own version, with JSON texts, and can refuse with HTTP 200', async () => {
      const request = { ...REQUEST, product: 'mse' as const, action: 'UpdateGatewayService' };
      const parameters = { GatewayUniqueId: 'gw-1', IpList: ['10.0.0.1:80'] };
      script = [
        json(200, { Success: false, Code: 200, ErrorCode: 'InternalError', Message: 'later', RequestId: 'r-1' }),
        json(200, { Success: false, Code: 500, Message: 'later' }),
        json(200, { Success: true, Code: 200, Data: 7 }),
        json(200, { Success: false, Code: 404, ErrorCode: 'NotFound', Message: 'no such service', RequestId: 'r-4' }),
      ];
      const client = cloud();
      expect(await client.call({ ...request, parameters })).toMatchObject({ Data: 7 });
      expect(requests).toHaveLength(3);
      expect(Object.fromEntries(requests[0]?.body ?? [])).toMatchObject({
        Version: '2019-05-31',
        IpList: '["10.0.0.1:80"]',
      });
      await expect(client.call({ ...request, parameters })).rejects.toMatchObject({
        code: 'NotFound',
        errorClass: 'gone',
        requestId: 'r-4',
      });
    });

    test('integers beyond the safe range arrive as exact text', async () => {
      script = [(response) => response.end('{"Id": 12345678901234567890}')];
      expect(await cloud().call(REQUEST)).toStrictEqual({ Id: '12345678901234567890' });
    });

    test('throttling is retried with the same ClientToken and a new nonce', async () => {
      const throttled = json(400, { Code: 'Throttling.User', Message: 'slow down', RequestId: 'r-1' });
      script = [throttled, throttled, json(200, { RequestId: 'r-2' })];
      await cloud().call(REQUEST);
      expect(requests.map(({ body }) => body.get('ClientToken'))).toEqual(['token-1', 'token-1', 'token-1']);
      expect(new Set(requests.map(({ body }) => body.get('SignatureNonce'))).size).toBe(3);
      expect(clock.sleeps).toEqual([500, 1000]);
      expect(logged).toHaveLength(2);
    });

    test('the wait that the cloud asks for is kept', async () => {
      script = [json(400, { Code: 'Throttling', Message: '' }, { 'x-acs-retry-after': '3000' }), json(200, {})];
      await cloud().call(REQUEST);
      expect(clock.sleeps).toEqual([3000]);
    });

    test.each([
      ['a page of a proxy', (response: ServerResponse) => response.writeHead(502).end('<html>Bad gateway</html>')],
      ['HTTP 500 without a code', json(500, {})],
      ['a body that is no object', json(200, null)],
      ['a body that is cut short', (response: ServerResponse) => response.end('{"RequestId": "r')],
    ])('%s is unavailable, and retries stop', async (_name, answer) => {
      const error = await failure([answer]);
      expect(error).toMatchObject({ errorClass: 'unavailable', code: 'InvalidResponse', action: 'DeleteRules' });
      expect(requests).toHaveLength(6);
    });

    test('an unknown code with HTTP 503 is unavailable', async () => {
      const error = await failure([json(503, { Code: 'Whatever', Message: 'later' })]);
      expect(error).toMatchObject({ errorClass: 'unavailable', code: 'Whatever' });
    });

    test('no answer is a timeout, and retries stop', async () => {
      const error = await failure([() => {}], { timeoutMs: 40 });
      expect(error).toMatchObject({ errorClass: 'unavailable', code: 'Timeout' });
      expect(requests).toHaveLength(6);
    });

    test('an answer that never ends is a timeout', async () => {
      const error = await failure([(response) => response.write('{"Req')], { timeoutMs: 60 });
      expect(error).toMatchObject({ errorClass: 'unavailable', code: 'Timeout' });
    });

    test('a reset connection is unavailable', async () => {
      const error = await failure([(_response, request) => request.socket.destroy()]);
      expect(error).toMatchObject({ errorClass: 'unavailable', code: 'ConnectionFailed' });
    });

    test('a fault of the caller is told at once, with code, text and request id', async () => {
      const error = await failure([
        json(400, { Code: 'IllegalParam.Priority', Message: 'out of range', RequestId: 'r-9' }),
      ]);
      expect(error).toMatchObject({ errorClass: 'invalid', code: 'IllegalParam.Priority', requestId: 'r-9' });
      expect(error.message).toBe('DeleteRules: IllegalParam.Priority: out of range');
      expect(requests).toHaveLength(1);
    });

    test('a text of the cloud that repeats what was signed is dropped', async () => {
      const echo: Answer = (response) => {
        const Message = `not POST&%2F&AccessKeyId%3D${KEYS.accessKeyId}%26Signature=${requests[0]?.body.get('Signature')}`;
        json(400, { Code: 'SignatureDoesNotMatch', Message })(response, response.req);
      };
      const error = await failure([echo]);
      expect(error).toMatchObject({ errorClass: 'credentials', message: 'DeleteRules: SignatureDoesNotMatch' });
    });

    test('a credential set that does not exist is told without a call', async () => {
      const call = cloud().call({ ...REQUEST, credentials: 'toString' });
      await expect(call).rejects.toMatchObject({ errorClass: 'credentials', code: 'UnknownCredentials' });
      expect(requests).toHaveLength(0);
    });

    test('no more than five calls are open at once, and one of them is left to failovers, which go first', async () => {
      const open: (() => void)[] = [];
      script = [(response) => open.push(() => json(200, {})(response, response.req))];
      const callers = () => requests.map(({ body }) => body.get('ClientToken'));
      const client = cloud({ timeoutMs: 60_000 });
      const calls: Promise<unknown>[] = [];
      const call = (priority: 'failover' | 'normal') => {
        calls.push(client.call({ ...REQUEST, priority, parameters: { ClientToken: priority } }));
      };
      for (let count = 0; count < 12; count++) call('normal');
      await vi.waitUntil(() => requests.length === 4, 10_000);
      for (let count = 0; count < 3; count++) call('failover');
      for (const count of [5, 6, 7]) {
        await vi.waitUntil(() => requests.length === count, 10_000);
        open.shift()?.();
      }
      open.shift()?.();
      await vi.waitUntil(() => requests.length === 8, 10_000);
      expect(callers()).toEqual([...Array(4).fill('normal'), ...Array(3).fill('failover'), 'normal']);
      while (requests.length < 15 || open.length > 0) {
        open.shift()?.();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await Promise.all(calls);
    });
  });
}
