import { expect, test } from 'vitest';
import type { Expectation } from './case.ts';
import { type Answer, faultsOf } from './check.ts';

const request = { method: 'GET', host: 'shop.test', path: '/a', headers: { 'x-env': 'prod' }, body: '' };

const answer = (overrides: Partial<Answer> = {}): Answer => ({
  status: 200,
  headers: { 'x-mood': 'fine' },
  body: 'hello',
  server: 'shop-a',
  received: [{ server: 'shop-a', request }],
  ...overrides,
});

const of = (...servers: string[]) => servers.map((server) => answer({ server }));
const copy = { server: 'copy-a', request: { ...request, body: 'x' } };

/** Each row has answers, an expectation that they meet, and one that they do not meet. */
test.each<[string, Answer[], Expectation, Expectation]>([
  ['status', [answer({ status: 503 })], { status: 503 }, {}],
  ['one of several statuses', [answer({ status: 204 })], { status: [200, 204] }, { status: [200, 201] }],
  [
    'count of statuses',
    [answer(), answer({ status: 503 })],
    { statuses: { 200: 1, 503: 1 } },
    { statuses: { 200: 2 } },
  ],
  ['server', [answer()], { from: 'shop-a' }, { from: 'shop-b' }],
  ['service', [answer()], { from: 'shop' }, { from: 'pay' }],
  ['nobody', [answer({ status: 404, server: undefined })], { unmatched: true }, { from: 'shop', status: 404 }],
  [
    'split',
    of('shop-a', 'shop-a', 'shop-b'),
    { split: { 'shop-a': 66, 'shop-b': 34 } },
    { split: { 'shop-a': 90, 'shop-b': 10 } },
  ],
  ['split without strangers', of('shop-a'), { split: { 'shop-a': 100 } }, { split: { 'shop-b': 0 } }],
  ['one server', of('shop-a', 'shop-a'), { oneServer: true }, { servers: ['shop-a', 'shop-b'] }],
  ['several servers', of('shop-b', 'shop-a'), { servers: ['shop-a', 'shop-b'] }, { oneServer: true }],
  ['path', [answer()], { received: { path: '/a' } }, { received: { path: '/' } }],
  ['host', [answer()], { received: { host: 'shop.test' } }, { received: { host: 'other.test' } }],
  [
    'request header',
    [answer()],
    { received: { headers: { 'x-env': 'prod' } } },
    { received: { headers: { 'x-env': null } } },
  ],
  [
    'no request header',
    [answer()],
    { received: { headers: { 'x-no': null } } },
    { received: { headers: { 'x-no': '1' } } },
  ],
  ['attempts', [answer()], { received: { attempts: 1 } }, { received: { attempts: 2 } }],
  ['no attempt', [answer({ received: [] })], { received: { attempts: 0 } }, { received: { path: '/a' } }],
  [
    'response header',
    [answer()],
    { response: { headers: { 'x-mood': /^f/ } } },
    { response: { headers: { 'x-mood': 'foul' } } },
  ],
  ['body', [answer()], { response: { body: 'hello' } }, { response: { body: '' } }],
  [
    'copies',
    [answer({ received: [copy] })],
    { mirrored: { service: 'copy', copies: 1, body: 'x' } },
    { mirrored: { service: 'copy', copies: 1, body: 'y' } },
  ],
  ['no copy', [answer()], { mirrored: { service: 'copy', copies: 0 } }, { mirrored: { service: 'copy', copies: 1 } }],
])('%s', (_name, answers, right, wrong) => {
  expect(faultsOf(right, answers)).toEqual([]);
  expect(faultsOf(wrong, answers)).not.toEqual([]);
});
