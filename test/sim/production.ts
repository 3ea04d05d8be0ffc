import { decideWith } from '../../functions/core/decide.ts';
import { effectiveShares } from '../../functions/core/distribution.ts';
import { step } from '../../functions/core/health.ts';
import { RULES, type Rules } from '../../functions/core/rules.ts';
import type { Situation, Verdict } from '../../functions/core/situation.ts';

/** The functions of the product that the simulator drives. */
export interface Production {
  step: typeof step;
  decide(situation: Situation): Verdict | undefined;
  sharesOf: typeof effectiveShares;
}

/** With some of its rules replaced: tests plant faults by this. */
export function productionWith(rules: Partial<Rules>, parts: Partial<Production> = {}): Production {
  const all = { ...RULES, ...rules };
  return { step, decide: (situation) => decideWith(all, situation), sharesOf: effectiveShares, ...parts };
}

export const PRODUCTION: Production = productionWith({});
