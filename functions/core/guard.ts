import type { Issue } from '../../schemas/problem.ts';
import type { Change, Plan } from './provider-object.ts';

/**
 * What must not be done, whoever asks: leave a pool that serves without any cluster to serve it, or touch an object that is not
 * known to be ours. A plan with findings is not applied at all.
 */
export function guard(plan: Plan): Issue[] {
  return plan.changes.flatMap((change) => [...emptiesPool(change), ...touchesForeign(change)]);
}

function emptiesPool(change: Change): Issue[] {
  const shares = change.after?.shares;
  if (shares === undefined || shares.some((share) => share.percent > 0)) return [];
  const detail = `${change.verb} of ${change.kind} ${change.key} would leave no cluster to serve it`;
  return [{ pointer: change.key, code: 'empties-pool', detail }];
}

function touchesForeign(change: Change): Issue[] {
  if (change.verb === 'create' || change.before?.remoteId !== undefined) return [];
  const detail = `${change.verb} of ${change.kind} ${change.key}, which is not known to be ours`;
  return [{ pointer: change.key, code: 'foreign-object', detail }];
}
