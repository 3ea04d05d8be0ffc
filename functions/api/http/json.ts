/** Reads JSON as strictly as it was meant: what another reader would read in another way is a fault. */

import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { AppError } from '../../commands/app-error.ts';
import { pointerTo } from './issues.ts';

/** The most objects and arrays inside of each other. */
const MAX_DEPTH = 100;

/** A value, with the faults that its text has although it can be parsed. */
export interface ReadJson {
  value: unknown;
  faults: Issue[];
}

/** Returns the bytes as text; undefined when they are not UTF-8. */
export function textOf(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Parses a body. Throws `malformed-json` for bytes that are no JSON, are nested too deeply, or hold half a character. */
export function parseJson(bytes: ArrayBuffer): ReadJson {
  const text = textOf(bytes);
  if (text === undefined) throw new AppError('malformed-json', say('NotUtf8'));
  const faults = repeatedKeys(text);
  return { value: parsed(text), faults };
}

function parsed(text: string): unknown {
  try {
    // Half a character can only be written as an escape, and a reviver makes parsing slow.
    return ESCAPED_SURROGATE.test(text) ? JSON.parse(text, refuseLoneSurrogates) : JSON.parse(text);
  } catch (error) {
    const fault = error instanceof SyntaxError ? say('JsonSyntax', { fault: error.message }) : say('HalfCharacter');
    throw new AppError('malformed-json', fault);
  }
}

const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/** A reviver of JSON that refuses half of a surrogate pair, which is no character and could not be stored as it was sent. */
function refuseLoneSurrogates(key: string, value: unknown): unknown {
  if (!key.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) throw new RangeError();
  return value;
}

/**
 * Matches what the structure of JSON is made of: strings and punctuation. Numbers and words are passed over. A string that never
 * ends is one token as well: if it were none, the search would begin again at each quotation mark in it.
 */
const TOKEN = /"(?:[^"\\]|\\[\s\S])*"?|[{}[\],]/g;

/** The number of characters after which repeated keys are told no more: each pointer has all keys above, of any length. */
const MAX_TOLD = 64 * 1024;

/** An object or an array that has begun: where the reader is in it, and the keys of an object so far. */
interface Level {
  at: string | number;
  keys?: Set<string>;
  isKeyDue: boolean;
}

/**
 * Returns an issue for each key that an object has twice: parsers keep one of the values, and not all the same one (RFC 8259,
 * section 4). Throws `malformed-json` for a text that is nested too deeply. A text that is no JSON may get any answer.
 */
function repeatedKeys(text: string): Issue[] {
  const levels: Level[] = [];
  const faults: Issue[] = [];
  let told = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') levels.push(begun(token));
    else if (token === '}' || token === ']') levels.pop();
    else if (token === ',') advance(levels.at(-1));
    else if (takeText(token, levels) && told < MAX_TOLD) {
      const fault = repetition(levels);
      told += fault.pointer.length;
      faults.push(fault);
    }
    if (levels.length > MAX_DEPTH) throw new AppError('malformed-json', say('TooDeep'));
  }
  return faults;
}

function begun(token: '{' | '['): Level {
  return token === '{' ? { at: '', keys: new Set(), isKeyDue: true } : { at: 0, isKeyDue: false };
}

/** Takes a text, which is a key or a value. Returns true for a key that is there already. */
function takeText(token: string, levels: readonly Level[]): boolean {
  const level = levels.at(-1);
  if (level?.keys === undefined || !level.isKeyDue) return false;
  const key = nameIn(token);
  const isRepeated = level.keys.has(key);
  level.keys.add(key);
  Object.assign(level, { at: key, isKeyDue: false });
  return isRepeated;
}

/** Returns the issue of the key that the reader is at, which its object has twice. */
function repetition(levels: readonly Level[]): Issue {
  const path = levels.map(({ at }) => at);
  return issueAt(pointerTo('#', path), 'repeated_key', say('RepeatedKey', { key: String(path.at(-1)) }));
}

function advance(level: Level | undefined): void {
  if (level === undefined) return;
  if (typeof level.at === 'number') level.at += 1;
  else level.isKeyDue = true;
}

function nameIn(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
