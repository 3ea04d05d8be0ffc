import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

type Closer = () => Promise<void> | void;

export interface Program {
  /**
   * Registers a function that is called when the program ends, in whatever way; the last registered is called first.
   */
  onClose(closer: Closer): void;
}

interface Ending {
  code: number;
  /** The error with which the program failed. */
  error?: unknown;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const CLOSE_WITHIN_MS = 10_000;

/**
 * Runs a command-line program and then ends the process: with code 1 and one sentence when the program fails, and with
 * 128 plus the number of the signal when it is interrupted. It is also interrupted when the launcher that started it is
 * gone, or when nobody reads its output any more. Child processes that are not closed in time are killed with the
 * process; see `guardChildren`.
 */
export async function runProgram(main: (program: Program) => Promise<void>): Promise<never> {
  const closers: Closer[] = [];
  const { code, error } = await Promise.race([
    main({ onClose: (closer) => closers.push(closer) }).then(succeeded, failed),
    interruption(),
  ]);
  if (error !== undefined) say(error);
  await Promise.race([closeAll(closers), sleep(CLOSE_WITHIN_MS)]);
  process.exit(code);
}

function succeeded(): Ending {
  return { code: 0 };
}

function failed(error: unknown): Ending {
  return { code: 1, error };
}

function interruption(): Promise<Ending> {
  return new Promise((resolve) => {
    const end = (signal: NodeJS.Signals) => resolve({ code: 128 + constants.signals[signal] });
    for (const signal of SIGNALS) process.on(signal, () => end(signal));
    process.once('disconnect', () => end('SIGTERM'));
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end('SIGPIPE'));
  });
}

/** Calls the closers, the last registered first, and goes on when one of them fails. */
async function closeAll(closers: Closer[]): Promise<void> {
  for (const closer of closers.toReversed()) {
    try {
      await closer();
    } catch (error) {
      say(error);
    }
  }
}

function say(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
}
