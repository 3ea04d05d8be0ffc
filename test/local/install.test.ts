import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const INFRA = fileURLToPath(new URL('../../infra', import.meta.url));

let project: string;

/** A project with a lock file, a script `hello`, and an `npm` that says that it was called and installs what the lock file says. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'fairlead-install-'));
  mkdirSync(join(project, 'infra'));
  mkdirSync(join(project, 'programs'));
  for (const file of ['run.mjs', 'install.mjs']) cpSync(join(INFRA, file), join(project, 'infra', file));
  const scripts = {
    hello: { usage: ['npm run hello'], options: { loud: 'boolean' }, run: ['say-hello'] },
    twice: { usage: ['npm run twice'], run: ['hello', 'hello --loud', 'fail', 'hello'] },
    all: { usage: ['npm run all'], parallel: true, run: ['fail', 'hello --loud', 'fail', 'say-hello more'] },
    fail: { usage: ['npm run fail'], run: ['say-hello and fail'] },
  };
  writeFileSync(join(project, 'infra/scripts.json'), JSON.stringify(scripts));
  lock('package-lock.json', { 'node_modules/hono': '1.0.0' });
  npm(
    `echo "npm $*"`,
    'mkdir -p node_modules/.bin',
    'cp package-lock.json node_modules/.package-lock.json',
    'touch node_modules/.bin/node',
    'echo \'echo "hello $*"; [ "$2" != fail ] || exit 3\' > node_modules/.bin/say-hello',
    'chmod +x node_modules/.bin/say-hello',
  );
});

afterEach(() => rmSync(project, { recursive: true }));

function npm(...lines: string[]): void {
  writeFileSync(join(project, 'programs/npm'), ['#!/bin/sh', ...lines].join('\n'), { mode: 0o755 });
}

function lock(file: string, versions: Record<string, string>, more: Record<string, object> = {}): void {
  const packages = Object.fromEntries(
    Object.entries(versions).map(([path, version]) => [path, { version, integrity: `sha512-${version}` }]),
  );
  writeFileSync(join(project, file), JSON.stringify({ packages: { '': {}, ...packages, ...more } }));
}

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'infra/run.mjs'), ...args], {
    encoding: 'utf8',
    env: { PATH: `${join(project, 'node_modules/.bin')}:${join(project, 'programs')}:/usr/bin:/bin` },
  });
  return { status, stdout, stderr };
}

const greeting = { status: 0, stdout: 'hello \n', stderr: '' };

test('a clone without packages is installed once, and standard output is left to the program', () => {
  const first = run('hello');
  expect(first).toMatchObject({ ...greeting, stderr: expect.stringContaining('npm ci --loglevel=error\n') });
  expect(first.stderr).toContain('nothing is installed yet');
  expect(run('hello')).toEqual(greeting);
});

test('a lock file that has changed since is installed, with the reason', () => {
  run('hello');
  lock('package-lock.json', { 'node_modules/hono': '1.0.1' });
  expect(run('hello').stderr).toContain('node_modules/hono has changed');
  lock('package-lock.json', { 'node_modules/hono': '1.0.1', 'node_modules/zod': '4.0.0' });
  expect(run('hello').stderr).toContain('node_modules/zod is missing');
  expect(run('hello')).toEqual(greeting);
});

test('packages for other platforms, which npm leaves out, are not missed', () => {
  run('hello');
  const optional = { 'node_modules/for-another-platform': { version: '1.0.0', integrity: 'sha512-x', optional: true } };
  lock('package-lock.json', { 'node_modules/hono': '1.0.0' }, optional);
  expect(run('hello')).toEqual(greeting);
});

test('a failing npm ci is said in one sentence, with its exit code, and the next run installs again', () => {
  npm('mkdir -p node_modules', 'exit 7');
  expect(run('hello')).toMatchObject({ status: 7, stdout: '', stderr: expect.stringContaining('npm ci has failed') });
  expect(run('hello')).toMatchObject({ status: 7, stderr: expect.stringContaining('nothing is installed yet') });
});

test('an install script that npm has not run is noticed before Node is missed', () => {
  npm('mkdir -p node_modules', 'cp package-lock.json node_modules/.package-lock.json');
  expect(run('hello')).toMatchObject({ status: 1, stderr: expect.stringContaining('npm rebuild node') });
  expect(existsSync(join(project, 'node_modules/.bin/node'))).toBe(false);
});

test('help and unknown options are answered without installing anything', () => {
  expect(run('hello', '--help')).toEqual({ status: 0, stdout: 'Usage: npm run hello\n', stderr: '' });
  for (const args of [['--nope'], ['--loud=3'], ['thing']]) {
    expect(run('hello', ...args)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage: npm'),
    });
  }
  expect(run('nothing')).toMatchObject({ status: 2, stderr: expect.stringContaining('hello, twice, all, fail') });
  expect(existsSync(join(project, 'node_modules'))).toBe(false);
});

test('a script of several commands ends with the first that fails', () => {
  const { status, stdout } = run('twice');
  expect({ status, stdout }).toEqual({ status: 3, stdout: 'hello \nhello --loud\nhello and fail\n' });
});

test('a parallel script runs all of its commands, keeps the output of each together, and names all that fail', () => {
  const { status, stdout } = run('all');
  const parts = stdout.replaceAll(/after [\d.]+ s/g, 'after a while').split(/^(?=== |Failed)/m);
  expect(status).toBe(3);
  expect(parts.slice(0, -1).toSorted()).toEqual([
    '== fail: FAILED after a while\nhello and fail\n',
    '== fail: FAILED after a while\nhello and fail\n',
    '== hello --loud: passed after a while\nhello --loud\n',
    '== say-hello more: passed after a while\nhello more\n',
  ]);
  expect(parts.at(-1)).toBe('Failed: fail, fail\n');
});
