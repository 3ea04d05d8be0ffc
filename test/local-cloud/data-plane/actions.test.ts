import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { RuleAction } from '../../../infra/local/cloud/alb/model.ts';
import { type DemoCluster, startDemoCluster } from '../../../infra/local/demo-cluster.ts';
import { forwardTo, group, path, rule, server, startPlane } from './fixtures.ts';

let east: DemoCluster;
let plane: Awaited<ReturnType<typeof startPlane>>;
let nowMs = 0;

beforeAll(async () => {
  east = await startDemoCluster({ name: 'east' });
});
afterAll(() => east.close());
afterEach(() => plane.close());

async function startWithActions(...actions: RuleAction[]) {
  plane = await startPlane({
    groups: [group('sgp-default', [server(east.address)])],
    rules: [rule(1, [path('/*')], actions)],
    options: { now: () => nowMs },
  });
}

const toEast = forwardTo({ 'sgp-default': 100 });

test('a fixed response is answered without a backend', async () => {
  const config = { HttpCode: '503', Content: 'back at noon', ContentType: 'text/html' };
  await startWithActions({ Type: 'FixedResponse', Order: 1, FixedResponseConfig: config });
  const before = east.requestCount;
  const answer = await plane.send('http://shop.example.com/');
  expect(answer).toMatchObject({ status: 503, body: 'back at noon' });
  expect(answer.headers['content-type']).toBe('text/html');
  expect(east.requestCount).toBe(before);
});

test.each([
  [{ Protocol: 'HTTPS', Port: '443' }, '301', 'https://shop.example.com/a?b=c'],
  [{ HttpCode: '308', Host: 'new.example.com' }, '308', 'http://new.example.com:8080/a?b=c'],
  [{ HttpCode: '302', Path: `/v2\${path}`, Query: '' }, '302', 'http://shop.example.com:8080/v2/a'],
  [
    { HttpCode: '302', Port: '80', Query: `from=\${host}&\${query}` },
    '302',
    'http://shop.example.com/a?from=shop.example.com&b=c',
  ],
])('a redirect of %j fills the rest from the request', async (config, status, location) => {
  await startWithActions({ Type: 'Redirect', Order: 1, RedirectConfig: config });
  const answer = await plane.send('http://shop.example.com:8080/a?b=c');
  expect(answer.status).toBe(Number(status));
  expect(answer.headers.location).toBe(location);
});

test('a rewrite changes what the backend gets', async () => {
  const config = { Host: 'inner.example.com', Path: `/v2\${path}`, Query: 'x=1' };
  await startWithActions({ Type: 'Rewrite', Order: 1, RewriteConfig: config }, toEast);
  const { body } = await plane.send('http://shop.example.com/a?b=c');
  expect(JSON.parse(body)).toMatchObject({ host: 'inner.example.com', path: '/v2/a?x=1' });
});

test('a rewrite puts in what the pattern of the path has caught', async () => {
  const config = { Path: `/\${2}/of\${1}` };
  await startWithActions({ Type: 'Rewrite', Order: 1, RewriteConfig: config }, toEast);
  const rewritten = async (value: string) => {
    for (const one of plane.state.rules.values()) one.RuleConditions = [path('/never', value)];
    return JSON.parse((await plane.send('http://shop.example.com/sys/42/x?b=c')).body).path;
  };
  expect(await rewritten('~^/sys(/[0-9]+)/(.*)')).toBe('/x/of/42?b=c');
  expect(await rewritten('~*^/SYS(/nothing)?(.*)')).toBe('//42/x/of?b=c');
});

test('a redirect puts in what the pattern of the path has caught', async () => {
  await startWithActions({ Type: 'Redirect', Order: 1, RedirectConfig: { HttpCode: '302', Path: `/new\${1}` } });
  for (const one of plane.state.rules.values()) one.RuleConditions = [path('~^/old(/.*)')];
  const { headers } = await plane.send('http://shop.example.com/old/a?b=c');
  expect(headers.location).toBe('http://shop.example.com/new/a?b=c');
});

const insert = (Order: number, Key: string, Value: string, more: object = {}): RuleAction => ({
  Type: 'InsertHeader',
  Order,
  InsertHeaderConfig: { Key, Value, ValueType: 'UserDefined', ...more },
});
const headersAtEast = () => east.received.at(-1)?.headers ?? {};

test('headers are inserted and removed on the way to the backend, in the given order', async () => {
  await startWithActions(
    { Type: 'RemoveHeader', Order: 3, RemoveHeaderConfig: { Key: 'X-Secret' } },
    toEast,
    insert(1, 'x-fixed', 'one'),
    insert(2, 'x-copy', 'x-secret', { ValueType: 'ReferenceHeader' }),
    insert(4, 'x-alb', 'SLBId', { ValueType: 'SystemDefined' }),
  );
  await plane.send('http://shop.example.com/', { headers: { 'x-secret': 's' } });
  expect(headersAtEast()).toMatchObject({ 'x-fixed': 'one', 'x-copy': 's', 'x-alb': 'alb-1' });
  expect(headersAtEast()).not.toHaveProperty('x-secret');
});

test.each([
  [undefined, 'zero'],
  [false, 'zero'],
  [true, 'one'],
])('with CoverEnabled %s, a header that the client has sent becomes %s', async (CoverEnabled, value) => {
  const more = CoverEnabled === undefined ? {} : { CoverEnabled };
  await startWithActions(insert(1, 'x-fixed', 'one', more), toEast);
  await plane.send('http://shop.example.com/', { headers: { 'x-fixed': 'zero' } });
  expect(headersAtEast()['x-fixed']).toBe(value);
});

test('a header that is removed and then inserted has the new value, whatever the client has sent', async () => {
  await startWithActions(
    { Type: 'RemoveHeader', Order: 1, RemoveHeaderConfig: { Key: 'x-fixed' } },
    insert(2, 'x-fixed', 'one'),
    toEast,
  );
  await plane.send('http://shop.example.com/', { headers: { 'x-fixed': 'zero' } });
  expect(headersAtEast()['x-fixed']).toBe('one');
});

test('requests beyond the limit of a second get 503 and say so', async () => {
  await startWithActions({ Type: 'TrafficLimit', Order: 1, TrafficLimitConfig: { QPS: 2 } }, toEast);
  expect(await plane.tally(3)).toEqual({ east: 2, 503: 1 });
  expect((await plane.send('http://shop.example.com/')).headers).toHaveProperty('alb-qps-limited');
  nowMs += 1000;
  expect(await plane.tally(2)).toEqual({ east: 2 });
});

test.each<[string, RuleAction]>([
  [
    'header',
    { Type: 'InsertHeader', Order: 1, InsertHeaderConfig: { Key: 'x', Value: 'y', ValueType: 'SystemDefined' } },
  ],
  ['placeholder', { Type: 'Rewrite', Order: 1, RewriteConfig: { Path: `/\${1}` } }],
])('what is not carried (%s) is answered with 501 that names it', async (name, action) => {
  await startWithActions(action, toEast);
  const answer = await plane.send('http://shop.example.com/');
  expect(answer.status).toBe(501);
  expect(answer.body).toContain(name);
});
