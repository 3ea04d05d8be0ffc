import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { Deps } from '../../deps.ts';
import type { HeldLease } from '../lease.ts';
import { evaluate, type Pusher } from './evaluate.ts';

export interface Evaluator {
  /** Asks for a decision because there is news; the decision is taken in the background. */
  ask(): void;
  /**
   * Resolves once all news has been decided on, with the id of the first decision, if there was one. Rejects when the
   * last evaluation failed.
   */
  idle(): Promise<string | undefined>;
}

/**
 * Creates an evaluator, which decides on news as it arrives, once for everything that has arrived meanwhile. A hundred
 * clusters that fail together take a few evaluations, and the first of them does not wait for the others.
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
  let failure: { error: unknown } | undefined;
  const run = async () => {
    while (asked) {
      asked = false;
      try {
        const { decision } = await evaluate(deps, name, spec, { lease: lease?.current() });
        if (decision !== undefined) decisions.push(decision.id);
        pusher.push();
        failure = undefined;
      } catch (error) {
        failure = { error };
      }
    }
    running = undefined;
  };
  return {
    ask: () => {
      asked = true;
      running ??= run();
    },
    idle: async () => {
      await running;
      if (failure !== undefined) throw failure.error;
      return decisions[0];
    },
  };
}
