import { type Message, say } from '../../../../schemas/messages/index.ts';
import type { Pool } from '../../../core/model/ir.ts';
import { compareText } from '../../../core/model/text.ts';
import { isExceeded, type Use } from '../../quotas.ts';
import { countValues } from '../compile/conditions.ts';
import type { DistinctRule } from '../compile/distinct-rules.ts';
import { actionsOf } from '../compile/filters.ts';
import { poolsOf } from '../compile/references.ts';
import type { Facts } from '../observe/facts.ts';

/** Default quotas of one load balancer, by edition (quota page of ALB). Each of them can be raised for an account. */
const BY_EDITION = {
  Basic: { rules: 40, servers: 200, matchValues: 5, actions: 3 },
  Standard: { rules: 100, servers: 1_000, matchValues: 10, actions: 5 },
};
const REFERENCES_PER_ADDRESS = 200;
const SERVERS_PER_GROUP = 1_000;
const GROUPS_PER_RULE = 5;

export function limitsOf({ edition }: Pick<Facts, 'edition'>) {
  return edition === 'Basic' ? BY_EDITION.Basic : BY_EDITION.Standard;
}

/** The servers and addresses of a pool, which count towards quotas. */
export interface Size {
  servers: number;
  addresses: ReadonlySet<string>;
}

export function sizesOf(pools: readonly Pool[]): Map<string, Size> {
  return new Map(
    pools.map(({ key, members }) => {
      const endpoints = members.flatMap((member) => member.endpoints);
      return [
        key,
        {
          servers: new Set(endpoints.map(({ address, port }) => `${address}:${port}`)).size,
          addresses: new Set(endpoints.map(({ address }) => address)),
        },
      ];
    }),
  );
}

/**
 * Returns what rules use of the quotas that they share, and that each further load balancer has for itself. Rules,
 * servers and addresses count once for each rule on each listener. References to a server group are not counted,
 * because a pool has as many groups as it takes.
 */
export function sharedUses(rules: readonly DistinctRule[], sizes: ReadonlyMap<string, Size>, facts: Facts): Use[] {
  return [rulesUse(rules, facts), ...serverUses(countReferences(rules, facts.listenerCount), sizes, facts)];
}

/** Returns the use of the quota of rules. A rule that stays out is missing on every listener. */
function rulesUse(rules: readonly DistinctRule[], { edition, listenerCount, otherRules }: Facts): Use {
  const allowed = limitsOf({ edition }).rules;
  const used = rules.length * listenerCount + otherRules.length;
  const excess = Math.min(rules.length, Math.ceil((used - allowed) / listenerCount));
  return {
    ...use('rules', say('AlbRules'), used, allowed, '#/rules'),
    ...(used > allowed && { excess }),
  };
}

function serverUses(references: ReadonlyMap<string, number>, sizes: ReadonlyMap<string, Size>, facts: Facts): Use[] {
  const servers = new Map<string, number>();
  const byAddress = new Map<string, Map<string, number>>();
  for (const [pool, count] of references) {
    const size = sizes.get(pool);
    servers.set(pool, (size?.servers ?? 0) * count);
    for (const address of size?.addresses ?? []) {
      byAddress.set(address, (byAddress.get(address) ?? new Map<string, number>()).set(pool, count));
    }
  }
  return [
    usedByPools('servers', say('AlbServers'), servers, limitsOf(facts).servers),
    ...[...byAddress].map(([address, counts]) =>
      usedByPools('address', say('AlbAddressReferences', { address }), counts, REFERENCES_PER_ADDRESS),
    ),
  ];
}

/**
 * Returns the use of a quota, with the fewest pools that would have to stay out for the rest to fit: those that use
 * most of it.
 */
function usedByPools(kind: string, quota: Message, counts: ReadonlyMap<string, number>, allowed: number): Use {
  const used = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const pools: string[] = [];
  let left = used;
  for (const [pool, count] of [...counts].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0]))) {
    if (left <= allowed) break;
    pools.push(pool);
    left -= count;
  }
  return { ...use(kind, quota, used, allowed, '#/pools'), pools };
}

/** Returns what each rule and each server group uses of the quotas that it has to itself. */
export function ownUses(rules: readonly DistinctRule[], sizes: ReadonlyMap<string, Size>, facts: Facts): Use[] {
  return [
    ...rules.flatMap((rule) => ruleUses(rule, facts)),
    ...[...sizes].map(([pool, { servers }]) => ({
      ...use('group-servers', say('AlbGroupServers', { pool }), servers, SERVERS_PER_GROUP, `#/pools/${pool}`),
      pools: [pool],
    })),
  ];
}

function ruleUses({ description: name, conditions, rule }: DistinctRule, facts: Facts): Use[] {
  const limits = limitsOf(facts);
  const actions = actionsOf(rule, (pool) => pool).length;
  const values = countValues(conditions);
  return [
    use('backends', say('AlbRuleBackends', { rule: name }), rule.backends.length, GROUPS_PER_RULE, '#/rules'),
    use('match-values', say('AlbRuleValues', { rule: name }), values, limits.matchValues, '#/rules'),
    use('actions', say('AlbRuleActions', { rule: name }), actions, limits.actions, '#/rules'),
  ].map((one) => ({ ...one, rules: [rule.key] }));
}

/**
 * Returns the number of load balancers like this one that would hold the rules, filled one after the other; undefined
 * when a rule does not fit into an empty one.
 */
export function balancersFor(
  rules: readonly DistinctRule[],
  sizes: ReadonlyMap<string, Size>,
  facts: Facts,
): number | undefined {
  let count = 0;
  for (let from = 0, held = 0; from < rules.length; from += held) {
    held = fitting(rules.slice(from, from + limitsOf(facts).rules), sizes, facts);
    if (held === 0) return undefined;
    count++;
  }
  return count;
}

/** Returns the number of rules, counted from the first, that fit into an empty load balancer. */
function fitting(rules: readonly DistinctRule[], sizes: ReadonlyMap<string, Size>, facts: Facts): number {
  let [low, high] = [0, rules.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sharedUses(rules.slice(0, middle), sizes, facts).some(isExceeded)) high = middle - 1;
    else low = middle;
  }
  return low;
}

function use(kind: string, quota: Message, used: number, allowed: number, pointer: string): Use {
  return { kind, quota: quota.text, used, allowed, pointer };
}

/** Counts the references to each pool: one for each rule on each listener. */
function countReferences(rules: readonly DistinctRule[], listeners: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rule } of rules) {
    for (const pool of poolsOf(rule)) counts.set(pool, (counts.get(pool) ?? 0) + listeners);
  }
  return counts;
}
