import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, digestAll, equal } from '../../functions/core/model/digest.ts';

/** Values that differ little, with members that may be absent. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, -0, 1, '', 'a'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '0'), fc.oneof(tie('value'), fc.constant(undefined)), { maxKeys: 3 }),
  ),
})).value;

describe('values', () => {
  it('are equal exactly when their canonical JSON is', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(equal(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
        expect(equal(a, structuredClone(a))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('of a list have one digest, which tells them and their order apart', () => {
    const digests = [['a', 'b'], ['b', 'a'], ['ab'], ['a'], [], [['a', 'b']], ['a\n"b']].map((list) => digestAll(list));
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestAll([{ a: 1, b: 2 }])).toBe(digestAll([{ b: 2, a: 1 }]));
  });
});
