/** Label selectors in the syntax of Kubernetes, such as `env=prod,tier in (web,api),!legacy`. */

import * as z from 'zod';

/**
 * One condition of a selector. in: the label is there and has one of the values, or any value when none are given. notin: that is
 * not so.
 */
export interface LabelRequirement {
  operator: 'in' | 'notin';
  key: string;
  values?: string[];
}

/** Tells whether labels satisfy all requirements. */
export function satisfies(labels: Readonly<Record<string, string>>, selector: readonly LabelRequirement[]): boolean {
  return selector.every(({ operator, key, values }) => {
    const isThere = Object.hasOwn(labels, key) && (values === undefined || values.includes(labels[key] ?? ''));
    return isThere === (operator === 'in');
  });
}

/** The most conditions of a selector. */
const MAX_REQUIREMENTS = 32;

export const LabelSelector = z
  .string()
  .max(1024, 'must be at most 1024 characters')
  .transform((text, context): LabelRequirement[] => {
    try {
      return new SelectorReader(text).read();
    } catch (error) {
      if (!(error instanceof SelectorFault)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  })
  .meta({
    description:
      'A selector of labels, as in Kubernetes: conditions that are joined by commas, all of which must hold. `env=prod` and ' +
      '`env!=prod`, `tier in (web,api)` and `tier notin (web,api)`, `team` when there is such a label, `!legacy` when there is none. ' +
      'What has no such label satisfies `!=` and `notin` as well.',
    examples: ['env=prod,tier in (web,api),!legacy'],
  });

class SelectorFault extends Error {}

/** The key of a label: an optional prefix, which is a DNS name, and a name. */
const KEY = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
/** A key, a value or a word between them. */
const WORD = /[^\s,()=!]+/y;
const SIGN = /==|!=|=/y;
const BLANK = /\s*/y;

/** Reads a selector from left to right. */
class SelectorReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Throws `SelectorFault`, which says what must stand at which character. */
  read(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    this.#take(BLANK);
    if (this.#isAtEnd()) return requirements;
    do {
      if (requirements.length === MAX_REQUIREMENTS)
        this.#fail(`at most ${MAX_REQUIREMENTS} conditions, and more begin`);
      requirements.push(this.#requirement());
    } while (this.#skip(','));
    if (!this.#isAtEnd()) this.#fail('a comma or the end');
    return requirements;
  }

  #requirement(): LabelRequirement {
    if (this.#skip('!')) return { operator: 'notin', key: this.#key() };
    const key = this.#key();
    const sign = this.#take(SIGN);
    if (sign !== undefined) return { operator: sign === '!=' ? 'notin' : 'in', key, values: [this.#value()] };
    const start = this.#at;
    const word = this.#take(WORD);
    if (word === undefined) return { operator: 'in', key };
    if (word !== 'in' && word !== 'notin') this.#fail('=, ==, !=, in, notin, a comma or the end', start);
    return { operator: word, key, values: this.#values() };
  }

  #key(): string {
    const start = this.#at;
    const key = this.#take(WORD);
    if (key === undefined || !KEY.test(key)) this.#fail('the key of a label', start);
    return key;
  }

  #values(): string[] {
    if (!this.#skip('(')) this.#fail('a list of values in parentheses');
    const values: string[] = [];
    do values.push(this.#value());
    while (this.#skip(','));
    if (!this.#skip(')')) this.#fail('a comma or the closing parenthesis');
    return values;
  }

  /** Returns a value, which may be empty. */
  #value(): string {
    const start = this.#at;
    const value = this.#take(WORD) ?? '';
    if (value.length > 63) this.#fail('a value of at most 63 characters', start);
    return value;
  }

  #skip(sign: string): boolean {
    const isThere = this.#text.startsWith(sign, this.#at) && !(sign === '!' && this.#text.startsWith('!=', this.#at));
    if (isThere) {
      this.#at += sign.length;
      this.#take(BLANK);
    }
    return isThere;
  }

  /** Takes what matches here, and the blanks behind it. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) return undefined;
    this.#at += found.length;
    if (pattern !== BLANK) this.#take(BLANK);
    return found;
  }

  #isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  #fail(expected: string, at = this.#at): never {
    throw new SelectorFault(`must have ${expected} at character ${at + 1}`);
  }
}
