import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelSelector, satisfies } from '../../schemas/label-selector.ts';

/** A condition in the terms of Kubernetes, from which a text is made and, apart from it, what Kubernetes says of it. */
type Condition =
  | { form: '=' | '==' | '!='; key: string; value: string }
  | { form: 'in' | 'notin'; key: string; values: string[] }
  | { form: 'exists' | 'absent'; key: string };

const KEYS = ['env', 'tier', 'in', 'notin', 'app.kubernetes.io/name', 'a-b_c.d'];
const VALUES = ['', 'prod', 'web', 'in', 'v1.2_3-x'];

const key = fc.constantFrom(...KEYS);
const value = fc.constantFrom(...VALUES);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ form: fc.constantFrom('=' as const, '==' as const, '!=' as const), key, value }),
  fc.record({
    form: fc.constantFrom('in' as const, 'notin' as const),
    key,
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ form: fc.constantFrom('exists' as const, 'absent' as const), key }),
);
const labels = fc.dictionary(key, value, { maxKeys: 4 });
const blank = fc.constantFrom('', ' ', '  ', '\t');

function textOf(given: Condition, gap: string): string {
  switch (given.form) {
    case 'in':
    case 'notin':
      return `${given.key} ${gap}${given.form}${gap}(${gap}${given.values.join(`${gap},${gap}`)}${gap})`;
    case 'exists':
      return given.key;
    case 'absent':
      return `!${gap}${given.key}`;
    default:
      return `${given.key}${gap}${given.form}${gap}${given.value}`;
  }
}

/** Tells whether a condition holds, as the documentation of Kubernetes has it ("Labels and Selectors"). */
function holds(given: Condition, of: Record<string, string>): boolean {
  const own = of[given.key];
  switch (given.form) {
    case 'exists':
      return own !== undefined;
    case 'absent':
      return own === undefined;
    case '=':
    case '==':
      return own === given.value;
    case '!=':
      return own !== given.value;
    case 'in':
      return own !== undefined && given.values.includes(own);
    case 'notin':
      return own === undefined || !given.values.includes(own);
  }
}

describe('a label selector', () => {
  it('selects what Kubernetes would select, however it is spaced', async () => {
    await fc.assert(
      fc.property(fc.array(condition, { maxLength: 4 }), labels, blank, (conditions, of, gap) => {
        const text = conditions.map((item) => textOf(item, gap)).join(`${gap},${gap}`);
        const selector = LabelSelector.parse(`${gap}${text}${gap}`);
        expect(selector).toHaveLength(conditions.length);
        expect(satisfies(of, selector)).toBe(conditions.every((item) => holds(item, of)));
      }),
      { numRuns: 500 },
    );
  });

  it('is read, or refused with the place of the fault, whatever is sent', async () => {
    const pieces = fc.constantFrom(
      'env',
      'prod',
      ' ',
      ',',
      '=',
      '==',
      '!',
      '!=',
      '(',
      ')',
      'in',
      'notin',
      '/',
      '-',
      '环',
    );
    await fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const { success, error } = LabelSelector.safeParse(text);
        if (success) return;
        const at = Number(/at character (\d+)$/.exec(error.issues[0]?.message ?? '')?.[1]);
        expect(at).toBeGreaterThanOrEqual(1);
        expect(at).toBeLessThanOrEqual(text.length + 1);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['env=prod,', 'must have the key of a label at character 10'],
    ['env=prod tier=web', 'must have a comma or the end at character 10'],
    ['env is prod', 'must have =, ==, !=, in, notin, a comma or the end at character 5'],
    ['tier in web', 'must have a list of values in parentheses at character 9'],
    ['tier in (web', 'must have a comma or the closing parenthesis at character 13'],
    ['-env', 'must have the key of a label at character 1'],
    ['env>1', 'must have the key of a label at character 1'],
    [`env=${'x'.repeat(64)}`, 'must have a value of at most 63 characters at character 5'],
    [Array.from({ length: 33 }, () => 'a').join(), 'must have at most 32 conditions, and more begin at character 65'],
  ])('that is %s is refused, and told where', (text, message) => {
    expect(LabelSelector.safeParse(text).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});
