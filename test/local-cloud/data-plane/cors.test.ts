import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { RuleAction } from '../../../infra/local/cloud/alb/model.ts';
import { type DemoCluster, startDemoCluster } from '../../../infra/local/demo-cluster.ts';
import { forwardTo, group, path, rule, server, startPlane } from './fixtures.ts';

let east: DemoCluster;
let plane: Awaited<ReturnType<typeof startPlane>>;

beforeAll(async () => {
  east = await startDemoCluster({ name: 'east' });
});
afterAll(() => east.close());
afterEach(() => plane.close());

const ORIGIN = 'https://app.example.com';
const CONFIG = {
  AllowOrigin: ['https://*.example.com'],
  AllowMethods: ['GET', 'PUT'],
  AllowHeaders: ['x-a', 'x-b'],
  ExposeHeaders: ['x-c'],
  AllowCredentials: 'on',
  MaxAge: 600,
};

async function startWithCors(config: RuleAction['CorsConfig'] = CONFIG, final = forwardTo({ 'sgp-default': 100 })) {
  plane = await startPlane({
    groups: [group('sgp-default', [server(east.address)])],
    rules: [rule(1, [path('/*')], [{ Type: 'Cors', Order: 1, CorsConfig: config }, final])],
  });
}

const corsHeaders = (headers: object) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
const preflight = (origin: string) =>
  plane.send('http://shop.example.com/', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PUT' },
  });

test('a preflight is answered without a backend', async () => {
  await startWithCors();
  const before = east.requestCount;
  const { status, headers } = await preflight(ORIGIN);
  expect(status).toBe(200);
  expect(corsHeaders(headers)).toEqual({
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, PUT',
    'access-control-allow-headers': 'x-a, x-b',
    'access-control-max-age': '600',
  });
  expect(east.requestCount).toBe(before);
});

test('a preflight of an origin that is not allowed is told nothing', async () => {
  await startWithCors();
  const { headers } = await preflight('https://example.org');
  expect(corsHeaders(headers)).toEqual({});
});

test('an OPTIONS request that is no preflight goes to the backend', async () => {
  await startWithCors();
  const { headers } = await plane.send('http://shop.example.com/', { method: 'OPTIONS', headers: { origin: ORIGIN } });
  expect(headers['x-cluster']).toBe('east');
});

test('an answer gets the headers for its origin, in place of those of the backend', async () => {
  await startWithCors();
  const { body, headers } = await plane.send('http://shop.example.com/', {
    headers: { origin: ORIGIN, 'x-reply-access-control-allow-origin': '*' },
  });
  expect(JSON.parse(body).cluster).toBe('east');
  expect(corsHeaders(headers)).toEqual({
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'x-c',
  });
});

test.each([{}, { origin: 'https://example.org' }])('an answer to %j gets none', async (headers) => {
  await startWithCors();
  const answer = await plane.send('http://shop.example.com/', { headers });
  expect(corsHeaders(answer.headers)).toEqual({});
});

test('an answer of the rule itself gets them, too', async () => {
  await startWithCors(
    { AllowOrigin: ['*'] },
    { Type: 'FixedResponse', Order: 2, FixedResponseConfig: { HttpCode: '503' } },
  );
  const { status, headers } = await plane.send('http://shop.example.com/', { headers: { origin: ORIGIN } });
  expect(status).toBe(503);
  expect(corsHeaders(headers)).toEqual({ 'access-control-allow-origin': ORIGIN });
});
