import type { Change, Refusal } from '../../../core/gateway/provider-object.ts';
import type { AlbSession } from '../calls.ts';
import { isGroupChange, isRuleChange } from '../compile/canonical.ts';
import type { AlbObserved } from '../observe/facts.ts';
import { applyGroups } from './groups.ts';
import { createJobs } from './jobs.ts';
import { applyRules } from './rules.ts';

/**
 * Applies a batch and waits until the cloud has finished it. What is done already is not done again. Resolves with what
 * the cloud refuses. Throws a `CloudError` that concerns the gateway as a whole, once no other change is under way.
 */
export async function apply(batch: readonly Change[], observed: AlbObserved, session: AlbSession): Promise<Refusal[]> {
  const jobs = createJobs(session);
  const groups = await applyGroups(batch.filter(isGroupChange), session, jobs);
  const rules = await applyRules(batch.filter(isRuleChange), observed, session, jobs);
  return [...groups, ...rules];
}
