import type { PlannedCall } from '../../../../schemas/plan.ts';
import type { Change } from '../../../core/gateway/provider-object.ts';
import type { Session } from '../../provider.ts';
import { isGroupChange, isRuleChange } from '../compile/canonical.ts';
import type { AlbObserved } from '../observe/facts.ts';
import { batch } from './batch.ts';
import { groupSteps } from './group-steps.ts';
import { ruleLanes } from './rule-steps.ts';

/** Returns the writes of `apply`, which takes the same steps as long as nothing is refused. */
export function calls(
  changes: readonly Change[],
  observed: AlbObserved,
  { owner }: Pick<Session, 'owner'>,
): PlannedCall[] {
  return batch(changes).flatMap((some) => [
    ...some
      .filter(isGroupChange)
      .flatMap((change) => groupSteps(change, owner).map(({ action }) => ({ action, objects: [change.key] }))),
    ...ruleLanes(some.filter(isRuleChange), observed)
      .flat()
      .map(({ action, rules }) => ({ action, objects: rules.map((rule) => rule.key) })),
  ]);
}
