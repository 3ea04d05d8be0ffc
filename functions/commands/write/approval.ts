import type { ApprovedAction } from '../../../schemas/approval.ts';
import { say } from '../../../schemas/messages/index.ts';
import { actionsOf, hasApprover, sentencesOf } from '../../core/access/approvals.ts';
import { type Difference, differencesDigest } from '../../core/model/declarations.ts';
import { equal } from '../../core/model/digest.ts';
import { acceptedSubjects, readGrants } from '../access/installation.ts';
import { throwFaults } from '../app-error.ts';
import { type Clearance, requireApproval } from '../approvals/require.ts';
import { type Change, type ChangeSet, isOf, withWholePointer } from '../change-set.ts';
import type { Context } from '../context.ts';
import { conflict } from '../issues.ts';

/** The way in which changes are made, as far as approvals depend on it. */
export interface Means {
  /** True for a manifest or a rollback, whose deletions nobody has named one by one. */
  prunes: boolean;
  /** True when the instance of the gateway that is deleted goes with it. */
  deletesInstance?: boolean;
}

/**
 * Clears changes that have been checked. What the fleet asks for is told by its declaration before the changes. Throws what
 * `requireApproval` throws, and `conflicting-declaration` when nobody else could approve.
 */
export async function clearChanges(ctx: Context, set: ChangeSet, means: Means): Promise<Clearance> {
  const { fleet, changes, now } = set;
  for (const change of changes.filter(isOf('fleet'))) await requireApprover(ctx, set, change);
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
    ...(means.deletesInstance ? [say('DeletesInstance', { names }).text] : []),
  ];
  return await requireApproval(ctx, policy, { fleet, actions, plan: differencesDigest(fleet, differences), summary });
}

/** Throws `conflicting-declaration` when a fleet would ask for approvals that nobody but the requester could give. */
async function requireApprover({ deps, principal }: Context, set: ChangeSet, change: Change<'fleet'>): Promise<void> {
  const { before, resource, verb } = change;
  const { approvals } = resource.spec;
  if (verb === 'delete' || approvals === undefined || equal(before?.spec.approvals, approvals)) return;
  // The token of the settings is an administrator, whose actor no stored token has.
  if (deps.settings.hasToken && principal.kind !== 'setting') return;
  const { grants } = (await readGrants(deps)).body;
  const asked = { ...approvals, fleet: set.fleet, requester: principal };
  if (hasApprover(grants, asked, await acceptedSubjects(deps, grants))) return;
  const where = approvals.required.includes('grant') ? 'every fleet' : 'this fleet';
  throwFaults([
    withWholePointer(set, resource, conflict('#/approvals/required', say('NobodyCouldApprove', { where }))),
  ]);
}

function differenceOf({ verb, resource, before }: Change): Difference {
  const { kind, name, spec } = resource;
  if (verb === 'delete' || before === undefined) {
    return verb === 'delete' ? { verb, kind, name, before: resource } : { verb: 'create', kind, name, spec };
  }
  return { verb: 'update', kind, name, spec, before };
}
