/**
 * Handles the files that `npm start` keeps: they are private and replaced as a whole, and errors tell in one sentence
 * why a file cannot be written.
 */

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_ESTATE } from './estates/index.ts';

/** Free space in MiB that a stack requires. A seeded stack writes about 2 MiB; the rest is for later use. */
const REQUIRED_MIB = 20;

/**
 * Names that a state folder may hold: files of the stack, the folder of logs that earlier versions kept, and hidden
 * files.
 */
const STATE_FILES = /^(lock|token|estate|cloud\.json|worker\.log|dynamodb\.sqlite|wrangler$|\.)/;

const REASONS: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'it is not a folder',
};

/** Tells people what an error of the file system means. */
export function fileErrorReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

/** Creates a folder unless it exists. Throws one sentence, with `advice`, when the folder cannot be written. */
export function requireWritable(directory: string, advice: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new Error(`The folder ${directory} cannot be written because ${fileErrorReason(error)}: ${advice}`);
  }
}

/**
 * Prepares a folder to keep the state of a stack: only this user can read it and its content, including what an earlier
 * version left there. Throws one sentence when the folder cannot be written or holds other files.
 */
export function prepareStateDirectory(directory: string): void {
  requireWritable(directory, 'set FAIRLEAD_DIRECTORY to a folder that can be.');
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const foreign = entries.find(({ name, parentPath }) => parentPath === directory && !STATE_FILES.test(name));
  if (foreign) {
    throw new Error(
      `The folder ${directory} holds other files, such as ${foreign.name}: set FAIRLEAD_DIRECTORY to a folder of its own.`,
    );
  }
  chmodSync(directory, 0o700);
  for (const entry of entries) {
    if (entry.isFile() || entry.isDirectory()) {
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
    }
  }
}

/**
 * Claims a state folder for this process, because two stacks on one folder would overwrite each other's state. Returns
 * a function that gives up the claim. Throws one sentence when a running process has the folder.
 */
export function claimStateDirectory(directory: string): () => void {
  const file = join(directory, 'lock');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (isStack(pid)) {
    throw new Error(
      `Fairlead already runs on ${directory} (pid ${pid}): stop it, or set FAIRLEAD_DIRECTORY to another folder.`,
    );
  }
  rmSync(file, { force: true });
  writeFileSync(file, String(process.pid), { flag: 'wx' });
  return () => rmSync(file, { force: true });
}

/**
 * Records which estate a folder keeps the state of. Throws one sentence when the folder has another estate, whose
 * clusters do not run but would stay declared beside the new ones.
 */
export function keepEstate(directory: string, estate: string): void {
  const kept = keptEstate(directory) ?? estate;
  if (kept !== estate) {
    throw new Error(
      `The folder ${directory} keeps the state of the estate ${kept}: remove it, or set FAIRLEAD_DIRECTORY to another folder.`,
    );
  }
  replaceFile(join(directory, 'estate'), estate);
}

function keptEstate(directory: string): string | undefined {
  const file = join(directory, 'estate');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  // Older releases, which knew only one estate, did not write its name.
  return existsSync(join(directory, 'cloud.json')) ? DEFAULT_ESTATE : undefined;
}

/**
 * Tells whether the process runs a stack. A killed stack leaves its lock, and its pid may go to another program, so the
 * command line of the process is checked where /proc has it.
 */
function isStack(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    const command = `/proc/${pid}/cmdline`;
    return !existsSync(command) || readFileSync(command, 'utf8').includes('start.ts');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Throws one sentence when the disk of a folder is too full to keep the state of a stack. */
export function requireRoom(directory: string, requiredMib = REQUIRED_MIB): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeMib = Math.floor((bavail * bsize) / 2 ** 20);
  if (freeMib >= requiredMib) return;
  throw new Error(
    `The disk of ${directory} is full (${freeMib} MiB are free, ${requiredMib} are needed): free some space, or set FAIRLEAD_DIRECTORY ` +
      'to a folder on another disk.',
  );
}

/** Replaces a file atomically: after a crash between any two steps, readers find either the old or the new content. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/**
 * Wraps a write that may fail: a failure is reported once and not thrown, and it is reported again only after a later
 * write has succeeded.
 */
export function reportingFailure<Args extends unknown[]>(
  file: string,
  write: (...args: Args) => void,
): (...args: Args) => void {
  let failing = false;
  return (...args) => {
    try {
      write(...args);
      failing = false;
    } catch (error) {
      if (!failing)
        console.error(`${file} cannot be written because ${fileErrorReason(error)}; what it should hold may be lost.`);
      failing = true;
    }
  };
}
