import { afterEach, describe, expect, test } from 'vitest';
import type { Predicates, RouteConfig } from '../../../../infra/local/cloud/mse/model.ts';
import { config, domain, mock, path, route, type Setup, startGateway } from './fixtures.ts';

let gateway: Awaited<ReturnType<typeof startGateway>>;
afterEach(() => gateway.close());

async function start(setup: Setup) {
  gateway = await startGateway(setup);
}

async function bodyOf(url: string, headers: Record<string, string> = {}) {
  return (await gateway.send(url, { headers })).body;
}

test('no route is a 404 without a body', async () => {
  await start({ domains: [domain(2, 'shop.example.com')], routes: [route(1, { DomainIds: [2] })] });
  expect(await gateway.send('http://other.example.com/')).toMatchObject({ status: 404, body: '' });
});

describe('one predicate', () => {
  const header = (Type: 'PRE' | 'EQUAL' | 'ERGULAR', Value: string): Predicates => ({
    HeaderPredicates: [{ Key: 'X-Group', Value, Type }],
  });
  const query = (Type: 'PRE' | 'EQUAL' | 'ERGULAR', Value: string): Predicates => ({
    QueryPredicates: [{ Key: 'group', Value, Type }],
  });

  test.each<[Predicates, string, Record<string, string>, boolean]>([
    [path('PRE', '/foo'), '/foobar', {}, true],
    [path('PRE', '/foo'), '/fo', {}, false],
    [path('EQUAL', '/foo'), '/foo?a=b', {}, true],
    [path('EQUAL', '/foo'), '/foo/', {}, false],
    [path('EQUAL', '/foo'), '/Foo', {}, false],
    [path('EQUAL', '/foo', true), '/Foo', {}, true],
    [path('PRE', '/Foo', true), '/fOO/x', {}, true],
    [path('ERGULAR', '/a|/b'), '/b', {}, true],
    [path('ERGULAR', '/a'), '/abc', {}, false],
    [path('ERGULAR', '^/a.*$'), '/abc', {}, true],
    [path('ERGULAR', '/a', true), '/A', {}, false],
    [header('EQUAL', 'blue'), '/', { 'x-group': 'blue' }, true],
    [header('EQUAL', 'blue'), '/', { 'x-group': 'blues' }, false],
    [header('EQUAL', ''), '/', {}, false],
    [header('PRE', 'blue'), '/', { 'x-group': 'blues' }, true],
    [header('ERGULAR', 'blue|green'), '/', { 'x-group': 'green' }, true],
    [header('ERGULAR', 'blue|green'), '/', { 'x-group': 'greener' }, false],
    [query('EQUAL', 'blue'), '/?x=1&group=blue', {}, true],
    [query('EQUAL', 'blue'), '/?group=green&group=blue', {}, false],
    [query('PRE', 'b'), '/?group=blue', {}, true],
    [query('ERGULAR', '[0-9]+'), '/?group=42', {}, true],
    [query('ERGULAR', '[0-9]+'), '/?group=42a', {}, false],
    [{ MethodPredicates: ['GET', 'HEAD'] }, '/', {}, true],
    [{ MethodPredicates: ['POST'] }, '/', {}, false],
    [{ MethodPredicates: [] }, '/', {}, true],
  ])('%j for %s with %j: %s', async (predicates, target, headers, expected) => {
    await start({ routes: [route(1, { Predicates: predicates, ...mock('hit') })] });
    const { status } = await gateway.send(`http://shop.example.com${target}`, { headers });
    expect(status).toBe(expected ? 200 : 404);
  });
});

test('all predicates of a route must hold', async () => {
  const Predicates: Predicates = {
    ...path('PRE', '/api'),
    HeaderPredicates: [
      { Key: 'x-a', Value: '1', Type: 'EQUAL' },
      { Key: 'x-b', Value: '2', Type: 'EQUAL' },
    ],
    QueryPredicates: [{ Key: 'q', Value: '3', Type: 'EQUAL' }],
    MethodPredicates: ['GET'],
  };
  await start({ routes: [route(1, { Predicates, ...mock('hit') })] });
  expect(await bodyOf('http://a.com/api?q=3', { 'x-a': '1', 'x-b': '2' })).toBe('hit');
  expect(await bodyOf('http://a.com/api?q=3', { 'x-a': '1' })).toBe('');
  expect(await bodyOf('http://a.com/api', { 'x-a': '1', 'x-b': '2' })).toBe('');
  expect(await bodyOf('http://a.com/other?q=3', { 'x-a': '1', 'x-b': '2' })).toBe('');
});

