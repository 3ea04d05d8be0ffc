import type { OwnershipPolicy } from '../../../schemas/gateway.ts';
import { say } from '../../../schemas/messages/index.ts';
import { digestAll, equal } from '../model/digest.ts';
import { compareText } from '../model/text.ts';
import type { Change, Plan, ProviderObject, Verb } from './provider-object.ts';

/**
 * The extent of a plan. With `full`, `desired` is everything there should be. With `update`, it is only a part, and
 * nothing is created or deleted.
 */
export type PlanScope = 'full' | 'update';

/**
 * Returns the changes that turn the current objects into the desired ones.
 *
 *   desired | current | change
 *   --------+---------+------------------------
 *      x    |    -    | create
 *      x    |    x    | update, when specs differ
 *      -    |    x    | delete
 *
 * Creates and updates come first, by ascending rank, so that an object exists before others refer to it. Deletes
 * follow by descending rank, so that references go before the objects that they refer to. The policy decides whether
 * anything is deleted. A plan for an observe-only gateway is only made to be shown.
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

/** Returns a plan of these changes, in their order. */
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
  if (before === undefined) return [{ verb: 'create', kind, key, rank, reason: say('NotAtGateway').text, after }];
  const fields = differingFields(before, after);
  if (fields.length === 0) return [];
  const reason = say('DiffersIn', { fields: fields.join(', ') }).text;
  return [{ verb: 'update', kind, key, rank, reason, before, after }];
}

function differingFields(before: ProviderObject, after: ProviderObject): string[] {
  const names = new Set([...Object.keys(before.spec), ...Object.keys(after.spec)]);
  return [...names].filter((name) => !equal(before.spec[name], after.spec[name])).sort();
}

function removal(before: ProviderObject): Change {
  const { kind, key, rank } = before;
  return { verb: 'delete', kind, key, rank, reason: say('NoLongerDeclared').text, before };
}
