import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MESSAGES } from '../../schemas/messages/index.ts';

/** Where people are answered. Descriptions of the contract in `endpoints/`, and examples, are no answers. */
const ANSWERING = ['functions/commands', 'functions/api/http', 'functions/api/app.ts'];

/** Sentences of the contract itself, which stand beside the schema that they describe. */
const OF_THE_CONTRACT = ['functions/api/http/params.ts', 'functions/api/http/writes.ts'];

/** Three words of a language in a row. Names of kinds, such as `drill run`, have two. */
const PROSE = /[a-z]{2,},? [a-z]{2,},? [a-z]+/;

/** Invariants of the program: nobody is to read them, and the API answers `internal`. */
const INVARIANT = /new (Type)?Error\($/;

function filesIn(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  const names = readdirSync(place, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(place, name));
}

/** Returns the prose in the literals of a program, except in comments and in the messages of invariants. */
function proseIn(text: string): string[] {
  const code = text.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s*\/\/.*$/gm, '');
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

  it('stand in the catalogue, and nowhere where people are answered', () => {
    const files = ANSWERING.flatMap(filesIn).filter((file) => !OF_THE_CONTRACT.includes(file));
    const faults = files.flatMap((file) => proseIn(readFileSync(file, 'utf8')).map((said) => `${file}: ${said}`));
    expect(faults).toEqual([]);
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