describe('of two routes that match, the first of the documented order serves, whichever is older', () => {
  const domains = ['a.b.com', '*.b.com', '*.com', 'x.a.b.com'].map((name, index) => domain(index + 2, name));
  const [exact, wide, wider, deep] = [2, 3, 4, 5].map((id) => ({ DomainIds: [id] }));
  const regex = { Predicates: path('ERGULAR', '/foo/bar.*') };
  const prefix = { Predicates: path('PRE', '/foo') };
  const longerPrefix = { Predicates: path('PRE', '/foo/b') };
  const equal = { Predicates: path('EQUAL', '/foo/bar') };
  const withHeaders = (count: number, predicates: Predicates = {}): Partial<RouteConfig> => ({
    Predicates: {
      ...path('PRE', '/foo'),
      HeaderPredicates: ['host', 'x-a'].slice(0, count).map((Key) => ({ Key, Value: '', Type: 'PRE' as const })),
      ...predicates,
    },
  });
  const withQuery = { QueryPredicates: [{ Key: 'q', Value: '1', Type: 'EQUAL' as const }] };

  test.each<[string, Partial<RouteConfig>, Partial<RouteConfig>]>([
    ['an exact domain, as long as the wildcard', { ...exact, ...prefix }, { ...wide, ...equal }],
    ['the longer wildcard', { ...wide, ...prefix }, { ...wider, ...equal }],
    ['any wildcard rather than *', { ...wider, ...prefix }, equal],
    ['the best domain of several', { DomainIds: [1, 4, 2], ...prefix }, { ...wide, ...equal }],
    ['an equal path', equal, longerPrefix],
    ['a prefix rather than a longer regular expression', prefix, regex],
    ['the longer prefix', longerPrefix, prefix],
    ['the longer prefix rather than more headers', longerPrefix, withHeaders(2)],
    ['more headers', withHeaders(2), withHeaders(1)],
    ['more headers rather than more query parameters', withHeaders(2), withHeaders(1, withQuery)],
    ['more query parameters', withHeaders(1, withQuery), withHeaders(1)],
  ])('%s', async (_, first, second) => {
    const send = () => bodyOf('http://a.b.com/foo/bar?q=1', { 'x-a': '1' });
    const routes = [route(1, { ...second, ...mock('second') }), route(2, { ...first, ...mock('first') })];
    await start({ domains, routes });
    expect(await send()).toBe('first');
    gateway.gateway.routes.delete(2);
    expect(await send()).toBe('second');
  });

  test('of equals the older one, by creation time and then by id', async () => {
    const created = (id: number, GmtCreate: string) => route(id, mock(String(id)), { GmtCreate });
    await start({ routes: [created(1, '2026-02-02'), created(3, '2026-02-01'), created(2, '2026-02-01')] });
    expect(await bodyOf('http://a.com/')).toBe('2');
  });

  test('when no route of the exact domain fits, the wildcard domain is asked', async () => {
    const routes = [
      route(1, { ...deep, ...equal, ...mock('exact') }),
      route(2, { ...wide, ...prefix, ...mock('wildcard') }),
    ];
    await start({ domains, routes });
    expect(await bodyOf('http://x.a.b.com/foo/bar')).toBe('exact');
    expect(await bodyOf('http://x.a.b.com/foo/other')).toBe('wildcard');
  });
});

test('a wildcard covers several labels but not the bare domain; hosts know no case', async () => {
  await start({ domains: [domain(2, '*.Example.com')], routes: [route(1, { DomainIds: [2], ...mock('hit') })] });
  expect(await bodyOf('http://a.b.example.com/')).toBe('hit');
  expect(await bodyOf('http://example.com/')).toBe('');
  expect(await bodyOf('http://x.com/', { host: 'A.EXAMPLE.COM:8080' })).toBe('hit');
  expect(await bodyOf('http://notexample.com/')).toBe('');
});

describe('the published configuration serves', () => {
  test.each([
    [3, 'published'],
    [4, 'published'],
    [2, 'published'],
    [5, 'published'],
    [0, ''],
    [6, ''],
  ] as const)('at status %s: %j', async (Status, expected) => {
    await start({ routes: [route(1, mock('published'), { Status, config: config(mock('edited')) })] });
    expect(await bodyOf('http://a.com/')).toBe(expected);
  });

  test('a route that was never published serves nothing, and a publication serves the next request', async () => {
    const { published, ...draft } = route(1, mock('published'), { Status: 2 });
    await start({ routes: [draft] });
    expect(await bodyOf('http://a.com/')).toBe('');
    gateway.gateway.routes.set(1, { ...draft, Status: 3, ...(published && { published }) });
    expect(await bodyOf('http://a.com/')).toBe('published');
  });
});

test('a regular expression that makes no sense is named', async () => {
  await start({ routes: [route(1, { Predicates: path('ERGULAR', '/(') })] });
  const { status, body } = await gateway.send('http://a.com/');
  expect(status).toBe(501);
  expect(body).toContain('/(');
});
