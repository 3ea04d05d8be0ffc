import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDERS = ['functions', 'infra', 'schemas', 'test'];

/** Beginnings of fragments, which do not make sense in the hover of an editor. */
const FRAGMENT = /^(Of|The same|What|Whether|Who|Whose|Those|So|Such|Nor|And|But|Only)\b/;

/** Numbers of rules and truths, and sections of documents, which nobody can look up where they are cited. */
const NUMBERED = /\b[RTN]-?[1-9][0-9]?\b(?!\/)|\bSection [0-9]/;

/** People are "they". */
const PRONOUN = /\b(he|his|him|himself|she|her|hers|herself)\b/i;

/** Titles of tests that begin with a number instead of a guarantee. */
const NUMBERED_TITLE = /^\s*(?:(?:it|test|describe)\b.*\(|\]\)\(|)['`][A-Z]-?[1-9][0-9]?: /gm;

function commentsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^\s*\/\*\*?\s*(.*?)\*\//gms)].map(([, body = '']) => body);
  const lines = [...text.matchAll(/^\s*\/\/ (.*)(?:\n\s*\/\/ .*)*/gm)].map(([, body = '']) => body);
  return [...blocks, ...lines].map((body) => body.replace(/^\s*\* ?/gm, '').trim());
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => join(folder, name)),
);

describe('comments', () => {
  it('are found', () => {
    expect(commentsOf('/** Of it. */\nconst a = 1;\n  // Who reads.\n  // More.\n')).toEqual(['Of it.', 'Who reads.']);
  });

  it('begin with whole sentences or the names of things, cite no numbers of rules, and call people "they"', () => {
    const faults = files.flatMap((file) =>
      commentsOf(readFileSync(file, 'utf8'))
        .filter((comment) => [FRAGMENT, NUMBERED, PRONOUN].some((fault) => fault.test(comment)))
        .map((comment) => `${file}: ${comment.slice(0, 80)}`),
    );
    expect(faults).toEqual([]);
  });
});

describe('titles of tests', () => {
  it('state the guarantee, and cite no numbers of rules', () => {
    const faults = files
      .filter((file) => file.endsWith('.test.ts'))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(NUMBERED_TITLE)].map(([title]) => `${file}: ${title}`),
      );
    expect(faults).toEqual([]);
  });
});
