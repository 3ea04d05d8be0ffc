import type { PlannedCall } from '../../../schemas/plan.ts';
import type { Change } from '../../core/provider-object.ts';
import type { Observed, Session } from '../provider.ts';
import { batch } from './batch.ts';
import { RULE, SERVER_GROUP } from './canonical.ts';
import { groupSteps } from './group-steps.ts';
import { ruleLanes } from './rule-steps.ts';

/** The writes of `apply`, which takes the same steps. */
export function calls(
  changes: readonly Change[],
  observed: Observed,
  { owner }: Pick<Session, 'owner'>,
): PlannedCall[] {
  return batch(changes).flatMap((some) => [
    ...some
      .filter((change) => change.kind === SERVER_GROUP)
      .flatMap((change) => groupSteps(change, owner).map(({ action }) => ({ action, objects: [change.key] }))),
    ...ruleLanes(
      some.filter((change) => change.kind === RULE),
      observed,
    )
      .flat()
      .map(({ action, rules }) => ({ action, objects: rules.map((rule) => rule.key) })),
  ]);
}
