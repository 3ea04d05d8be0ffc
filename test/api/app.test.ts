import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuthenticate } from '../../functions/commands/access/authenticate.ts';
import document from '../../schemas/openapi.json' with { type: 'json' };
import { cluster, create, pointers } from './fixtures.ts';
import { type Harness, inProcess, startHarness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, '/v1/fleets/shop', {});
});

beforeEach(() => {
  harness.events.length = 0;
});

afterAll(async () => await harness.close());

const anonymous = { headers: { Authorization: undefined } };

describe('what needs no token', () => {
  it('is the description of the API, which is not sent twice', async () => {
    const first = await harness.call('GET', '/openapi.json', anonymous);
    expect(first.body).toEqual(document);
    expect(first.headers.get('Content-Type')).toMatch(/^application\/json/);
    const tag = first.headers.get('ETag') ?? '';
    const second = await harness.call('GET', '/openapi.json', {
      headers: { Authorization: undefined, 'If-None-Match': tag },
    });
    expect([second.status, second.body]).toEqual([304, undefined]);
  });

  it('is nothing else, and an empty token is no configuration', () => {
    expect(() => createAuthenticate({ settingToken: '' })).toThrow('token');
  });
});

describe('paths and methods', () => {
  it('that do not exist are problems too', async () => {
    for (const path of ['/', '/v1', '/v1/nothing', '/v1/fleets/a/b/c/d', '/v2/fleets', '//v1/fleets']) {
      const answer = await harness.call('GET', path);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'not-found']);
      expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    }
  });

  it('that do not go together are answered with those that do', async () => {
    const cases = [
      ['POST', '/v1/fleets', 'GET, HEAD, OPTIONS'],
      ['POST', '/v1/fleets/shop', 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'],
      ['GET', '/v1/probe-rounds', 'POST, OPTIONS'],
      ['DELETE', '/livez', 'GET, HEAD, OPTIONS'],
    ] as const;
    for (const [method, path, allow] of cases) {
      const answer = await harness.call(method, path);
      expect([answer.status, answer.body.code, answer.headers.get('Allow')]).toEqual([
        405,
        'method-not-allowed',
        allow,
      ]);
    }
  });

  it('OPTIONS tells the methods of a path, without a token', async () => {
    const headers = { Authorization: undefined };
    const answer = await harness.call('OPTIONS', '/v1/fleets/shop/routes/a', { headers });
    expect([answer.status, answer.headers.get('Allow')]).toEqual([204, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS']);
    expect(answer.headers.get('Accept-Patch')).toBe('application/merge-patch+json');
    expect((await harness.call('OPTIONS', '/v1/nothing', { headers })).status).toBe(404);
    expect((await harness.call('OPTIONS', '/livez', { headers })).headers.get('Allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('mean the same with a slash at the end', async () => {
    const [without, withSlash] = [await harness.call('GET', '/v1/fleets'), await harness.call('GET', '/v1/fleets/')];
    expect([withSlash.status, withSlash.body]).toEqual([200, without.body]);
    const headers = { Authorization: undefined };
    for (const path of ['/v1/fleets/', '/v1/fleets/shop/', '/v1/tokens/']) {
      expect((await harness.call('GET', path, { headers })).status).toBe(401);
    }
  });

  it.each([
    ['/v1/fleet', '/v1/fleets'],
    ['/v1/fleets/shop/cluster', '/v1/fleets/shop/clusters'],
    ['/v1/Fleets/shop/statsu', '/v1/fleets/shop/status'],
    ['/openapi.jsn', '/openapi.json'],
  ])('of which nothing is at %s get the one that was meant', async (wrong, meant) => {
    const { status, body } = await harness.call('GET', wrong);
    expect([status, body.detail]).toEqual([404, `There is nothing at this path. Did you mean ${meant}?`]);
  });

  it('HEAD is GET without a body', async () => {
    const answer = await harness.call('HEAD', '/v1/fleets/shop');
    const { headers } = await harness.call('GET', '/v1/fleets/shop');
    expect([answer.status, answer.body, answer.headers.get('ETag')]).toEqual([200, undefined, headers.get('ETag')]);
  });
});

describe('the request id', () => {
  it('is always our own; that of the client stands beside it when it is harmless', async () => {
    const id = 'trace-1.2:3_4';
    const [given, again] = [await ask(id), await ask(id)];
    const own = given.headers.get('X-Request-Id');
    expect(own).toMatch(/^req_[0-9A-Z]{26}$/);
    expect([given.body.requestId, given.headers.get('X-Client-Request-Id')]).toEqual([own, id]);
    expect(again.headers.get('X-Request-Id')).not.toBe(own);
    expect(harness.events.map(({ fields }) => fields)).toMatchObject([
      { requestId: own, clientRequestId: id },
      { clientRequestId: id },
    ]);
    for (const bad of ['a b', '<script>', 'x'.repeat(129), undefined]) {
      const made = await harness.call('GET', '/v1/fleets/shop', { headers: { 'X-Request-Id': bad } });
      expect(made.headers.get('X-Request-Id')).toMatch(/^req_[0-9A-Z]{26}$/);
      expect(made.headers.get('X-Client-Request-Id')).toBeNull();
    }
  });

  const ask = (id: string) => harness.call('GET', '/v1/fleets/nothing', { headers: { 'X-Request-Id': id } });
});

describe('the log', () => {
  it('has one event per request, with the template of the path and no names', async () => {
    await harness.call('GET', '/v1/fleets/secret-name/routes/x', { headers: { 'X-Request-Id': 'r1' } });
    await harness.call('GET', '/nothing/secret-name', { headers: { 'X-Request-Id': 'r2' } });
    expect(
      harness.events.map(({ event, fields }) => [event, fields.route, fields.status, fields.clientRequestId]),
    ).toEqual([
      ['request', '/v1/fleets/{fleet}/routes/{route}', 404, 'r1'],
      ['request', 'unmatched', 404, 'r2'],
    ]);
    expect(JSON.stringify(harness.events)).not.toContain('secret-name');
  });
});

inProcess.describe('a failure inside', () => {
  const failing = (error: Error) => ({
    store: {
      ...harness.deps.store,
      get: async () => {
        throw error;
      },
    },
  });

  it('tells clients and the log nothing that could be a secret', async () => {
    const overrides = failing(new RangeError('https://example.com/?Signature=secret'));
    const answer = await harness.call('GET', '/v1/fleets/shop', {}, overrides);
    expect([answer.status, answer.body.code, answer.body.errors]).toEqual([500, 'internal', []]);
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    expect(JSON.stringify([answer.body, harness.events])).not.toContain('secret');
    const logged = harness.events.find((event) => event.level === 'error');
    expect(logged?.fields).toMatchObject({ requestId: answer.body.requestId });
  });
});

describe('faults', () => {
  it('are all found at once, wherever they stand', async () => {
    const body = {
      kind: 'kubernetes',
      region: 1,
      labels: { 'bad key/~': 'x' },
      probes: [{ type: 'udp' }, { type: 'http', url: 'nope' }],
      surprise: true,
    };
    const answer = await harness.call('PUT', '/v1/fleets/SHOP/clusters/one?x=1', {
      body,
      headers: { 'If-Match': '3' },
    });
    expect(answer.status).toBe(400);
    expect(pointers(answer.body).sort()).toEqual(
      [
        'path/fleet',
        'query/x',
        'header/If-Match',
        '#/region',
        '#/labels/bad%20key~1~0',
        '#/probes/0/type',
        '#/probes/1/url',
        '#/surprise',
      ].sort(),
    );
  });

  it('in what tells alternatives apart list the alternatives', async () => {
    const { body } = await harness.call('PUT', '/v1/fleets/shop/clusters/one', { body: { ...cluster, kind: 'eks' } });
    expect(pointers(body)).toEqual(['#/kind']);
    expect(body.errors[0].detail).toMatch(/ack.*kubernetes/);
  });

  it('are so many at most that the answer stays small', async () => {
    const surprises = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`s${index}`, 1]));
    const { body } = await harness.call('PUT', '/v1/fleets/shop', { body: surprises });
    expect(body.errors).toHaveLength(1000);
    expect(body.detail).toContain('5000');
  });

  it('do not arise from accepted spellings of the media type and a byte order mark', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
      const answer = await harness.call('PUT', '/v1/fleets/shop', {
        body: '\ufeff{}',
        headers: { 'Content-Type': type, 'If-Match': '*' },
      });
      expect(answer.status).toBe(200);
    }
  });
});
