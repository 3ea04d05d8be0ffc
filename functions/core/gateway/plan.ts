import type { OwnershipPolicy } from '../../../schemas/gateway.ts';
import { digestAll, equal } from '../model/digest.ts';
import { compareText } from '../model/text.ts';
import type { Change, Plan, ProviderObject, Verb } from './provider-object.ts';

/** `full`: desired is all there should be. `update`: desired is a part; nothing is created or deleted for it. */
export type PlanScope = 'full' | 'update';

/**
 *   desired | current | change
 *   --------+---------+------------------------
 *      x    |    -    | create
 *      x    |    x    | update, when specs differ
 *      -    |    x    | delete
 *
 * Creates and updates by rank upward, so that what is referred to stands first; then deletes by rank downward, so that what
 * refers goes first. The policy has the last word on deletes; a plan for an observe-only gateway is made to be shown.
 */
export function plan(
  desired: readonly ProviderObject[],
  current: readonly ProviderObject[],
  policy: OwnershipPolicy,
  scope: PlanScope = 'full',
): Plan {
  const currentById = new Map(current.map((object) => [identity(object), object]));
  const desiredIds = new Set(desired.map(identity));
  const writes = desired.flatMap((object) => difference(object, currentById.get(identity(object))));
  const deletes = current.filter((object) => !desiredIds.has(identity(object))).map(removal);
  const changes = [
    ...writes.sort((a, b) => a.rank - b.rank || compareText(a.key, b.key)),
    ...deletes.sort((a, b) => b.rank - a.rank || compareText(a.key, b.key)),
  ].filter((change) => allowed(policy, scope).includes(change.verb));
  return planOf(changes);
}

/** A plan of these changes, in their order. */
export function planOf(changes: Change[]): Plan {
  return { digest: digestAll(changes), changes };
}

function identity(object: ProviderObject): string {
  return `${object.kind} ${object.key}`;
}

function allowed(policy: OwnershipPolicy, scope: PlanScope): readonly Verb[] {
  if (scope === 'update') return ['update'];
  return policy === 'upsert-only' ? ['create', 'update'] : ['create', 'update', 'delete'];
}

function difference(after: ProviderObject, before: ProviderObject | undefined): Change[] {
  const { kind, key, rank } = after;
  if (before === undefined)
    return [{ verb: 'create', kind, key, rank, reason: 'declared, and not at the gateway', after }];
  const fields = differingFields(before, after);
  if (fields.length === 0) return [];
  return [{ verb: 'update', kind, key, rank, reason: `differs in ${fields.join(', ')}`, before, after }];
}

function differingFields(before: ProviderObject, after: ProviderObject): string[] {
  const names = new Set([...Object.keys(before.spec), ...Object.keys(after.spec)]);
  return [...names].filter((name) => !equal(before.spec[name], after.spec[name])).sort();
}

function removal(before: ProviderObject): Change {
  const { kind, key, rank } = before;
  return { verb: 'delete', kind, key, rank, reason: 'no longer declared', before };
}
