import type { Issue } from '../../schemas/problem.ts';
import type { Change, Plan } from './provider-object.ts';

/**
 * What must not be done, whoever asks: leave a pool that serves without any cluster to serve it, or touch an object that is not
 * known to be ours. A plan with findings is not applied at all. `rejected`: keys of pools whose requests a panic rejects, as declared.
 */
export function guard(plan: Plan, rejected: ReadonlySet<string>): Issue[] {
  return plan.changes.flatMap((change) => [...emptiesPool(change, rejected), ...touchesForeign(change)]);
}

function emptiesPool(change: Change, rejected: ReadonlySet<string>): Issue[] {
  const { shares, pool } = change.after ?? {};
  if (shares === undefined || shares.some((share) => share.percent > 0)) return [];
  if (pool !== undefined && rejected.has(pool)) return [];
  const detail = `${change.verb} of ${change.kind} ${change.key} would leave no cluster to serve it`;
  return [{ pointer: change.key, code: 'empties-pool', detail }];
}

function touchesForeign(change: Change): Issue[] {
  if (change.verb === 'create' || change.before?.remoteId !== undefined) return [];
  const detail = `${change.verb} of ${change.kind} ${change.key}, which is not known to be ours`;
  return [{ pointer: change.key, code: 'foreign-object', detail }];
}
