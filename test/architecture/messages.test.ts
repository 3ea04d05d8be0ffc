import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MESSAGES } from '../../schemas/messages/index.ts';

/**
 * The places that have prose of their own, each with what it is. Texts of schemas, `must be …`, stand beside the check
 * that they tell of, in `schemas/` and not here.
 */
const PROSE_OF_THEIR_OWN: Record<string, string> = {
  'functions/api/endpoints/': 'descriptions of the contract, beside what they describe',
  'functions/api/http/params.ts': 'the same, and texts of schemas',
  'functions/api/http/writes.ts': 'the same',
  'functions/api/examples/': 'recorded answers',
  'functions/env.ts': 'texts of the schema of the settings, which only their operator reads, in the log',
  'functions/core/routing/features.ts': 'names of features, by code',
  'functions/core/egress/target.ts': 'names of kinds of addresses, by code',
  'functions/store/records/': 'names of kinds of records',
  'functions/redact.ts': 'a replacement for parts of texts',
};

/** Three words of a language in a row. Names of kinds, such as `drill run`, have two. */
const PROSE = /[a-z]{2,},? [a-z]{2,},? [a-z]+/;

/** Invariants of the program, and signals between its parts: nobody is to read them, and the API answers `internal`. */
const INVARIANT = /(?:new (?:Type)?Error|super)\($/;

function filesIn(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  const names = readdirSync(place, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(place, name));
}

/** Returns the prose in the literals of a program, except in comments and in the messages of invariants. */
function proseIn(text: string): string[] {
  const code = text.replaceAll(/^\s*\/\*.*?\*\//gms, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const literals = code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...literals].flatMap(({ 0: literal, index }) => {
    const said = literal.replaceAll(/\$\{[^}]*\}/g, '…');
    return PROSE.test(said) && !INVARIANT.test(code.slice(0, index).trimEnd()) ? [said] : [];
  });
}

describe('sentences for people', () => {
  it('are found wherever they stand in code, and not in comments and invariants', () => {
    const program = "/** It's so. */\nsay('NoSuch');\nthrow new Error('It never is.');\n  // No, it isn't.\n";
    expect(proseIn(program)).toEqual([]);
    expect(proseIn(`${program}refuse(conflict(pointer, { text: \`\${name} is no more\` }));`)).toEqual([
      '`… is no more`',
    ]);
    expect(proseIn("const detail = 'nobody knows it, either';")).toHaveLength(1);
  });

  it('stand in the catalogue, and nowhere else', () => {
    const others = Object.keys(PROSE_OF_THEIR_OWN);
    const files = filesIn('functions').filter((file) => !others.some((place) => file.startsWith(place)));
    const faults = files.flatMap((file) => proseIn(readFileSync(file, 'utf8')).map((said) => `${file}: ${said}`));
    expect(faults).toEqual([]);
  });

  it('stand elsewhere only where that is said, and is still so', () => {
    const found = filesIn('functions').filter((file) => proseIn(readFileSync(file, 'utf8')).length > 0);
    for (const place of Object.keys(PROSE_OF_THEIR_OWN)) expect(found.join(' ')).toContain(place);
  });

  it('say what must be, where a schema says them', () => {
    const texts = readdirSync('schemas').filter((name) => name.endsWith('.ts') && name !== 'reasons.ts');
    const told = texts.flatMap((name) => [
      ...readFileSync(join('schemas', name), 'utf8').matchAll(/(?:message|error): ['`](.+)['`]|\/u?, ['`](.+)['`]/g),
    ]);
    const said = told.map(([, told, ofPattern]) => told ?? ofPattern ?? '');
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((text) => !text.startsWith('must '))).toEqual([]);
  });

  it('are said by somebody, each of them', () => {
    const program = filesIn('functions').map((file) => readFileSync(file, 'utf8'));
    const silent = Object.keys(MESSAGES).filter((code) => !program.some((text) => text.includes(`'${code}'`)));
    expect(silent).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('has a code once, though it is in several files', () => {
    const files = filesIn('schemas/messages').filter((file) => !file.endsWith('index.ts'));
    const codes = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^ {2}([A-Z]\w+): \(/gm)].map(([, code]) => code),
    );
    expect(codes.sort()).toEqual(Object.keys(MESSAGES).sort());
  });
});
