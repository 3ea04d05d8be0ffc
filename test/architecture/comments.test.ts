import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDERS = ['functions', 'infra', 'schemas'];

/** Beginnings of fragments, which do not make sense in the hover of an editor. */
const FRAGMENT = /^(Of|The same|What|Whether|Who|Whose|Those|So|Such|Nor|And|But|Only)\b/;

/** Numbers of rules and truths, which nobody can look up where the comment stands. */
const NUMBERED = /\b[RTN][1-9][0-9]?\b(?!\/)/;

function commentsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^\s*\/\*\*?\s*(.*?)\*\//gms)].map(([, body = '']) => body);
  const lines = [...text.matchAll(/^\s*\/\/ (.*)(?:\n\s*\/\/ .*)*/gm)].map(([, body = '']) => body);
  return [...blocks, ...lines].map((body) => body.replace(/^\s*\* ?/gm, '').trim());
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

describe('comments', () => {
  it('are found', () => {
    expect(commentsOf('/** Of it. */\nconst a = 1;\n  // Who reads.\n  // More.\n')).toEqual(['Of it.', 'Who reads.']);
  });

  it('begin with whole sentences or the names of things, and cite no numbers of rules', () => {
    const faults = files.flatMap((file) =>
      commentsOf(readFileSync(file, 'utf8'))
        .filter((comment) => FRAGMENT.test(comment) || NUMBERED.test(comment))
        .map((comment) => `${file}: ${comment.slice(0, 80)}`),
    );
    expect(faults).toEqual([]);
  });
});
