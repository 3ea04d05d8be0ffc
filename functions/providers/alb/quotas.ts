import type { Issue } from '../../../schemas/problem.ts';
import type { GatewayConfig, Pool } from '../../core/ir.ts';
import type { Observed, QuotaUse } from '../provider.ts';
import { isExceeded, largest, refusal } from '../quotas.ts';
import { type DistinctRule, distinctRules } from './compile.ts';
import { factsOf } from './facts.ts';
import { actionsOf } from './filters.ts';
import { balancersFor, ownUses, sharedUses, sizesOf } from './limits.ts';

/** All that the Basic edition has (npm @alicloud/alb20200616, CreateRule). */
const BASIC_TYPES = ['Host', 'Path', 'Header', 'ForwardGroup', 'Redirect'];

export function quotas(config: GatewayConfig, observed: Observed): QuotaUse[] {
  const { shared, own } = usesOf(config, observed);
  return largest([...shared, ...own]);
}

/** What the configuration needs beyond the quotas or the edition, and addresses that two clusters claim. */
export function checkQuotas(config: GatewayConfig, observed: Observed): Issue[] {
  const { rules, sizes, facts, shared, own } = usesOf(config, observed);
  const missing = shared.filter(isExceeded);
  const balancers = missing.length > 0 ? balancersFor(rules, sizes, facts) : undefined;
  return [
    ...missing.map((use) => refusal('ALB', use, balancers)),
    ...own.filter(isExceeded).map((use) => refusal('ALB', use)),
    ...(facts.edition === 'Basic' ? rules.flatMap(checkBasic) : []),
    ...config.pools.flatMap(conflicts),
  ];
}

function usesOf(config: GatewayConfig, observed: Observed) {
  const facts = factsOf(observed);
  const rules = distinctRules(config.rules);
  const sizes = sizesOf(config.pools);
  return { facts, rules, sizes, shared: sharedUses(rules, sizes, facts), own: ownUses(rules, sizes, facts) };
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

/** One server has one weight, so it cannot stand for two clusters. */
function conflicts({ key, service, members }: Pool): Issue[] {
  const owners = new Map<string, string>();
  return members.flatMap(({ cluster, endpoints }) =>
    endpoints.flatMap(({ address, port }) => {
      const name = `${address}:${port}`;
      const owner = owners.get(name) ?? cluster;
      owners.set(name, owner);
      if (owner === cluster) return [];
      const detail = `${name} of ${service} is claimed by the clusters ${owner} and ${cluster}`;
      return [{ pointer: `#/pools/${key}`, code: 'conflicting-declaration', detail }];
    }),
  );
}
