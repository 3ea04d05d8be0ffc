import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../functions/core/allocation/stages.ts';
import { STEPS } from '../../functions/core/failover/decide.ts';
import { Env } from '../../functions/env.ts';
import { PORT_SETTINGS } from '../../infra/local/ports.ts';
import scripts from '../../infra/scripts.json' with { type: 'json' };
import { SafetyRuleName } from '../../schemas/failover.ts';
import { FOUND_IN } from '../sim/found.ts';
import { Measures } from '../sim/measures.ts';
import { truthsOf } from '../sim/truths.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const decisions = globSync('docs/adr/[0-9]*.md').toSorted();

/** What a decision says of itself below its heading, in the words of the index. */
function statusOf(text: string): string {
  const [head = ''] = text.split(/^(?:\*\*Context|## )/m);
  const [sentence = ''] = /^(?:\*\*)?(?:Superseded|Amended)\b.*$/m.exec(head) ?? [];
  const [, verb = 'Accepted', how = ''] = /^(?:\*\*)?(Superseded|Amended)(?:\*\*)?( in part)? by/.exec(sentence) ?? [];
  const by = [...sentence.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number)).toSorted((a, b) => a - b);
  return by.length === 0 ? verb : `${verb}${how} by ${by.join(' and ')}`;
}

describe('docs/adr/README.md', () => {
  it('lists every decision once, in order, with its title and its status', () => {
    const rows = [...read('docs/adr/README.md').matchAll(/^\| (\d+) +\| \[(.+)\]\((.+)\) +\| (.+?) +\|$/gm)];
    const listed = rows.map(([, number, title, file, status]) => ({ number, title, file, status }));
    const written = decisions.map((file) => {
      const text = read(file);
      const [, number, title] = /^# (\d+)\. (.+)$/m.exec(text) ?? [];
      return { number, title, file: basename(file), status: statusOf(text) };
    });
    expect(listed).toEqual(written);
  });

  it('has no number for two decisions', () => {
    const numbers = decisions.map((file) => basename(file).slice(0, 4));
    expect(numbers).toEqual([...new Set(numbers)]);
  });
});

const pages = [
  'README.md',
  'AGENTS.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...globSync('{docs,examples}/**/*.md'),
].toSorted();

/** The anchor that a heading gets, as GitHub makes it. */
function anchorsOf(file: string): string[] {
  const text = read(file).replaceAll(/^```.*?^```/gms, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  it('are all sorted into docs/README.md, each once', () => {
    const listed = [...read('docs/README.md').matchAll(/^- \[[^\]]+\]\(([^)#]+)\)/gm)].map(([, path = '']) =>
      normalize(join('docs', path)),
    );
    const expected = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md');
    expect(listed.filter((path) => /^docs\/[^/]+\.md$/.test(path)).toSorted()).toEqual(expected);
  });

  it.each(pages)('%s links to what is there', (page) => {
    const broken = [...read(page).matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)/g)].filter(
      ([, path = '', anchor]) => {
        const file = path === '' ? page : normalize(join(dirname(page), path));
        if (!existsSync(file)) return true;
        return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor);
      },
    );
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

describe('what people can set and call', () => {
  /** The first cells of the tables of a page, below one of its headings. */
  function namesIn(page: string, heading: string): string[] {
    const section = read(page).split(`${heading}\n`)[1]?.split(/^## /m)[0] ?? '';
    const cells = [...section.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = '']) => cell);
    return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)).toSorted();
  }

  it('has every setting of the control plane in docs/settings.md, once', () => {
    expect(namesIn('docs/settings.md', '## The control plane')).toEqual(Object.keys(Env.shape).toSorted());
  });

  it('has every setting of npm start in docs/settings.md, once, with the default of each port', () => {
    const ports = Object.values(PORT_SETTINGS);
    const named = [
      'FAIRLEAD_HOST',
      'FAIRLEAD_DIRECTORY',
      'DYNAMODB_ENDPOINT',
      ...ports.map(({ variable }) => variable),
    ];
    const rows = namesIn('docs/settings.md', '## npm start').filter((name) => /^[A-Z_]+$/.test(name));
    expect(rows).toEqual(named.toSorted());
    for (const { variable, port } of ports) {
      expect(read('docs/settings.md')).toMatch(new RegExp(`^\\| \`${variable}\` +\\| ${port} +\\|`, 'm'));
    }
  });

  it('has every script in docs/scripts.md, once', () => {
    expect(namesIn('docs/scripts.md', '# Scripts')).toEqual(Object.keys(scripts).toSorted());
  });
});

/** The pages by which a stranger finds their way through the code. */
const GUIDES = ['AGENTS.md', 'docs/architecture.md', 'docs/rules.md'];

interface Named {
  /** Functions and other declarations, each with the file that is named before it. */
  symbols: { file: string; symbol: string }[];
  paths: string[];
  /** Everything else in backticks. */
  others: string[];
}

/** What a page names in backticks. A symbol belongs to the path before it, with nothing but commas between them, or after it: `x` of `path`. */
function namesOf(page: string): Named {
  const text = read(page).replaceAll(/^```.*?^```/gms, '');
  const named: Named = { symbols: [], paths: [], others: [] };
  let file: string | undefined;
  let end = 0;
  for (const match of text.matchAll(/`([^`]+)`(\s+of\s+`([^`]+)`)?/g)) {
    const [, span = '', , owner] = match;
    const isNext = /^,?\s$/.test(text.slice(end, match.index));
    if (/^\w[\w*./-]*$/.test(span) && /[/.]/.test(span)) named.paths.push(span);
    else if (owner?.endsWith('.ts')) named.symbols.push({ file: owner, symbol: span });
    else if (isNext && file !== undefined) named.symbols.push({ file, symbol: span });
    else named.others.push(span);
    if (owner !== undefined) named.paths.push(owner);
    if (owner !== undefined || !isNext || span.endsWith('.ts')) file = span.endsWith('.ts') ? span : undefined;
    end = match.index + match[0].length;
  }
  return named;
}

