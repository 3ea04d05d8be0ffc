import { describe, expect, it } from 'vitest';
import { LIMIT_REASONS } from '../../functions/core/allocation/points.ts';
import { STAGES } from '../../functions/core/allocation/stages.ts';
import { FailoverInput, SafetyInput } from '../../schemas/failover.ts';
import { HealthPolicy } from '../../schemas/fleet.ts';
import { matrix } from '../matrix.ts';
import { scenarioOf } from './adversary.ts';
import { runEpisode } from './episode.ts';
import { FAULTS } from './faults.ts';
import { FOUND_IN, NOT_FOUND, SEED } from './found.ts';
import { Measures } from './measures.ts';
import { ORDERS, PRODUCT, type Product, TRANSITIONS, VOTE_RULES } from './product.ts';
import { truthsOf } from './truths.ts';

/** Keys of a policy in which no fault is planted, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'policy health.confirmSeconds': 'Rounds of probes go by it; no decision does.',
  'policy failover.dataGates': 'The simulator declares none; test/core/data-gates/ shows what they do.',
  'policy failover.panic': 'It has no effect any more.',
  'policy failover.drainSeconds': 'It delays what a shift is told to be, and no points.',
  'policy safety.minServingClusters': 'It judges what people ask for, which test/core/safety.test.ts shows.',
  'policy safety.minBasePercent': 'It judges what people ask for, which test/core/safety.test.ts shows.',
  'policy safety.exclusive': 'It judges what people ask for, which test/core/safety.test.ts shows.',
};

const cells = (kind: string, table: Record<string, object>) =>
  Object.entries(table).flatMap(([row, cell]) => Object.keys(cell).map((column) => `${kind} ${row}/${column}`));

/** Returns the keys of the sections of a policy; the keys of a section within a section are listed by themselves. */
function keysOf(section: string, shape: object, defaults: Record<string, unknown> = {}): string[] {
  return Object.keys(shape).flatMap((key) => {
    const inner = defaults[key];
    const isSection = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isSection
      ? Object.keys(inner).map((own) => `policy ${section}.${key}.${own}`)
      : [`policy ${section}.${key}`];
  });
}

const BREAKABLE = [
  ...cells('standing', TRANSITIONS),
  ...cells('order', ORDERS),
  ...Object.keys(VOTE_RULES).map((rule) => `vote ${rule}`),
  ...keysOf('health', HealthPolicy.shape),
  ...keysOf('failover', FailoverInput.shape, FailoverInput.parse({})),
  ...keysOf('safety', SafetyInput.shape),
  ...['automation', 'voters', 'controlTargets', 'drills'].map((key) => `policy ${key}`),
  ...Object.keys(LIMIT_REASONS).map((reason) => `reason ${reason}`),
  ...STAGES.filter(({ relaxes }) => relaxes.length === 0).map(({ name }) => `stage ${name}`),
];

describe('what faults are planted in', () => {
  const broken = new Set(FAULTS.map(({ breaks }) => breaks));

  it.each(BREAKABLE)('%s', (key) => {
    expect(broken.has(key) || key in LEFT_OUT).toBe(true);
  });

  it('nothing is left out that has a fault', () => {
    expect(Object.keys(LEFT_OUT).filter((key) => broken.has(key) || !BREAKABLE.includes(key))).toEqual([]);
  });

  it('each fault has a name of its own, and is found somewhere or known to be found nowhere', () => {
    const known = [...Object.keys(FOUND_IN), ...Object.keys(NOT_FOUND)];
    expect(FAULTS.map(({ name }) => name).sort()).toEqual(known.sort());
  });

  it('each truth finds some fault', () => {
    const finders = new Set(Object.values(FOUND_IN).map(([, truth]) => truth));
    expect(
      truthsOf(new Measures())
        .map(({ name }) => name)
        .filter((name) => !finders.has(name)),
    ).toEqual([]);
  });
});

/** Tells whether the truth is broken in the episode. */
function finds(product: Product, episode: number, truth: string): boolean {
  const { violations } = runEpisode(scenarioOf(SEED, episode), { product, until: [truth] });
  return violations.some((found) => found.truth === truth);
}

describe('planted faults', () => {
  const clean = new Map<string, boolean>();

  const found = FAULTS.filter(({ name }) => name in FOUND_IN);

  it.each(matrix(found, 3))('$name', ({ name, plant }) => {
    const [episode, truth] = FOUND_IN[name] ?? [0, ''];
    const key = `${episode} ${truth}`;
    if (!clean.has(key)) clean.set(key, !finds(PRODUCT, episode, truth));
    expect(clean.get(key)).toBe(true);
    const { product, repair } = plant();
    try {
      expect(finds(product, episode, truth)).toBe(true);
    } finally {
      repair();
    }
  });
});
