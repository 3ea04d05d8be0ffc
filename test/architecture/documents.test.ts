import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Env } from '../../functions/env.ts';
import { PORT_SETTINGS } from '../../infra/local/ports.ts';
import scripts from '../../infra/scripts.json' with { type: 'json' };

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
