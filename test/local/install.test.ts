import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../infra/local/ensure-install.mjs', import.meta.url));

let project: string;

/** A project with a lock file, and an `npm` that says that it was called and installs what the lock file says. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'fairlead-install-'));
  mkdirSync(join(project, 'infra/local'), { recursive: true });
  mkdirSync(join(project, 'programs'));
  cpSync(SCRIPT, join(project, 'infra/local/ensure-install.mjs'));
  lock('package-lock.json', { 'node_modules/hono': '1.0.0' });
  npm(
    `echo "npm $*"`,
    'mkdir -p node_modules/.bin',
    'cp package-lock.json node_modules/.package-lock.json',
    'touch node_modules/.bin/node',
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

function ensureInstall(): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'infra/local/ensure-install.mjs')], {
    encoding: 'utf8',
    env: { PATH: `${join(project, 'node_modules/.bin')}:${join(project, 'programs')}:/usr/bin:/bin` },
  });
  return { status, output: stdout + stderr };
}

test('a clone without packages is installed, and only once', () => {
  const first = ensureInstall();
  expect(first).toMatchObject({ status: 0, output: expect.stringContaining('npm ci --loglevel=error\n') });
  expect(first.output).toContain('nothing is installed yet');
  expect(ensureInstall()).toEqual({ status: 0, output: '' });
});

test('a lock file that has changed since is installed, with the reason', () => {
  ensureInstall();
  lock('package-lock.json', { 'node_modules/hono': '1.0.1' });
  expect(ensureInstall().output).toContain('node_modules/hono has changed');
  lock('package-lock.json', { 'node_modules/hono': '1.0.1', 'node_modules/zod': '4.0.0' });
  expect(ensureInstall().output).toContain('node_modules/zod is missing');
  expect(ensureInstall()).toEqual({ status: 0, output: '' });
});

test('packages for other platforms, which npm leaves out, are not missed', () => {
  ensureInstall();
  const optional = { 'node_modules/for-another-platform': { version: '1.0.0', integrity: 'sha512-x', optional: true } };
  lock('package-lock.json', { 'node_modules/hono': '1.0.0' }, optional);
  expect(ensureInstall()).toEqual({ status: 0, output: '' });
});

test('a failing npm ci is said in one sentence, with its exit code', () => {
  npm('exit 7');
  expect(ensureInstall()).toMatchObject({ status: 7, output: expect.stringContaining('npm ci has failed') });
});

test('an install script that npm has not run is noticed before Node is missed', () => {
  npm('mkdir -p node_modules', 'cp package-lock.json node_modules/.package-lock.json');
  expect(ensureInstall()).toMatchObject({ status: 1, output: expect.stringContaining('npm rebuild node') });
  expect(existsSync(join(project, 'node_modules/.bin/node'))).toBe(false);
});
