import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Env } from '../../functions/env.ts';
import committed from '../../schemas/openapi.json' with { type: 'json' };
import { cluster, create } from './fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, '/v1/fleets/shop', {});
});
afterAll(async () => await harness.close());

const PORTAL = 'https://portal.example.com';

describe('a page in a browser', () => {
  const preflight = (origin: string, method: string, headers: string) =>
    harness.call('OPTIONS', '/v1/fleets/shop', {
      headers: {
        Authorization: undefined,
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': headers,
      },
    });

  it('of an allowed origin may send what the API takes, and read what it answers', async () => {
    const { status, headers } = await preflight(PORTAL, 'PUT', 'authorization,content-type,if-match');
    expect([status, headers.get('Access-Control-Allow-Origin')]).toEqual([204, PORTAL]);
    expect(headers.get('Access-Control-Allow-Methods')).toContain('PUT');
    expect(headers.get('Access-Control-Allow-Headers')).toMatch(/Authorization.*If-Match/);
    const answer = await harness.call('GET', '/v1/fleets/shop', { headers: { Origin: PORTAL } });
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(PORTAL);
    const exposed = answer.headers.get('Access-Control-Expose-Headers')?.split(',');
    expect(exposed).toEqual(expect.arrayContaining(Object.keys(committed.components.headers)));
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    expect(answer.headers.get('Vary')).toContain('Origin');
  });

  it('reads why it was refused', async () => {
    for (const [path, status, headers] of [
      ['/v1/fleets/shop', 401, { Authorization: undefined }],
      ['/v1/fleets/nowhere', 404, {}],
      ['/v1/nothing', 404, {}],
    ] as const) {
      const answer = await harness.call('GET', path, { headers: { ...headers, Origin: PORTAL } });
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.headers.get('Access-Control-Allow-Origin'), path).toBe(PORTAL);
    }
  });

  it.each(['https://evil.example.com', `${PORTAL}.evil.example.com`, 'http://portal.example.com', 'null'])(
    'of the origin %s is told nothing',
    async (origin) => {
      expect((await preflight(origin, 'PUT', 'authorization')).headers.get('Access-Control-Allow-Origin')).toBeNull();
      const { headers } = await harness.call('GET', '/v1/fleets/shop', { headers: { Origin: origin } });
      expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
    },
  );

  it('has an origin that the settings name without a path, and not all at once', () => {
    const { CORS_ORIGINS } = Env.shape;
    expect(CORS_ORIGINS.parse(undefined)).toEqual([]);
    expect(CORS_ORIGINS.parse('["https://portal.example.com", "http://localhost:3000"]')).toHaveLength(2);
    for (const wrong of [
      '["*"]',
      '["https://a.example.com/"]',
      '["https://a.example.com/x"]',
      '["null"]',
      '"*"',
      '[1]',
    ]) {
      expect(() => CORS_ORIGINS.parse(wrong), wrong).toThrow(/must be a list of origins/);
    }
  });
});

describe('JSON', () => {
  const put = (body: string) =>
    harness.call('PUT', '/v1/fleets/shop/clusters/one?dryRun=true', {
      body,
      headers: { 'Content-Type': 'application/json' },
    });

  it('with a key twice is refused, and each of them is named', async () => {
    const text =
      '{"kind":"kubernetes","labels":{"a":"1","\\u0061":"2"},"probes":[{"type":"tcp","type":"http"}],"kind":"x"}';
    const { status, body } = await put(text);
    expect(status).toBe(400);
    const repeated = body.errors.filter(({ code }: { code: string }) => code === 'repeated_key');
    expect(repeated.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '#/labels/a',
      '#/probes/0/type',
      '#/kind',
    ]);
    expect(repeated[0].detail).toBe('The key a is repeated: leave one of them.');
  });

  it('with keys that only look alike is taken', async () => {
    const labels = '"a":"{\\"a\\":1,\\"a\\":2}","A":"a","b":"a"';
    expect((await put(JSON.stringify(cluster).replace('{', `{"labels":{${labels}},`))).status).toBe(200);
  });

  it.each([
    ['a hundred thousand arrays', '['.repeat(100_000)],
    ['a hundred thousand arrays that end', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects in objects', '{"a":'.repeat(50_000)],
  ])('of %s is nested too deeply', async (_, text) => {
    const { status, body } = await put(text);
    expect([status, body.code, body.detail]).toEqual([
      ...[400, 'malformed-json', 'The document is nested too deeply to be read.'],
    ]);
  });

  it('is read in the time of its size, also when a string with half a million quotation marks never ends', async () => {
    const { status, body } = await put(`{"a":"${'\\"'.repeat(500_000)}`);
    expect([status, body.code]).toEqual([400, 'malformed-json']);
  });

  it('with many keys twice below a long one is answered shortly', async () => {
    const text = `{"${'k'.repeat(300_000)}":{${'"a":1,'.repeat(100_000)}"a":1}}`;
    const { status, body } = await put(text);
    expect(status).toBe(400);
    expect(JSON.stringify(body).length).toBeLessThan(2 * text.length);
  });

  it.each([['"\\', '"\\"', '{"a', '{"a":"', ',,,', ']', '}', '{]', '{,"a":1}', '{"a":1 "a":2}']])(
    'that is none is said to be none',
    async (...texts) => {
      for (const text of texts) expect([text, (await put(text)).body.code]).toEqual([text, 'malformed-json']);
    },
  );
});

describe('a name that does not exist', () => {
  it.each([
    ['a field', { kind: 'kubernetes', ingres: { endpoints: [] } }, '#/ingres', 'ingress'],
    ['a field of a field', { ...cluster, ingress: { endpoint: [] } }, '#/ingress/endpoint', 'endpoints'],
    ['a field in another case', { ...cluster, Labels: {} }, '#/Labels', 'labels'],
  ])('gets the one that was meant: %s', async (_, body, pointer, meant) => {
    const answer = await harness.call('PUT', '/v1/fleets/shop/clusters/two', { body });
    const issue = answer.body.errors.find((each: { pointer: string }) => each.pointer === pointer);
    expect(issue.detail).toBe(`This is not a known field. Did you mean ${meant}?`);
  });

  it('gets none when none is near', async () => {
    const answer = await harness.call('PUT', '/v1/fleets/shop/clusters/two', { body: { ...cluster, zzzzzz: 1 } });
    expect(answer.body.errors[0].detail).toMatch(/^This is not a known field: leave it out/);
  });

  it('gets one as a query parameter, too', async () => {
    const { body } = await harness.call('GET', '/v1/fleets?pagesize=3');
    expect(body.errors[0]).toMatchObject({ pointer: 'query/pagesize' });
    expect(body.errors[0].detail).toBe('This is not a known field. Did you mean pageSize?');
  });
});
