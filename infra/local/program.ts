export interface Program {
  /** To be called at the end, however it comes; the last comes first. */
  onClose(closer: () => Promise<void> | void): void;
}

const INTERRUPTED = 130;

/**
 * Runs a command-line program and ends the process: with 1 and one sentence when it fails, with 130 when it is interrupted. What must
 * not outlive the process is also bound to its exit, because wrangler ends it at a signal without waiting for anybody.
 */
export async function runProgram(main: (program: Program) => Promise<void>): Promise<never> {
  const closers: (() => Promise<void> | void)[] = [];
  let code = 0;
  const interrupted = new Promise<void>((resolve) => {
    const interrupt = () => {
      if (code === INTERRUPTED) process.exit(code);
      code = INTERRUPTED;
      resolve();
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  });
  try {
    await Promise.race([main({ onClose: (closer) => closers.push(closer) }), interrupted]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    code = 1;
  }
  for (const closer of closers.toReversed()) await closer();
  process.exit(code);
}
