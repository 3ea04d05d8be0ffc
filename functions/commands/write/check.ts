import type { Issue } from '../../../schemas/problem.ts';
import type { Ref } from '../../core/model.ts';
import type { Commit } from '../../deps.ts';
import { refuse } from '../app-error.ts';
import type { Context } from '../context.ts';
import { auditingRefusals } from '../refusals.ts';
import type { ChangeSet } from './change-set.ts';
import { emptiedGateways, faultsOf } from './faults.ts';
import { checkEdit, violations } from './safety.ts';

export interface CheckOptions {
  /** What has been found wrong already, to be told with the rest. */
  faults?: readonly Issue[];
  /** Gateways may be left without routes. */
  allowEmpty: boolean;
  /** What a refusal by the safety rules is told of. */
  target: Ref;
  /** Where the request says what the safety rules refuse; absent where that is all of it. */
  pointer?: string | undefined;
}

/**
 * Throws with everything that speaks against the changes, of the first kind that there is: what is declared, then the safety rules. Resolves
 * with what the safety rules were held against, if requests move.
 */
export async function checkChanges(
  ctx: Context,
  set: ChangeSet,
  { faults = [], allowEmpty, target, pointer }: CheckOptions,
): Promise<Commit['checkedAgainst']> {
  const found = await faultsOf(ctx.deps, set);
  refuse([...faults, ...found, ...(allowEmpty ? [] : await emptiedGateways(set))]);
  const checked = await checkEdit(ctx.deps, set);
  const issues = violations(checked?.results ?? [], set.fleet);
  const told = issues.map((issue) => (pointer === undefined ? issue : { ...issue, pointer }));
  await auditingRefusals(ctx, target, `${target.kind}.refused`, async () => refuse(told));
  return checked?.checkedAgainst;
}
