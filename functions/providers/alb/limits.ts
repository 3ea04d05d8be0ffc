import type { Issue } from '../../../schemas/problem.ts';
import type { GatewayConfig, Pool } from '../../core/ir.ts';
import type { Observed } from '../provider.ts';
import { type DistinctRule, distinctRules } from './compile.ts';
import { countValues } from './conditions.ts';
import { type Facts, factsOf } from './facts.ts';
import { actionsOf } from './filters.ts';

/** Default quotas of one load balancer, by edition (quota page of ALB); each can be raised by the account. */
const BY_EDITION = {
  Basic: { rules: 40, servers: 200, matchValues: 5, actions: 3 },
  Standard: { rules: 100, servers: 1_000, matchValues: 10, actions: 5 },
};
const REFERENCES_PER_GROUP = 50;
const REFERENCES_PER_ADDRESS = 200;
const SERVERS_PER_GROUP = 1_000;
const GROUPS_PER_RULE = 5;
/** All that the Basic edition has (npm @alicloud/alb20200616, CreateRule). */
const BASIC_TYPES = ['Host', 'Path', 'Header', 'ForwardGroup', 'Redirect'];

export function limitsOf({ edition }: Pick<Facts, 'edition'>) {
  return edition === 'Basic' ? BY_EDITION.Basic : BY_EDITION.Standard;
}

/**
 * What the configuration needs beyond the quotas, and addresses that two clusters claim. Rules, servers and addresses count again for
 * each rule on each listener.
 */
export function checkQuotas(config: GatewayConfig, observed: Observed): Issue[] {
  const facts = factsOf(observed);
  const limits = limitsOf(facts);
  const rules = distinctRules(config.rules);
  const listeners = facts.listenerCount;
  const foreignRules = Object.values(facts.foreignPriorities).reduce((sum, list) => sum + list.length, 0);
  const references = countReferences(rules, listeners);
  const servers = config.pools.reduce(
    (sum, pool) => sum + endpointsOf(pool).length * (references.get(pool.key) ?? 0),
    0,
  );
  return [
    ...exceeded('#/rules', 'rules of the load balancer', rules.length * listeners + foreignRules, limits.rules),
    ...exceeded('#/pools', 'servers of the load balancer, counted per reference', servers, limits.servers),
    ...rules.flatMap((rule) => checkRule(rule, limits)),
    ...(limits === BY_EDITION.Basic ? rules.flatMap(checkBasic) : []),
    ...config.pools.flatMap((pool) => checkPool(pool, references.get(pool.key) ?? 0)),
    ...checkAddresses(config.pools, references),
  ];
}

function checkRule(
  { description, conditions, rule }: DistinctRule,
  limits: { matchValues: number; actions: number },
): Issue[] {
  const actions = actionsOf(rule, (pool) => pool).length;
  return [
    ...exceeded('#/rules', `backends of rule ${description}`, rule.backends.length, GROUPS_PER_RULE),
    ...exceeded('#/rules', `match values of rule ${description}`, countValues(conditions), limits.matchValues),
    ...exceeded('#/rules', `actions of rule ${description}`, actions, limits.actions),
  ];
}

function checkBasic({ description, conditions, rule }: DistinctRule): Issue[] {
  const types = [...conditions, ...actionsOf(rule, (pool) => pool)].map(({ Type }) => Type);
  return [...new Set(types)]
    .filter((type) => !BASIC_TYPES.includes(type))
    .map((type) => {
      const detail = `The Basic edition of ALB has no ${type}, which rule ${description} needs.`;
      return { pointer: '#/rules', code: 'unsupported-feature', detail };
    });
}

function checkPool(pool: Pool, references: number): Issue[] {
  const pointer = `#/pools/${pool.key}`;
  return [
    ...exceeded(pointer, `references to the server group of ${pool.key}`, references, REFERENCES_PER_GROUP),
    ...exceeded(pointer, `servers of ${pool.key}`, endpointsOf(pool).length, SERVERS_PER_GROUP),
    ...conflicts(pool, pointer),
  ];
}

/** One server has one weight, so it cannot stand for two clusters. */
function conflicts(pool: Pool, pointer: string): Issue[] {
  const owners = new Map<string, string>();
  return pool.members.flatMap(({ cluster, endpoints }) =>
    endpoints.flatMap(({ address, port }) => {
      const name = `${address}:${port}`;
      const owner = owners.get(name) ?? cluster;
      owners.set(name, owner);
      if (owner === cluster) return [];
      const detail = `${name} of ${pool.service} is claimed by the clusters ${owner} and ${cluster}`;
      return [{ pointer, code: 'conflicting-declaration', detail }];
    }),
  );
}

function checkAddresses(pools: readonly Pool[], references: ReadonlyMap<string, number>): Issue[] {
  const counts = new Map<string, number>();
  for (const pool of pools) {
    const addresses = new Set(pool.members.flatMap((member) => member.endpoints.map((endpoint) => endpoint.address)));
    for (const address of addresses) counts.set(address, (counts.get(address) ?? 0) + (references.get(pool.key) ?? 0));
  }
  return [...counts].flatMap(([address, count]) =>
    exceeded('#/pools', `references to the address ${address}`, count, REFERENCES_PER_ADDRESS),
  );
}

/** How many rules on how many listeners refer to each pool, be it as a backend or as a mirror. */
function countReferences(rules: readonly DistinctRule[], listeners: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rule } of rules) {
    const pools = new Set([...rule.backends.map((backend) => backend.pool), rule.mirror]);
    for (const pool of pools) if (pool !== undefined) counts.set(pool, (counts.get(pool) ?? 0) + listeners);
  }
  return counts;
}

function endpointsOf(pool: Pool): string[] {
  const names = pool.members.flatMap((member) => member.endpoints.map(({ address, port }) => `${address}:${port}`));
  return [...new Set(names)];
}

function exceeded(pointer: string, what: string, used: number, allowed: number): Issue[] {
  if (used <= allowed) return [];
  return [{ pointer, code: 'quota-exceeded', detail: `Quota of ALB: ${what}: ${used} used, ${allowed} allowed.` }];
}
