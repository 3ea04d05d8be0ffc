import { PRIORITIES, type Priority } from '../core/gateway/budget.ts';

/**
 * Returns a function that runs at most `size` tasks at a time, those of the highest priority first. Other tasks leave one slot
 * free for it, so that a failover does not even wait for a call that hangs.
 */
export function createSlots(size: number): <T>(priority: Priority, task: () => Promise<T>) => Promise<T> {
  const most: Record<Priority, number> = { failover: size, normal: size - 1, preview: size - 1 };
  const waiting: Record<Priority, (() => void)[]> = { failover: [], normal: [], preview: [] };
  let busy = 0;

  const admit = () => {
    for (const priority of PRIORITIES) {
      while (busy < most[priority] && waiting[priority].length > 0) {
        busy++;
        waiting[priority].shift()?.();
      }
    }
  };

  return async (priority, task) => {
    await new Promise<void>((resolve) => {
      waiting[priority].push(resolve);
      admit();
    });
    try {
      return await task();
    } finally {
      busy--;
      admit();
    }
  };
}
