export interface Program {
  /** To be called at the end, however it comes; the last comes first. */
  onClose(closer: () => Promise<void> | void): void;
}

/**
 * Runs a command-line program and ends the process: with 1 and one sentence when it fails, in order when it is interrupted by
 * Ctrl-C or SIGTERM, at once when that is said twice.
 */
export async function runProgram(main: (program: Program) => Promise<void>, interruptedCode = 130): Promise<never> {
  const closers: (() => Promise<void> | void)[] = [];
  let code = 0;
  const interrupted = new Promise<void>((resolve) => {
    let times = 0;
    const interrupt = () => {
      times += 1;
      if (times > 1) process.exit(interruptedCode);
      code = interruptedCode;
      resolve();
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
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
