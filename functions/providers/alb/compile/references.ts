import type { Pool, Rule } from '../../../core/model/ir.ts';
import type { ListenerRule } from './distinct-rules.ts';

/**
 * The number of rules, of all listeners together, that may refer to a server group (quota page of ALB,
 * alb_quota_servergroup_attached_num).
 */
const REFERENCES_PER_GROUP = 50;

/** Returns the keys of the pools that a rule refers to as a backend or as a mirror, each once. */
export function poolsOf({ backends, mirror }: Pick<Rule, 'backends' | 'mirror'>): string[] {
  const pools = new Set(backends.map(({ pool }) => pool));
  if (mirror !== undefined) pools.add(mirror);
  return [...pools];
}

/**
 * Returns, for each pool, the keys of the rules that refer to it, in their order. A rule at two listeners counts as two
 * rules.
 */
export function referencesByPool(rules: readonly ListenerRule[]): Map<string, string[]> {
  const references = new Map<string, string[]>();
  for (const { key, rule } of rules) {
    for (const pool of poolsOf(rule)) {
      const keys = references.get(pool);
      if (keys) keys.push(key);
      else references.set(pool, [key]);
    }
  }
  return references;
}

/** Returns the number of server groups that this number of references takes. */
export function groupCount(references: number): number {
  return Math.max(1, Math.ceil(references / REFERENCES_PER_GROUP));
}

/** Returns the key of the server group that a rule uses for a pool. */
export type GroupFor = (pool: string, ruleKey: string) => string | undefined;

/**
 * Distributes the references to each pool among the server groups that serve it. A rule stays with its present group as
 * long as that group serves the pool and has room; the other rules fill the first groups with room. `current` holds the
 * groups that each rule refers to now.
 */
export function assignGroups(
  pools: readonly Pool[],
  rules: readonly ListenerRule[],
  current: ReadonlyMap<string, readonly string[]>,
): GroupFor {
  const references = referencesByPool(rules);
  const assigned = new Map(
    pools.map(({ key, objects = [] }) => {
      const groups = objects.map((object) => object.key);
      return [key, shareOut(references.get(key) ?? [], groups, current)];
    }),
  );
  return (pool, ruleKey) => assigned.get(pool)?.get(ruleKey);
}

function shareOut(
  rules: readonly string[],
  groups: readonly string[],
  current: ReadonlyMap<string, readonly string[]>,
): Map<string, string> {
  const room = new Map(groups.map((group) => [group, REFERENCES_PER_GROUP]));
  const assigned = new Map<string, string>();
  const hasRoom = (group: string) => (room.get(group) ?? 0) > 0;
  const assign = (rule: string, group: string | undefined) => {
    if (group === undefined) return;
    room.set(group, (room.get(group) ?? 0) - 1);
    assigned.set(rule, group);
  };
  for (const rule of rules) assign(rule, current.get(rule)?.find(hasRoom));
  for (const rule of rules) if (!assigned.has(rule)) assign(rule, groups.find(hasRoom) ?? groups.at(-1));
  return assigned;
}