function declares(file: string, symbol: string): boolean {
  const declaration = `\\b(?:function|const|class|interface|type) ${symbol}\\b|^ +(?:readonly )?${symbol}\\??:`;
  return existsSync(file) && new RegExp(declaration, 'm').test(read(file));
}

/** The rows of the table below a heading, as their cells. */
function rowsIn(page: string, heading: string): string[][] {
  const section = read(page).split(`\n## ${heading}\n`)[1]?.split(/^## /m)[0] ?? '';
  const rows = [...section.matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) =>
    row.split(' | ').map((cell) => cell.trim()),
  );
  return rows.slice(2);
}

/** The names in backticks with which the rows of a table begin. */
const firstNames = (page: string, heading: string) =>
  rowsIn(page, heading).flatMap(([cell = '']) => /`([^`]+)`/.exec(cell)?.[1] ?? []);

describe.each(GUIDES)('what %s names', (page) => {
  const { paths, symbols, others } = namesOf(page);

  it('is there, as far as it is a path', () => {
    expect(paths.filter((path) => globSync(path).length === 0)).toEqual([]);
  });

  it('is declared in the file that is named with it, as far as it is a symbol', () => {
    const missing = symbols.filter(({ file, symbol }) => !declares(file, symbol));
    expect(missing.map(({ file, symbol }) => `${symbol} of ${file}`)).toEqual([]);
    expect(symbols.length).toBeGreaterThan(30);
  });

  it('is a word of the code or a script, as far as it stands alone', () => {
    const code = globSync('{functions,schemas,test/sim}/**/*.ts').map(read).join('\n');
    const unknown = others.filter((span) => {
      const [, script] = /^npm run ([\w:]+)$/.exec(span) ?? [];
      if (script !== undefined) return !Object.hasOwn(scripts, script);
      return /^\w+$/.test(span) && !new RegExp(`\\b${span}\\b`).test(code);
    });
    expect(unknown).toEqual([]);
  });

  it('stands in lines that fit an editor, but for tables', () => {
    const wide = read(page)
      .split('\n')
      .filter((line) => line.length > 120 && !line.startsWith('|'));
    expect(wide).toEqual([]);
  });
});

describe('AGENTS.md', () => {
  it('is read in one go, and answers at least thirty questions', () => {
    expect(read('AGENTS.md').split('\n').length).toBeLessThanOrEqual(125);
    expect(rowsIn('AGENTS.md', 'Where to look').length).toBeGreaterThanOrEqual(30);
  });
});

describe('docs/architecture.md', () => {
  it('has every room, and no others', () => {
    const rooms = globSync('functions/{core,engine,commands,api}/*/').map((path) => `${path.replace(/\/$/, '')}/`);
    expect(firstNames('docs/architecture.md', 'Rooms').toSorted()).toEqual(rooms.toSorted());
  });

  it.each(['The walk of an edit', 'The walk of a failover'])('%s leads through twelve files at most', (heading) => {
    const files = rowsIn('docs/architecture.md', heading).flatMap(([, cell = '']) => /`([^`]+)`/.exec(cell)?.[1] ?? []);
    expect(files.length).toBeGreaterThan(0);
    expect(new Set(files).size).toBeLessThanOrEqual(12);
  });

  it('explains at most forty words, each once', () => {
    const words = rowsIn('docs/architecture.md', 'Glossary').map(([word]) => word);
    expect(words.length).toBeLessThanOrEqual(40);
    expect(new Set(words).size).toBe(words.length);
  });
});

describe('docs/rules.md', () => {
  it('has every step of a decision and every stage of the allocation, in their order', () => {
    expect(firstNames('docs/rules.md', 'Steps of the decision')).toEqual(Object.keys(STEPS));
    expect(firstNames('docs/rules.md', 'Stages of the allocation')).toEqual(STAGES.map(({ name }) => name));
  });

  it('has every rule that a break-glass can set aside', () => {
    const named = ['Brakes', 'Safety rules'].flatMap((heading) => firstNames('docs/rules.md', heading));
    expect(SafetyRuleName.options.filter((name) => !named.includes(name))).toEqual([]);
  });

  it('has every truth of the simulator, each with a fault that it finds', () => {
    const truths = truthsOf(new Measures()).map(({ name }) => name);
    expect(firstNames('docs/rules.md', 'Truths of the simulator')).toEqual(truths);
    const faults = rowsIn('docs/rules.md', 'Truths of the simulator').map(([, , , fault = '']) => FOUND_IN[fault]?.[1]);
    expect(faults).toEqual(truths);
  });
});
