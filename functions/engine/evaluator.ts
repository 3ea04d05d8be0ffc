import type { FleetSpec } from '../../schemas/fleet.ts';
import type { Deps } from '../deps.ts';
import { evaluate, type Pusher } from './failover.ts';
import type { HeldLease } from './lease.ts';

export interface Evaluator {
  /** There is news to decide upon; does not wait for it. */
  ask(): void;
  /** Waits until all news has been decided upon; the id of the first decision, if there was one. Rejects when one could not be taken. */
  settled(): Promise<string | undefined>;
}

/**
 * Decides upon news as it comes, once for all that has come up meanwhile: a hundred clusters that fail together take a few evaluations, and
 * the first of them does not wait for the others.
 */
export function createEvaluator(
  deps: Deps,
  { name, spec }: { name: string; spec: FleetSpec },
  pusher: Pusher,
  lease?: HeldLease,
): Evaluator {
  const decisions: string[] = [];
  let running: Promise<void> | undefined;
  let asked = false;
  const run = async () => {
    while (asked) {
      asked = false;
      const { decision } = await evaluate(deps, name, spec, { lease: lease?.current() });
      if (decision !== undefined) decisions.push(decision.id);
      pusher.push();
    }
    running = undefined;
  };
  return {
    ask: () => {
      asked = true;
      running ??= run();
      // Whoever waits for it is told.
      running.catch(() => undefined);
    },
    settled: async () => {
      await running;
      return decisions[0];
    },
  };
}
