import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterReading,
  type Baseline,
  beforeWriting,
  causesOf,
  NO_BASELINE,
  type ReadBack,
  unaccepted,
} from '../../functions/core/gateway/drift.ts';
import { plan } from '../../functions/core/gateway/plan.ts';
import type { ProviderObject } from '../../functions/core/gateway/provider-object.ts';

type State = Record<string, number>;

const objects = (state: State): ProviderObject[] =>
  Object.entries(state).map(([key, value]) => ({ kind: 'Rule', key, rank: 2, spec: { value }, remoteId: `id-${key}` }));

const planFor = (declared: State, atGateway: State) => plan(objects(declared), objects(atGateway), 'sync');

/** The gateway was read to have `state`, and nothing is left to do except for the remaining drift. */
function readTo(
  before: Baseline,
  state: State,
  { drifted = [], policy = 'alert', isWhole = true }: Partial<ReadBack> = {},
) {
  const found = objects(state);
  return afterReading(before, { objects: found, isWhole, desired: [], open: drifted, drifted, orphaned: [], policy });
}

const verified = (state: State): Baseline => readTo(NO_BASELINE, state);

const keys = (changes: readonly { key: string }[]) => changes.map(({ key }) => key);

describe('what differs at a gateway', () => {
  const baseline = verified({ kept: 1, edited: 1, deleted: 1, changed: 1, both: 1 });
  const atGateway = { kept: 1, edited: 9, changed: 1, both: 9 };

  it('is drift where the declaration stands still, and declared where it has moved', () => {
    const causes = causesOf(
      planFor({ kept: 1, edited: 1, deleted: 1, changed: 2, both: 2, added: 1 }, atGateway),
      baseline,
    );
    expect(keys(causes.drifted).sort()).toEqual(['deleted', 'edited']);
    expect(keys(causes.declared).sort()).toEqual(['added', 'both', 'changed']);
    expect(keys(causes.overwriting)).toEqual(['both']);
  });

  it('is never drift before the gateway has been verified', () => {
    const causes = causesOf(planFor({ kept: 1, edited: 1 }, atGateway), NO_BASELINE);
    expect(causes.drifted).toEqual([]);
  });

  it('is no drift while we are writing it ourselves, whatever becomes of the run', () => {
    const changes = planFor({ kept: 1, edited: 2 }, { kept: 1, edited: 1 }).changes;
    const open = beforeWriting(verified({ kept: 1, edited: 1 }), changes);
    const rolledBack = causesOf(planFor({ kept: 1, edited: 1 }, { kept: 1, edited: 2 }), open);
    expect(rolledBack.drifted).toEqual([]);
    expect(keys(rolledBack.declared)).toEqual(['edited']);
  });
});

describe('drift that is left', () => {
  it('goes on being drift, by policy alert', () => {
    const before = verified({ a: 1 });
    const { drifted } = causesOf(planFor({ a: 1 }, { a: 9 }), before);
    const after = readTo(before, { a: 9 }, { drifted, policy: 'alert' });
    const again = causesOf(planFor({ a: 1 }, { a: 9 }), after);
    expect(keys(unaccepted(again.drifted, after, 'alert'))).toEqual(['a']);
  });

  it('is accepted by policy adopt, until it is edited again or the declaration moves', () => {
    const before = verified({ a: 1 });
    const { drifted } = causesOf(planFor({ a: 1 }, { a: 9 }), before);
    const after = readTo(before, { a: 9 }, { drifted, policy: 'adopt' });
    const found = (declared: State, atGateway: State) => causesOf(planFor(declared, atGateway), after);
    expect(unaccepted(found({ a: 1 }, { a: 9 }).drifted, after, 'adopt')).toEqual([]);
    expect(keys(unaccepted(found({ a: 1 }, { a: 8 }).drifted, after, 'adopt'))).toEqual(['a']);
    expect(keys(found({ a: 2 }, { a: 9 }).declared)).toEqual(['a']);
    expect(found({ a: 2 }, { a: 9 }).overwriting).toEqual([]);
    expect(keys(unaccepted(found({ a: 1 }, { a: 9 }).drifted, after, 'alert'))).toEqual(['a']);
  });

  it('of a failover, which reads a part of the gateway, leaves the rest as it was known', () => {
    const before = verified({ a: 1, b: 1 });
    const after = readTo(before, { a: 2 }, { isWhole: false });
    expect(keys(causesOf(planFor({ a: 2, b: 1 }, { a: 2, b: 9 }), after).drifted)).toEqual(['b']);
  });
});

describe('every difference', () => {
  const state = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 3 }));

  it('has exactly one cause, and drift is there only where somebody has touched a verified object', () => {
    fc.assert(
      fc.property(state, state, state, (last, declared, atGateway) => {
        const all = planFor(declared, atGateway);
        const { declared: ours, drifted, orphaned } = causesOf(all, verified(last));
        expect([...keys(ours), ...keys(drifted), ...keys(orphaned)].sort()).toEqual(keys(all.changes).sort());
        for (const key of keys(orphaned)) expect(last[key] ?? declared[key]).toBeUndefined();
        for (const key of keys(drifted)) {
          expect(declared[key]).toBe(last[key]);
          expect(atGateway[key]).not.toBe(last[key]);
        }
      }),
    );
  });
});
