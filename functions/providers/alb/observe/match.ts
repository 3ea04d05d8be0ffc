import type { AlbTarget } from '../../../../schemas/gateway.ts';
import { freeKey, match, type Unit, type WantedUnit } from '../../../core/gateway/match.ts';
import type { GatewayConfig, Pool, PoolObject } from '../../../core/model/ir.ts';
import { groupsOf } from '../actions.ts';
import { type GroupObject, isGroup, isRule } from '../compile/canonical.ts';
import { listenerRules } from '../compile/distinct-rules.ts';
import { newGroupKey, servesOf, servesPool } from '../compile/marks.ts';
import { groupCount, referencesByPool } from '../compile/references.ts';
import type { AlbObserved } from './facts.ts';

/**
 * Gives each pool its server groups: first the existing ones that serve the same port of the same service, those with
 * most rules in common first, and new ones where these are not enough. Protocol, type and VPC of a group are fixed for
 * its life, so a group with other values is not taken.
 */
export function matchGroups(
  config: GatewayConfig,
  observed: AlbObserved,
  { target }: { target: AlbTarget },
): GatewayConfig {
  const references = referencesByPool(listenerRules(config.rules, target.listenerIds));
  const groups = observed.objects.filter(isGroup);
  const found = findMatches(config.pools, references, observed);
  const ids = new Map(groups.map(({ key, remoteId }) => [key, remoteId]));
  const taken = new Set(ids.keys());
  const objectsOf = (pool: Pool): PoolObject[] => {
    const objects: PoolObject[] = (found.get(newGroupKey(pool)) ?? []).map((key) => ({ key, remoteId: ids.get(key) }));
    while (objects.length < groupCount(references.get(pool.key)?.length ?? 0)) {
      const key = freeKey(newGroupKey(pool), taken);
      taken.add(key);
      objects.push({ key });
    }
    return objects;
  };
  return { ...config, pools: config.pools.map((pool) => ({ ...pool, objects: objectsOf(pool) })) };
}

/**
 * Returns the keys of the groups that go on serving, by the key that the first group of each pool would get if it were
 * new.
 */
function findMatches(
  pools: readonly Pool[],
  references: ReadonlyMap<string, readonly string[]>,
  { objects, facts }: AlbObserved,
): Map<string, string[]> {
  const pointing = rulesByGroup(objects);
  const wantedUnit = (pool: Pool): WantedUnit => {
    const rules = references.get(pool.key) ?? [];
    return {
      key: newGroupKey(pool),
      serves: servesPool(pool),
      rules: new Set(rules),
      count: groupCount(rules.length),
    };
  };
  const unit = ({ key }: GroupObject): Unit => ({
    key,
    serves: servesOf(key),
    rules: pointing.get(key) ?? new Set(),
  });
  const usable = objects
    .filter(isGroup)
    .filter(({ spec }) => spec.ServerGroupType === 'Ip' && spec.VpcId === facts.vpcId);
  const byProtocol = [...Map.groupBy(pools, ({ protocol }) => protocol)].map(([protocol, some]) =>
    match(some.map(wantedUnit), usable.filter(({ spec }) => spec.Protocol === protocol).map(unit)),
  );
  return new Map(byProtocol.flatMap((matches) => [...matches]));
}

/** Returns the keys of the rules that refer to each group. */
function rulesByGroup(objects: AlbObserved['objects']): Map<string, Set<string>> {
  const rules = new Map<string, Set<string>>();
  for (const { key, spec } of objects.filter(isRule)) {
    for (const group of groupsOf(spec.RuleActions)) rules.set(group, (rules.get(group) ?? new Set()).add(key));
  }
  return rules;
}
