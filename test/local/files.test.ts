import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  claimStateDirectory,
  keepEstate,
  prepareStateDirectory,
  replaceFile,
  reportingFailure,
  requireRoom,
} from '../../infra/local/files.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-files-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a state folder is made where there is none', () => {
  const state = join(directory, 'some/where');
  prepareStateDirectory(state);
  expect(existsSync(state)).toBe(true);
});

test('a state folder keeps one estate, which is that of two clusters where an earlier release has left it', () => {
  keepEstate(directory, 'two-cities');
  keepEstate(directory, 'two-cities');
  expect(() => keepEstate(directory, 'two-clusters')).toThrow(
    `The folder ${directory} keeps the state of the estate two-cities: remove it, or set FAIRLEAD_DIRECTORY to another folder.`,
  );
  const earlier = join(directory, 'earlier');
  mkdirSync(earlier);
  writeFileSync(join(earlier, 'cloud.json'), '{}');
  expect(() => keepEstate(earlier, 'two-cities')).toThrow('keeps the state of the estate two-clusters');
  keepEstate(earlier, 'two-clusters');
  expect(() => prepareStateDirectory(earlier)).not.toThrow();
});

test('a folder that holds other things keeps its mode and its contents', () => {
  writeFileSync(join(directory, 'thesis.txt'), 'mine', { mode: 0o644 });
  expect(() => prepareStateDirectory(directory)).toThrow(
    `The folder ${directory} holds other files, such as thesis.txt: set FAIRLEAD_DIRECTORY to a folder of its own.`,
  );
});

test('a state folder belongs to one running stack, and what a killed one has left is no obstacle', async () => {
  const stack = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'start.ts']);
  await once(stack, 'spawn');
  writeFileSync(join(directory, 'lock'), String(stack.pid));
  expect(() => claimStateDirectory(directory)).toThrow(
    `Fairlead already runs on ${directory} (pid ${stack.pid}): stop it, or set FAIRLEAD_DIRECTORY to another folder.`,
  );
  stack.kill('SIGKILL');
  await once(stack, 'close');
  const release = claimStateDirectory(directory);
  expect(readFileSync(join(directory, 'lock'), 'utf8')).toBe(String(process.pid));
  release();
  expect(readdirSync(directory)).toEqual([]);
});

test('a file where the folder should be is said, and so is a file on the way', () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(() => prepareStateDirectory(file)).toThrow(
    `The folder ${file} cannot be written because it is not a folder: set`,
  );
  expect(() => prepareStateDirectory(join(file, 'state'))).toThrow('because a part of its path is not a folder: set');
});

test('a disk that is too full is said before anything is kept on it', () => {
  requireRoom(directory, 0);
  expect(() => requireRoom(directory, 2 ** 40)).toThrow(
    /^The disk of .* is full \(\d+ MiB are free, \d+ are needed\): free/,
  );
});

test('a file is replaced as a whole or not at all', () => {
  const file = join(directory, 'state');
  replaceFile(file, 'old');
  // The new content cannot be written beside the old one.
  mkdirSync(`${file}.new`);
  expect(() => replaceFile(file, 'new')).toThrow();
  rmSync(`${file}.new`, { recursive: true });
  replaceFile(file, 'newer');
  expect(readdirSync(directory)).toEqual(['state']);
});

test.runIf(existsSync('/dev/full'))(
  'a write that the full disk refuses is said once, and again after a success',
  () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const write = reportingFailure('the log', (file: string) => writeFileSync(file, 'x'));
    write('/dev/full');
    write('/dev/full');
    expect(said.mock.calls).toEqual([
      ['the log cannot be written because the disk is full; what it should hold may be lost.'],
    ]);
    write('/dev/null');
    write('/dev/full');
    expect(said).toHaveBeenCalledTimes(2);
    said.mockRestore();
  },
);
