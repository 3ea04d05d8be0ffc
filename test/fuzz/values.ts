/** Draws values that fit a schema of the document, or that stand near its bounds. */

import fc from 'fast-check';
import type { Prng } from '../sim/prng.ts';
import { resolved, type Schema } from './document.ts';

/** Names and other texts that mean something where a request goes, by the name of the field in which they stand. */
export type Words = Readonly<Record<string, readonly unknown[]>>;

const MAX_DEPTH = 8;
const MAX_MEMBERS = 3;
const OPTIONAL_FIELD = 0.3;
const KNOWN_WORD = 0.85;

export interface Drawing {
  prng: Prng;
  words: Words;
  nowMs: number;
}

/** Draws a value of the schema. `key` is the field in which it stands. */
export function drawValue(drawing: Drawing, given: Schema, key = '', depth = 0): unknown {
  const { prng, words } = drawing;
  const schema = resolved(given);
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) return drawValue(drawing, prng.pick(alternatives), key, depth);
  if ('const' in schema) return schema.const;
  const known = words[key];
  const fitting = known?.filter((word) => typeof word === (schema.type === 'integer' ? 'number' : schema.type)) ?? [];
  if (fitting.length > 0 && prng.chance(KNOWN_WORD)) return prng.pick(fitting);
  if (schema.enum) return prng.pick(schema.enum);
  switch (schema.type) {
    case 'string':
      return textOf(drawing, schema);
    case 'integer':
    case 'number':
      return numberOf(prng, schema);
    case 'boolean':
      return prng.chance(0.5);
    case 'array':
      return arrayOf(drawing, schema, key, depth);
    case 'object':
      return objectOf(drawing, schema, depth);
    default:
      return null;
  }
}

function objectOf(drawing: Drawing, { properties, required = [], ...schema }: Schema, depth: number): object {
  const { prng } = drawing;
  const fields = Object.entries(properties ?? {})
    .filter(([name]) => required.includes(name) || (depth < MAX_DEPTH && prng.chance(OPTIONAL_FIELD)))
    .map(([name, field]) => [name, drawValue(drawing, field, name, depth + 1)]);
  if (typeof schema.additionalProperties !== 'object') return Object.fromEntries(fields);
  const { additionalProperties: member, propertyNames = { type: 'string', maxLength: 20 } } = schema;
  const more = Array.from({ length: prng.int(0, MAX_MEMBERS) }, () => [
    String(drawValue(drawing, propertyNames)),
    drawValue(drawing, member, '', depth + 1),
  ]);
  return Object.fromEntries([...fields, ...more]);
}

function arrayOf(drawing: Drawing, { items = {}, minItems = 0, maxItems }: Schema, key: string, depth: number) {
  const most = Math.min(maxItems ?? MAX_MEMBERS, minItems + (depth < MAX_DEPTH ? MAX_MEMBERS : 0));
  const length = drawing.prng.int(minItems, Math.max(minItems, most));
  return Array.from({ length }, () => drawValue(drawing, items, key, depth + 1));
}

function numberOf(prng: Prng, { type, minimum = 0, maximum = 1_000_000 }: Schema): number {
  if (prng.chance(0.3)) return prng.pick([minimum, maximum]);
  const most = Math.min(maximum, minimum + (prng.chance(0.5) ? 10 : 1000));
  return type === 'integer' ? prng.int(minimum, most) : minimum + prng.next() * (most - minimum);
}

const DAY_MS = 24 * 3600_000;

function textOf({ prng, nowMs }: Drawing, schema: Schema): string {
  const { format, pattern, examples = [], minLength = 0, maxLength = 200 } = schema;
  if (format === 'date-time') return new Date(nowMs + prng.int(-60_000, prng.pick([60_000, 7 * DAY_MS]))).toISOString();
  if (format === 'ipv4') return `10.${prng.int(0, 255)}.0.${prng.int(0, 255)}`;
  if (format === 'uri') return prng.pick(['https://shop.example.com/a?b=c', 'http://10.0.0.8:8080/', 'https://[::1]/']);
  const shown = examples.filter((example) => typeof example === 'string');
  if (shown.length > 0 && prng.chance(0.5)) return prng.pick(shown);
  if (pattern !== undefined) return matching(prng, pattern, maxLength);
  const length = prng.pick([minLength, maxLength, Math.min(maxLength, minLength + prng.int(0, 20))]);
  return Array.from({ length }, () => prng.pick(LETTERS)).join('');
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789-._ /:<>&"\'äß中🚢'].filter((letter) => letter.length === 1);

/** Texts that match a pattern, by the pattern. */
const matches = new Map<string, readonly string[]>();
const MATCHES = 50;

function matching(prng: Prng, pattern: string, maxLength: number): string {
  // The one pattern with a class of Unicode asks for anything but control characters.
  const simple = new RegExp(pattern.replace(String.raw`\P{Cc}`, '[ -~]'));
  const known = matches.get(pattern) ?? fc.sample(fc.stringMatching(simple), { seed: 1, numRuns: MATCHES });
  matches.set(pattern, known);
  return prng.pick(known).slice(0, maxLength);
}
