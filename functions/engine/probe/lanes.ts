/** Runs work with a limited concurrency. */
export interface Lanes {
  /** Runs the work as soon as a lane is free. Urgent work goes before all other waiting work. */
  run<T>(work: () => Promise<T>, options?: { isUrgent?: boolean }): Promise<T>;
}

export function createLanes(atATime: number): Lanes {
  const urgent: (() => void)[] = [];
  const others: (() => void)[] = [];
  let free = atATime;
  const leave = () => {
    const next = urgent.shift() ?? others.shift();
    if (next) next();
    else free += 1;
  };
  return {
    run: async (work, { isUrgent = false } = {}) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((enter) => (isUrgent ? urgent : others).push(enter));
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
