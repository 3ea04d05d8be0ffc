import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The rooms of each floor, from the lowest to the highest: a file imports from its own room and from lower ones. The
 * room `.` holds the files of the floor itself.
 */
const ROOMS: Record<string, readonly string[]> = {
  core: [
    'model',
    'access',
    'audit',
    'egress',
    'allocation',
    'routing',
    'health',
    'gateway',
    'failover',
    'simulation',
    'rollout',
    'lint',
    'incidents',
    'notification',
    'status',
  ],
  engine: ['.', 'reconcile', 'failover', 'probe', 'notify', 'schedule'],
  commands: ['.', 'approvals', 'access', 'validate', 'read', 'write', 'rollouts', 'evidence', 'traffic'],
  api: ['http', 'endpoints', '.'],
};

interface Import {
  from: string;
  to: string;
}

/** Returns the imports between files of a folder, whose paths are relative to it. */
function importsOf(root: string, pattern = '**/*.ts'): Import[] {
  const files = globSync(pattern, { cwd: root });
  return files.flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8');
    const paths = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) =>
      relative(root, normalize(join(root, dirname(from), path))),
    );
    return paths.filter((path) => !path.startsWith('..')).map((to) => ({ from, to }));
  });
}

const roomOf = (file: string) => (dirname(file).split('/')[0] ?? '.') || '.';

function upward(floor: string, { from, to }: Import): boolean {
  const rooms = ROOMS[floor] ?? [];
  return rooms.indexOf(roomOf(to)) > rooms.indexOf(roomOf(from));
}

describe.each(Object.keys(ROOMS))('functions/%s', (floor) => {
  const imports = importsOf(join('functions', floor));

  it('has the rooms that are listed, and no others', () => {
    const entries = readdirSync(join('functions', floor), { withFileTypes: true });
    const rooms = new Set(entries.map((entry) => (entry.isDirectory() ? entry.name : '.')));
    expect([...rooms].sort()).toEqual([...(ROOMS[floor] ?? [])].sort());
  });

  it('imports from lower rooms alone', () => {
    expect(imports.filter((item) => upward(floor, item)).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });
});

it('finds an import that runs up', () => {
  expect(upward('core', { from: 'allocation/points.ts', to: 'failover/traffic.ts' })).toBe(true);
  expect(upward('api', { from: 'http/body.ts', to: 'app.ts' })).toBe(true);
  expect(upward('engine', { from: 'reconcile/run.ts', to: 'lease.ts' })).toBe(false);
});

/** Returns the files that an import leads back to, each with the file from which it does. */
function circlesOf(imports: readonly Import[]): string[] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const states = new Map<string, 'open' | 'done'>();
  const circles: string[] = [];
  const visit = (file: string) => {
    states.set(file, 'open');
    for (const { to } of targets.get(file) ?? []) {
      if (states.get(to) === 'open') circles.push(`${file} leads back to ${to}`);
      if (!states.has(to)) visit(to);
    }
    states.set(file, 'done');
  };
  for (const file of targets.keys()) if (!states.has(file)) visit(file);
  return circles;
}

it('no imports run in a circle, those of types included', () => {
  expect(circlesOf(importsOf('.', '{functions,infra,schemas}/**/*.ts'))).toEqual([]);
});

it('finds a circle', () => {
  const imports = ['ab', 'bc', 'ad', 'dc', 'cb'].map(([from = '', to = '']) => ({ from, to }));
  expect(circlesOf(imports)).toEqual(['c leads back to b']);
});
