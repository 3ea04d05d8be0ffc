import { expect, test } from 'vitest';
import {
  type PlaceFacts,
  placeShortcomings,
  type Seen,
  summarizePlaces,
} from '../../infra/local/demo/place-summary.ts';

const seen = (oneCity: Seen['answers'], bothCities: Seen['answers']): Seen[] =>
  (['alb', 'mse'] as const).flatMap((provider) => [
    { provider, route: 'shop', answers: oneCity },
    { provider, route: 'ledger', answers: oneCity },
    { provider, route: 'catalog', answers: bothCities },
  ]);

const calm = seen(
  { 'hangzhou-a1': 30, 'hangzhou-a2': 30, 'hangzhou-b1': 40 },
  { 'hangzhou-a1': 25, 'hangzhou-a2': 25, 'hangzhou-b1': 25, 'shanghai-c1': 25 },
);

const site: PlaceFacts = {
  failure: 'site',
  samples: [
    { startedMs: 900, endedMs: 910, cluster: 'hangzhou-a1' },
    { startedMs: 1100, endedMs: 4100, failure: 'HTTP 502' },
    { startedMs: 3500, endedMs: 3510, cluster: 'hangzhou-b1' },
    { startedMs: 3600, endedMs: 3610, cluster: 'shanghai-c1' },
    { startedMs: 9500, endedMs: 9510, cluster: 'hangzhou-a1' },
  ],
  failedAtMs: 1000,
  switchedAtMs: 3000,
  recoveredAtMs: 9000,
  returnedAtMs: 20_000,
  before: calm,
  during: seen({ 'hangzhou-b1': 100 }, { 'hangzhou-b1': 51, 'shanghai-c1': 49 }),
  after: calm,
};

const city: PlaceFacts = {
  ...site,
  failure: 'city',
  samples: [{ startedMs: 3600, endedMs: 3610, cluster: 'shanghai-c1' }],
  during: seen({ 'shanghai-c1': 100 }, { 'shanghai-c1': 100 }),
};

test('a request counts by when it began', () => {
  expect(summarizePlaces(site)).toMatchObject({
    estate: 'two-cities',
    failure: 'site',
    requests: 5,
    failedBeforeSwitch: 1,
    failedAfterSwitch: 0,
    servedByAfter: { 'hangzhou-b1': 1, 'shanghai-c1': 1 },
    switchSeconds: 2,
    returned: true,
    returnSeconds: 11,
  });
  expect(placeShortcomings(summarizePlaces(site))).toEqual([]);
  expect(placeShortcomings(summarizePlaces(city))).toEqual([]);
});

/** One door answered otherwise. */
const but = (all: readonly Seen[], answers: Seen['answers']) =>
  all.map((one, index) => (index === 4 ? { ...one, answers } : one));

test.each<[string, PlaceFacts, string]>([
  [
    'a failure after the switch',
    { ...site, samples: [...site.samples, { startedMs: 3001, endedMs: 3002, failure: 'HTTP 502' }] },
    '1 requests failed',
  ],
  [
    'a failure during the return',
    { ...site, samples: [...site.samples, { startedMs: 9700, endedMs: 9702, failure: 'HTTP 502' }] },
    '1 requests failed',
  ],
  [
    'an answer from the place that is lost',
    { ...city, samples: [...city.samples, { startedMs: 3700, endedMs: 3702, cluster: 'hangzhou-b1' }] },
    'hangzhou-b1 answered after the switch',
  ],
  ['a survivor that serves nothing', { ...site, samples: site.samples.slice(0, 3) }, 'shanghai-c1 did not serve'],
  [
    'a split that was never right',
    { ...site, before: but(calm, { 'hangzhou-a1': 100 }) },
    'ledger at MSE had hangzhou-a1 100',
  ],
  [
    'the standby serving while a site of the first city lives',
    { ...site, during: but(site.during, { 'hangzhou-b1': 98, 'shanghai-c1': 2 }) },
    'With the site lost, ledger at MSE',
  ],
  ['one of 100 that fails', { ...city, during: but(city.during, { 'shanghai-c1': 99, failed: 1 }) }, 'failed 1'],
  [
    'a cluster that does not return',
    { ...site, after: but(calm, { 'hangzhou-a1': 57, 'hangzhou-b1': 43 }) },
    'After the recovery, ledger at MSE',
  ],
])('%s makes the demo fail', (_name, facts, sentence) => {
  const faults = placeShortcomings(summarizePlaces(facts));
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(sentence);
});

test('a route that is not answered as before at one gateway has not returned', () => {
  expect(summarizePlaces({ ...site, after: but(calm, { 'hangzhou-a1': 57, 'hangzhou-b1': 43 }) }).returned).toBe(false);
});
