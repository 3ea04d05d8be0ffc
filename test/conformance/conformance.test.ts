import { beforeAll, describe, expect, test } from 'vitest';
import { matrix } from '../matrix.ts';
import { GROUPS as ALL } from './cases/index.ts';
import { type Outcome, PROVIDERS, runConformance } from './suite.ts';

/** A sample takes a third of the cases of each group. */
const GROUPS = ALL.map((group) => ({ ...group, cases: matrix(group.cases, Math.ceil(group.cases.length / 3)) }));

describe('a route means the same at every provider, or is refused', () => {
  let outcomes: Outcome[];

  beforeAll(async () => {
    outcomes = await runConformance(GROUPS);
  }, 240_000);

  const rows = PROVIDERS.flatMap((provider) =>
    GROUPS.flatMap((group) => group.cases.map((item) => ({ provider, group: group.name, name: item.name }))),
  );

  test.each(rows)('$provider, $group: $name', ({ provider, group, name }) => {
    const found = outcomes.find((one) => one.provider === provider && one.group === group && one.case === name);
    expect(found?.faults).toEqual([]);
  });

  test('every case has a name of its own, since it is found by it', () => {
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length);
  });

  test('every case is served by a provider at least', () => {
    const served = new Set(
      outcomes.filter(({ result }) => result === 'pass').map((one) => `${one.group}: ${one.case}`),
    );
    const all = GROUPS.flatMap((group) => group.cases.map((item) => `${group.name}: ${item.name}`));
    expect(all.filter((name) => !served.has(name))).toEqual([]);
  });
});
