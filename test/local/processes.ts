/** Reads in /proc, on Linux, which processes run on this machine. */

import { readdirSync, readFileSync } from 'node:fs';

export interface RunningProcess {
  pid: number;
  parent: number;
  /** Tells a process from a later one with the same id. */
  startedAt: string;
  command: string;
}

/** Zombies are left out: they hold nothing, and only wait for their parent. */
function running(): RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), startedAt: rest[17] ?? '', command }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** Returns a process and everything that it has started, directly or not. */
export function familyOf(pid: number): RunningProcess[] {
  const all = running();
  const family = all.filter((process) => process.pid === pid);
  for (const member of family) family.push(...all.filter(({ parent }) => parent === member.pid));
  return family;
}

export function stillRunning(processes: readonly RunningProcess[]): RunningProcess[] {
  const all = running();
  return processes.filter((one) => all.some(({ pid, startedAt }) => pid === one.pid && startedAt === one.startedAt));
}
