import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionOf, create } from './fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let harness: Harness;

const PATH = '/v1/fleets/dated';
const HEADERS = ['Deprecation', 'Sunset', 'Link'];
const TOLD = [
  '@1795824000',
  'Tue, 01 Jun 2027 00:00:00 GMT',
  '<https://fairlead.dev/api#compatibility>; rel="deprecation"; type="text/html"',
];
const NOTHING = [null, null, null];

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, PATH, {});
});
afterAll(() => harness.close());

async function toldBy(method: string, path: string, body?: unknown) {
  const headers = { 'If-Match': method === 'POST' || method === 'GET' ? undefined : '*' };
  const answer = await harness.call(method, path, { body, headers });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return HEADERS.map((name) => answer.headers.get(name));
}

const byPercent = { safety: { maxRemoved: { percent: 50 } } };

describe('an answer says since when what the request used is deprecated, and until when it is accepted', () => {
  it.each([
    ['a field', byPercent],
    ['a field with other fields', { failover: { panic: { thresholdPercent: 10 } } }],
    ['a value', { failover: { correlation: { action: 'halt' } } }],
  ])('%s', async (_, policy) => {
    expect(await toldBy('PUT', PATH, policy)).toEqual(TOLD);
    expect(await toldBy('PUT', `${PATH}?dryRun=true`, policy)).toEqual(TOLD);
    expect(await toldBy('PATCH', PATH, policy)).toEqual(TOLD);
    const document = { apiVersion: 'fairlead.dev/v1', kind: 'Fleet', metadata: { name: 'dated' }, spec: policy };
    expect(await toldBy('PUT', `${PATH}/manifest?dryRun=true`, document)).toEqual(TOLD);
  });

  it('and a dry run names the field', async () => {
    const { body } = await harness.call('PUT', `${PATH}?dryRun=true`, {
      body: byPercent,
      headers: { 'If-Match': '*' },
    });
    expect(conditionOf(body, 'PolicySound')).toMatchObject({ status: 'False' });
    expect(JSON.stringify(conditionOf(body, 'PolicySound'))).toContain('maxRemoved');
  });
});

it('nothing is said to requests that use nothing deprecated, whatever stands in the fleet', async () => {
  await toldBy('PUT', PATH, byPercent);
  expect(await toldBy('GET', PATH)).toEqual(NOTHING);
  expect(await toldBy('PATCH', PATH, { labels: { a: 'b' } })).toEqual(NOTHING);
  expect(await toldBy('PATCH', PATH, { safety: { maxRemoved: null } })).toEqual(NOTHING);
  expect(await toldBy('PUT', PATH, { safety: { maxRemoved: { clusters: 1 } } })).toEqual(NOTHING);
  expect(await toldBy('PUT', PATH, { failover: { correlation: { action: 'ask' } } })).toEqual(NOTHING);
});
