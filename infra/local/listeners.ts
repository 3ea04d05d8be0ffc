/** The process that listens on a port. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Listener {
  pid: number;
  /** The name of the program, as the system abbreviates it. */
  program: string;
}

const TCP_LISTEN = '0A';

/**
 * Finds the process that listens on a port. Returns undefined when nothing listens there, or when this user may not see
 * the process.
 */
export function listenerOn(port: number): Listener | undefined {
  return process.platform === 'linux' ? listenerOfProc(port) : listenerOfLsof(port);
}

/**
 * Finds the process in /proc: the kernel lists sockets with their inodes in /proc/net/tcp, and the open sockets of each
 * process in /proc/PID/fd (proc(5)).
 */
function listenerOfProc(port: number): Listener | undefined {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const holds = attempt(() => readdirSync(`/proc/${pid}/fd`))?.some((descriptor) => {
      const target = attempt(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
      return inodes.has(target?.match(/^socket:\[(\d+)\]$/)?.[1] ?? '');
    });
    const program = holds && attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8'));
    if (program) return { pid: Number(pid), program: program.trim() };
  }
  return undefined;
}

function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = attempt(() => readFileSync(`/proc/net/${table}`, 'utf8'))?.split('\n') ?? [];
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === TCP_LISTEN)
    .map((fields) => fields[9] ?? '');
}

function listenerOfLsof(port: number): Listener | undefined {
  const { stdout } = spawnSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { encoding: 'utf8' });
  const [, pid, program] = /^p(\d+)\nc(.+)$/m.exec(stdout ?? '') ?? [];
  return pid && program ? { pid: Number(pid), program } : undefined;
}

/**
 * Returns what `read` returns, or undefined when it throws, because processes end meanwhile or belong to other users.
 */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
