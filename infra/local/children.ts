/** Starts child processes that are killed when this process ends, and notices when one of them ends by itself. */

import { type ChildProcess, spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * The diagnostics channel on which Node announces each process that this process spawns, also through libraries such as
 * wrangler.
 */
const SPAWNED = 'child_process';
const GUARD = fileURLToPath(new URL('guard.sh', import.meta.url));

/** The number of characters, of what a child process wrote last, that an error repeats. */
const TAIL_LENGTH = 500;

let guarded = false;

/**
 * Has every child process that is spawned from now on killed when this process ends, even by SIGKILL. A guard process
 * in a session of its own sees to that. Further calls change nothing. On Windows, which has no shell to run the guard,
 * children are not guarded.
 */
export function guardChildren(): void {
  if (guarded || process.platform === 'win32') return;
  guarded = true;
  const guard = spawn('sh', [GUARD], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Node types the pipe as a stream, but makes it a socket. Neither it nor the guard keeps this process running.
  const pipe = guard.stdin as Socket;
  pipe.unref();
  guard.unref();
  // When somebody kills the guard, this process goes on, and its children are unguarded.
  pipe.on('error', () => undefined);
  subscribe(SPAWNED, (message) => {
    const child = spawnedIn(message);
    child.once('spawn', () => pipe.write(`+ ${child.pid}\n`));
    child.once('exit', () => pipe.write(`- ${child.pid}\n`));
  });
}

/** Resolves with the result of `start` and the child processes that were spawned meanwhile. */
export async function collectChildren<T>(start: () => Promise<T>): Promise<{ result: T; children: ChildProcess[] }> {
  const children: ChildProcess[] = [];
  const collect = (message: unknown) => children.push(spawnedIn(message));
  subscribe(SPAWNED, collect);
  try {
    return { result: await start(), children };
  } finally {
    unsubscribe(SPAWNED, collect);
  }
}

/** Rejects when a child process has ended. The error tells how it ended and what it wrote last to standard error. */
export async function failureOf(child: ChildProcess, name: string): Promise<never> {
  let tail = '';
  child.stderr?.on('data', (chunk) => {
    tail = `${tail}${chunk}`.slice(-TAIL_LENGTH);
  });
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  const how = child.signalCode ? `was ended by ${child.signalCode}` : `ended with exit code ${child.exitCode}`;
  throw new Error(`${name} ${how}.${tail === '' ? '' : ` It wrote last: ${tail.trim()}`}`);
}

function spawnedIn(message: unknown): ChildProcess {
  return (message as { process: ChildProcess }).process;
}
