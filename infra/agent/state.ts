/** The file in which an agent keeps its key and its credential. */

import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import * as z from 'zod';

const State = z.strictObject({
  url: z.string(),
  fleet: z.string(),
  voter: z.string(),
  privateKey: z.string(),
  /** The credential that was accepted last; absent until the agent has enrolled. */
  credential: z.string().optional(),
  /** The time at which the credential is to be renewed, by the clock of this host. */
  renewAtMs: z.number().optional(),
  /** The digest of the enrolment token that was used last. */
  enrolledWith: z.string().optional(),
  /** The token that is presented for a new credential; present until the answer has been written down. */
  pending: z.strictObject({ token: z.string(), credential: z.string() }).optional(),
});
export type State = z.infer<typeof State>;

/** A state file that cannot be used. The message says what to do. */
export class StateFault extends Error {
  constructor(file: string, fault: string) {
    super(`The state file ${file} ${fault}`);
    this.name = 'StateFault';
  }
}

/** The bits of a mode by which others than the owner have access. */
const OTHERS = 0o077;

/**
 * Reads the state; returns undefined when there is no file. Throws `StateFault` for a file that is not whole, and for one that others
 * can read: its secrets may be known.
 */
export async function readState(file: string): Promise<State | undefined> {
  const text = await textOf(file);
  if (text === undefined) return undefined;
  const parsed = State.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new StateFault(file, 'is not whole, or is not that of an agent: remove it and enrol again.');
}

/**
 * Writes the state for the owner alone. The file is replaced as a whole, so that a crash leaves the old one or the new one. What
 * was written is on the disk when the promise resolves.
 */
export async function writeState(file: string, state: State): Promise<void> {
  const next = `${file}.new`;
  try {
    await rm(next, { force: true });
    await withFile(next, async (handle) => {
      await handle.writeFile(`${JSON.stringify(state, null, 2)}\n`);
      await handle.sync();
    });
    await rename(next, file);
  } catch (error) {
    throw new StateFault(
      file,
      `cannot be written (${codeOf(error)}): its directory must belong to the user of the agent.`,
    );
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      throw new StateFault(
        file,
        `is open to other users: chmod 600 ${file}, and enrol again if one of them may have read it.`,
      );
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof StateFault) throw error;
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new StateFault(file, `cannot be read (${codeOf(error)}): it must belong to the user of the agent.`);
  }
}

async function withFile(file: string, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
