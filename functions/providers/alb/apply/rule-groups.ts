import { say } from '../../../../schemas/messages/index.ts';
import type { Refusal } from '../../../core/gateway/provider-object.ts';
import { groupsOf } from '../actions.ts';
import type { AlbSession } from '../calls.ts';
import { isGroup, type RuleChange } from '../compile/canonical.ts';
import { KEY_TAG, tagOf } from '../compile/marks.ts';
import type { AlbObserved } from '../observe/facts.ts';
import { listOwnGroups, preferGroup } from '../observe/lists.ts';

/** A server group that rules may refer to. */
export interface Target {
  id: string;
  hasServers: boolean;
}

/** Returns the server groups that existed when the gateway was observed, by key. */
export function targetsOf({ objects }: AlbObserved): Map<string, Target> {
  return new Map(
    objects
      .filter(isGroup)
      .flatMap(({ key, remoteId, spec }) =>
        remoteId === undefined ? [] : [[key, { id: remoteId, hasServers: spec.Servers.length > 0 }] as const],
      ),
  );
}

/** Returns server groups by key. Groups that have been created or filled since the gateway was observed are read. */
export async function readTargets(
  changes: readonly RuleChange[],
  observed: AlbObserved,
  session: AlbSession,
): Promise<Map<string, Target>> {
  const targets = targetsOf(observed);
  if (changes.every((change) => missingTarget(change, targets) === undefined)) return targets;
  for (const group of (await listOwnGroups(session)).sort(preferGroup)) {
    const key = tagOf(group, KEY_TAG);
    const id = group.ServerGroupId;
    if (key === undefined || (targets.get(key)?.id ?? id) !== id) continue;
    targets.set(key, { id, hasServers: group.ServerCount !== 0 });
  }
  return targets;
}

/**
 * Returns the first server group that a rule would newly refer to and that does not exist, or has none of the servers
 * that it should have.
 */
export function missingTarget({ before, after }: RuleChange, targets: ReadonlyMap<string, Target>): string | undefined {
  const now = new Set(before ? groupsOf(before.spec.RuleActions) : []);
  const coming = after ? groupsOf(after.spec.RuleActions).filter((key) => !now.has(key)) : [];
  return coming.find((key) => {
    const target = targets.get(key);
    return target === undefined || (!target.hasServers && after?.populated?.includes(key));
  });
}

/** Returns the refusal of a change that could not be made because something else was refused. */
export function dependsOnRefused({ kind, key, verb }: RuleChange, missing: string): Refusal {
  const message = say('AlbGroupMissing', { group: missing, isNew: verb === 'create' });
  return { kind, key, code: 'DependsOnRefused', detail: message.text };
}
