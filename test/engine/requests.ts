import { setTimeout as realSleep } from 'node:timers/promises';
import type { Edge } from './edge.ts';

/** A request that must be answered, whatever happens to the control plane. */
export interface Ask {
  host: string;
  path?: string;
}

export interface Requests {
  /** Sends one request of each kind now. */
  ask(): Promise<void>;
  /** Returns the failed requests so far: those that were not answered by 200. */
  failed(): string[];
  stop(): Promise<void>;
}

/**
 * Sends the requests in turn through the data plane, without end, and notes those that fail. The pause between two of
 * them leaves time for what is tested; a test that sends requests itself at the moments that count needs fewer of
 * these.
 */
export function keepAsking(edge: Edge, asks: readonly Ask[], pauseMs = 20): Requests {
  const failed: string[] = [];
  let going = true;
  const send = async ({ host, path }: Ask) => {
    const status = await edge.get(host, path).then(
      (answer) => answer.status,
      () => 'no answer',
    );
    if (status !== 200) failed.push(`${host}${path ?? '/'}: ${status}`);
  };
  const run = async () => {
    for (let turn = 0; going; turn++) {
      const next = asks[turn % asks.length];
      if (next) await send(next);
      await realSleep(pauseMs);
    }
  };
  const running = run();
  return {
    ask: async () => {
      for (const one of asks) await send(one);
    },
    failed: () => failed,
    stop: async () => {
      going = false;
      await running;
    },
  };
}
