import { describe, expect, it } from 'vitest';
import type { DecisionInput } from '../../functions/core/failover/decision-input.ts';
import { openIncidents } from '../../functions/core/incidents/open.ts';
import { readinessOf } from '../../functions/core/simulation/readiness.ts';
import { T0 } from './fixtures.ts';
import { incidentFacts } from './incident-facts.ts';
import { facts, placement, policy, Story, shift, input } from './story.ts';

/** Two centres of one city, and a third elsewhere; each can serve 60 requests per second. */
const CLUSTERS = [
  facts('a', { site: 'east', city: 'hangzhou', capacity: 60 }),
  facts('b', { site: 'west', city: 'hangzhou', capacity: 60 }),
  facts('c', { site: 'north', city: 'beijing', capacity: 60 }),
];

const own = policy({ failover: { headroomPercent: 0 } });

const fleetOf = (overrides: Partial<DecisionInput> = {}) =>
  input({
    policy: own,
    clusters: CLUSTERS,
    placements: [placement({ a: 1, b: 1, c: 1 }, { load: 90 })],
    ...overrides,
  });

const survivors = (now: DecisionInput) => readinessOf(now).losses.map(({ type, name, survives }) => [type, name, survives]);

describe('what a fleet could lose', () => {
  it('is each cluster, each site of several clusters, and each city of several sites', () => {
    expect(survivors(fleetOf())).toEqual([
      ['cluster', 'a', true],
      ['cluster', 'b', true],
      ['cluster', 'c', true],
      ['city', 'hangzhou', false],
    ]);
    const oneSite = CLUSTERS.map((item) => (item.name === 'b' ? { ...item, site: 'east' } : item));
    expect(survivors(fleetOf({ clusters: oneSite })).slice(3)).toEqual([['site', 'east', false]]);
  });

  it('says who would have to serve more than it can', () => {
    expect(readinessOf(fleetOf()).losses.at(-1)).toEqual({
      type: 'city',
      name: 'hangzhou',
      clusters: ['a', 'b'],
      survives: false,
      overloads: [{ cluster: 'c', load: 90, requestsPerSecond: 60 }],
      strandedServices: [],
      soleServices: [],
    });
  });

  it('is less once something is lost already: what is left would be alone, or nobody would', () => {
    const story = new Story(fleetOf());
    story.after(5, ['a']);
    expect(survivors(story.now).slice(0, 3)).toEqual([
      ['cluster', 'a', true],
      ['cluster', 'b', false],
      ['cluster', 'c', false],
    ]);
    story.after(5, ['a', 'c']);
    expect(readinessOf(story.now).losses[1]).toMatchObject({ name: 'b', strandedServices: ['shop'], soleServices: [] });
  });

  it('counts clusters that people have isolated as not there', () => {
    const story = new Story(fleetOf({ placements: [placement({ a: 1, b: 1 }, { load: 60 })] }));
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'b', mode: 'isolate', expiresAtMs: T0 + 3_600_000 }) });
    expect(readinessOf(story.now).losses[0]).toMatchObject({ name: 'a', survives: false, strandedServices: ['shop'] });
  });

  it('tells services that nobody else is declared to serve from those that nobody else can serve', () => {
    const alone = fleetOf({ placements: [placement({ a: 1 }, { services: ['shop'] })] });
    expect(readinessOf(alone).losses[0]).toMatchObject({
      survives: false,
      strandedServices: [],
      soleServices: ['shop'],
    });
    const facts = (now: DecisionInput) =>
      incidentFacts({
        losses: readinessOf(now).losses.map((loss) => ({ ...loss, since: '2026-11-23T07:00:00.000Z' })),
      });
    expect(openIncidents(facts(alone))).toEqual([]);
    expect(openIncidents(facts(fleetOf())).map(({ key, summary }) => [key, summary])).toEqual([
      [
        'prod/city/hangzhou/readiness',
        'The fleet could not do without the city hangzhou now: c would have to serve 90 requests per second and can serve 60.',
      ],
    ]);
  });

  it('is worked out for cities and sites first where there is too much of it, and says how much is left out', () => {
    const clusters = Array.from({ length: 100 }, (_, index) => facts(`c${index}`, { city: 'x', site: `s${index}` }));
    const weights = Object.fromEntries(clusters.map(({ name }) => [name, 1]));
    const now = fleetOf({
      clusters,
      placements: Array.from({ length: 20 }, (_, n) => placement(weights, { key: `p${n}` })),
    });
    const { losses, skipped } = readinessOf(now);
    expect(losses.at(-1)).toMatchObject({ type: 'city', name: 'x' });
    expect([losses.length + skipped, skipped > 0]).toEqual([101, true]);
  });

  it('counts what is pinned as what nobody else is declared to serve', () => {
    const pinned = fleetOf({ placements: [placement({ a: 1, b: 1 }, { pinned: true, services: ['canary'] })] });
    expect(readinessOf(pinned).losses[0]).toMatchObject({
      survives: false,
      strandedServices: [],
      soleServices: ['canary'],
    });
  });

  it('leaves backends that the loss does not touch where they are, and counts what these have', () => {
    const others = placement({ b: 1 }, { key: 'q', load: 50, services: ['jobs'], pools: ['jobs/80'] });
    const now = fleetOf({ placements: [placement({ a: 1, b: 1 }, { load: 20 }), others] });
    expect(readinessOf(now).losses[0]).toMatchObject({
      name: 'a',
      survives: false,
      overloads: [{ cluster: 'b', load: 70, requestsPerSecond: 60 }],
    });
  });
});
