/** Child processes that end with this process, and whose own end does not go unnoticed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Node announces each process that is spawned here, also those that libraries such as wrangler spawn. */
const SPAWNED = 'child_process';
const GUARD = fileURLToPath(new URL('guard.sh', import.meta.url));

/** The number of characters that are repeated of what a child process wrote before it ended. */
const TAIL_LENGTH = 500;

let guarded = false;

/**
 * From now on every child process is killed when this process ends, even by SIGKILL: a guard in a session of its own notices that.
 * Further calls change nothing. On Windows, which has no shell to run the guard, children are not guarded.
 */
export function guardChildren(): void {
  if (guarded || process.platform === 'win32') return;
  guarded = true;
  const guard = spawn('sh', [GUARD], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Node types the pipe as a stream, but makes it a socket. Neither it nor the guard keeps this process running.
  const pipe = guard.stdin as Socket;
  pipe.unref();
  guard.unref();
  // Somebody may kill the guard; children are unguarded then, and this process goes on.
  pipe.on('error', () => undefined);
  subscribe(SPAWNED, (message) => {
    const child = spawnedIn(message);
    child.once('spawn', () => pipe.write(`+ ${child.pid}\n`));
    child.once('exit', () => pipe.write(`- ${child.pid}\n`));
  });
}

/** Resolves with the result of `start`, and with the child processes that were spawned meanwhile. */
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

/** Rejects when a child process has ended, with how it ended and what it wrote to its standard error last. */
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
