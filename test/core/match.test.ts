import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freeKey, match, type Unit, type WantedUnit } from '../../functions/core/gateway/match.ts';

const unit = (key: string, rules = '', serves: string | undefined = 'shop-80'): Unit => ({
  key,
  serves,
  rules: new Set(rules.split('').filter(Boolean)),
});
const wanted = (key: string, rules = '', { serves = 'shop-80', count = 1 } = {}): WantedUnit => ({
  ...unit(key, rules, serves),
  serves,
  count,
});
const matched = (some: WantedUnit[], current: Unit[]) => Object.fromEntries(match(some, current));

describe('what serves a pool', () => {
  it('goes on serving it when its weights have changed, and with them its key', () => {
    expect(matched([wanted('new', 'ab')], [unit('old', 'ab')])).toEqual({ new: ['old'] });
  });

  it('is what has most rules in common, and of equals what has the key', () => {
    const current = [unit('x', 'abc'), unit('y', 'de')];
    expect(matched([wanted('p', 'abd'), wanted('q', 'ce')], current)).toEqual({ p: ['x'], q: ['y'] });
    expect(matched([wanted('x', 'ab')], [unit('w', 'a'), unit('x', 'b')])).toEqual({ x: ['x'] });
  });

  it('is never what serves another port, whatever rules point to it, unless nobody knows what it serves', () => {
    expect(matched([wanted('p', 'a')], [unit('x', 'a', 'pay-80')])).toEqual({ p: [] });
    expect(matched([wanted('p', 'a')], [{ ...unit('x', 'a'), serves: undefined }])).toEqual({ p: ['x'] });
  });

  it('is not what serves other rules alone, and is what nobody uses when there is nothing better', () => {
    expect(matched([wanted('p', 'a')], [unit('x', 'bc')])).toEqual({ p: [] });
    expect(matched([wanted('p', 'a')], [unit('x')])).toEqual({ p: ['x'] });
    expect(matched([wanted('p')], [{ ...unit('p~2'), serves: undefined }])).toEqual({ p: ['p~2'] });
  });

  it('is as many as are wanted, the best first, each for one pool', () => {
    const current = [unit('x', 'a'), unit('y', 'bc'), unit('z', 'd')];
    expect(matched([wanted('p', 'abcd', { count: 2 }), wanted('q')], current)).toEqual({ p: ['y', 'x'], q: [] });
  });

  const rules = fc.string({ unit: fc.constantFrom(...'abcdef'), maxLength: 4 });
  const units = fc.uniqueArray(fc.tuple(fc.constantFrom('p', 'q', 'r', 'p~2', 'x', 'y'), rules), {
    selector: ([key]) => key,
  });

  it('does not depend on the order in which anything comes, and nothing is taken twice', () => {
    fc.assert(
      fc.property(units, units, (some, there) => {
        const ask = some.map(([key, text]) => wanted(key, text, { count: 2 }));
        const have = there.map(([key, text]) => unit(key, text));
        const found = matched(ask, have);
        expect(matched(ask.toReversed(), have.toReversed())).toEqual(found);
        const taken = Object.values(found).flat();
        expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });

  it('is found again when it has been made, so that a second look creates nothing more', () => {
    fc.assert(
      fc.property(units, units, (some, there) => {
        const ask = some.map(([key, text]) => wanted(key, text));
        const have = there.map(([key, text]) => unit(key, text));
        const found = match(ask, have);
        const keys = new Set(have.map(({ key }) => key));
        const made = ask.map((item) => {
          const key = found.get(item.key)?.[0] ?? freeKey(item.key, keys);
          keys.add(key);
          return { ...item, key };
        });
        const again = match(ask, made);
        for (const { key } of ask) expect(again.get(key)).toHaveLength(1);
      }),
    );
  });
});
