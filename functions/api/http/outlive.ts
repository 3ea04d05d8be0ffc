import type { Context } from 'hono';
import type { AppEnv } from './env.ts';

/** Keeps a Worker alive until the work is done, after its answer. A Node process needs no such call, and has no execution context. */
export function outlive(c: Context<AppEnv>, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Without an execution context, the work goes on by itself.
  }
}
