/** Does work as soon as a slot is free for it. Urgent work goes before all other work that waits. */
export type Limit = <T>(work: () => Promise<T>, isUrgent?: boolean) => Promise<T>;

/**
 * Creates a limit of `size` pieces of work at a time. Work that is not urgent leaves `reserved` slots free, so that
 * urgent work does not even wait for a piece that hangs.
 */
export function createLimit(size: number, reserved = 0): Limit {
  const urgent: (() => void)[] = [];
  const others: (() => void)[] = [];
  let busy = 0;

  const admit = () => {
    for (const [waiting, most] of [[urgent, size] as const, [others, size - reserved] as const]) {
      while (busy < most && waiting.length > 0) {
        busy++;
        waiting.shift()?.();
      }
    }
  };

  return async (work, isUrgent = false) => {
    await new Promise<void>((enter) => {
      (isUrgent ? urgent : others).push(enter);
      admit();
    });
    try {
      return await work();
    } finally {
      busy--;
      admit();
    }
  };
}
