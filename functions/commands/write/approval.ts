import type { ApprovedAction } from '../../../schemas/approval.ts';
import { actionsOf, sentencesOf } from '../../core/access/approvals.ts';
import { type Difference, differencesDigest } from '../../core/model/declarations.ts';
import { type Clearance, requireApproval } from '../approvals/require.ts';
import type { Change, ChangeSet } from '../change-set.ts';
import type { Context } from '../context.ts';

/** The way in which changes are made, as far as approvals depend on it. */
export interface Means {
  /** True for a manifest or a rollback, whose deletions nobody has named one by one. */
  prunes: boolean;
  /** True when the instance of the gateway that is deleted goes with it. */
  deletesInstance?: boolean;
}

/**
 * Clears changes that have been checked. What the fleet asks for is told by its declaration before the changes. Throws what
 * `requireApproval` throws.
 */
export async function clearChanges(ctx: Context, { fleet, changes, now }: ChangeSet, means: Means): Promise<Clearance> {
  const differences = changes.map(differenceOf);
  const actions: ApprovedAction[] = [
    ...actionsOf(differences, means),
    ...(means.deletesInstance ? (['delete-instance'] as const) : []),
  ];
  if (actions.length === 0) return { ctx, documents: [] };
  const policy = (await now.store.get('fleet', fleet, fleet))?.spec.approvals;
  const names = differences.map(({ name }) => name).join(', ');
  const summary = [
    ...sentencesOf(differences),
    ...(means.deletesInstance ? [`Deletes the instance of ${names} at the cloud, with everything on it.`] : []),
  ];
  return await requireApproval(ctx, policy, { fleet, actions, plan: differencesDigest(fleet, differences), summary });
}

function differenceOf({ verb, resource, before }: Change): Difference {
  const { kind, name, spec } = resource;
  if (verb === 'delete' || before === undefined) {
    return verb === 'delete' ? { verb, kind, name, before: resource } : { verb: 'create', kind, name, spec };
  }
  return { verb: 'update', kind, name, spec, before };
}
