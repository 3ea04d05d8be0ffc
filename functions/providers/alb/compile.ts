import type { AlbTarget } from '../../../schemas/gateway.ts';
import { digest } from '../../core/digest.ts';
import type { GatewayConfig, Pool, Rule, Share } from '../../core/ir.ts';
import type { ProviderObject } from '../../core/provider-object.ts';
import type { Observed, PoolShares } from '../provider.ts';
import {
  type Condition,
  GroupSpec,
  groupObject,
  type HealthCheckConfig,
  RULE,
  RuleSpec,
  resourceName,
  ruleObject,
  SERVER_GROUP,
  type Server,
  type StickySessionConfig,
  tagValue,
} from './canonical.ts';
import { conditionsFor, conditionsOf, describe } from './conditions.ts';
import { type Facts, factsOf } from './facts.ts';
import { actionsOf } from './filters.ts';
import { assignPriorities } from './priorities.ts';
import { effectiveShares, serverWeights } from './weights.ts';

/** One server group for each pool, and one rule for each listener and distinct match. */
export function compile(
  config: GatewayConfig,
  shares: PoolShares,
  observed: Observed,
  { target }: { target: AlbTarget },
): ProviderObject[] {
  const facts = factsOf(observed);
  const current = new Map(observed.objects.filter(({ kind }) => kind === SERVER_GROUP).map((item) => [item.key, item]));
  const groups = config.pools.map((pool) =>
    compilePool(pool, shares.get(pool.key) ?? [], facts, current.get(groupKey(pool))),
  );
  const groupKeys = new Map(config.pools.map((pool) => [pool.key, groupKey(pool)]));
  const rules = distinctRules(config.rules);
  return [...groups, ...target.listenerIds.flatMap((id) => compileRules(id, rules, groupKeys, facts, observed))];
}

/** The protocol of a group is fixed for life, so it is a part of what the group is. */
export function groupKey(pool: Pool): string {
  return tagValue(`pool/${pool.key}${pool.protocol === 'HTTP' ? '' : `/${pool.protocol}`}`);
}

function compilePool(
  pool: Pool,
  shares: readonly Share[],
  facts: Facts,
  current: ProviderObject | undefined,
): ProviderObject {
  const key = groupKey(pool);
  const object = groupObject(key, {
    ServerGroupName: resourceName(pool.key),
    ServerGroupType: 'Ip',
    VpcId: facts.vpcId,
    Protocol: pool.protocol,
    Scheduler: 'Wrr',
    HealthCheckConfig: healthCheck(pool),
    StickySessionConfig: stickySession(pool),
    Servers: servers(pool, shares, current ? GroupSpec.parse(current.spec).Servers : []),
  });
  return { ...object, pool: pool.key, shares: effectiveShares(pool.members, shares) };
}

/**
 * When no cluster shall serve, weights stay what they are: a group whose weights are all 0 answers 503, while one whose servers all
 * fail is still tried (ALB fails open). Without any shares, 503 is what is wanted.
 */
function servers(pool: Pool, shares: readonly Share[], current: readonly Server[]): Server[] {
  const weighted = serverWeights(pool.members, shares);
  const nobody = shares.length > 0 && weighted.every((server) => server.weight === 0);
  return weighted.map(({ address, port, remote, weight }) => {
    const now = current.find((server) => server.ServerId === address && server.Port === port);
    return { ServerId: address, Port: port, Weight: nobody ? (now?.Weight ?? 0) : weight, RemoteIpEnabled: remote };
  });
}

/** All fields that matter for the kind of check; what is not sent keeps an undocumented default. */
function healthCheck({ healthCheck: check, protocol }: Pool): HealthCheckConfig {
  const common = {
    HealthCheckEnabled: true,
    HealthCheckConnectPort: 0,
    HealthCheckInterval: check.intervalSeconds,
    HealthCheckTimeout: check.timeoutSeconds,
    HealthyThreshold: check.healthyThreshold,
    UnhealthyThreshold: check.unhealthyThreshold,
  };
  if (check.type === 'tcp') return { ...common, HealthCheckProtocol: 'TCP' };
  return {
    ...common,
    HealthCheckProtocol: protocol === 'HTTPS' ? 'HTTPS' : 'HTTP',
    HealthCheckPath: check.path,
    HealthCheckMethod: check.method,
    HealthCheckHttpVersion: 'HTTP1.1',
    HealthCheckCodes: ['http_2xx', 'http_3xx'],
  };
}

/** By a cookie that ALB sets. */
function stickySession({ affinity }: Pool): StickySessionConfig {
  if (affinity === undefined) return { StickySessionEnabled: false };
  return { StickySessionEnabled: true, StickySessionType: 'Insert', CookieTimeout: affinity.ttlSeconds };
}

export interface DistinctRule {
  description: string;
  conditions: Condition[];
  rule: Rule;
}

/**
 * Rules by what they match. That is also their identity at the gateway: a route that is reordered or split changes no rule, and a rule
 * that matches something else is a new one, created before the old one goes, so that no request finds a gap. Of rules that match the
 * same only the first can ever be reached. Filters are no part of it: they may ask for other conditions, but these match the same.
 */
export function distinctRules(rules: readonly Rule[]): DistinctRule[] {
  const distinct = new Map<string, DistinctRule>();
  for (const rule of rules) {
    const plain = conditionsOf(rule);
    const identity = digest(plain);
    if (distinct.has(identity)) continue;
    distinct.set(identity, { description: describe(rule, plain), conditions: conditionsFor(rule), rule });
  }
  return [...distinct.values()];
}

function compileRules(
  listenerId: string,
  rules: readonly DistinctRule[],
  groupKeys: ReadonlyMap<string, string>,
  facts: Facts,
  observed: Observed,
): ProviderObject[] {
  const groupOf = (pool: string) => groupKeys.get(pool) ?? tagValue(`pool/${pool}`);
  const keyed = rules.map((rule) => ({ ...rule, key: tagValue(`${listenerId}/${rule.description}`) }));
  const priorities = assignPriorities(
    keyed.map(({ key }) => key),
    currentPriorities(listenerId, observed),
    facts.foreignPriorities[listenerId] ?? [],
  );
  return keyed.map(({ key, description, conditions, rule }) =>
    ruleObject(key, {
      ListenerId: listenerId,
      RuleName: resourceName(description),
      Priority: priorities.get(key) ?? 0,
      RuleConditions: conditions,
      RuleActions: actionsOf(rule, groupOf),
    }),
  );
}

function currentPriorities(listenerId: string, observed: Observed): Map<string, number> {
  const priorities = new Map<string, number>();
  for (const object of observed.objects.filter((item) => item.kind === RULE)) {
    const spec = RuleSpec.parse(object.spec);
    if (spec.ListenerId === listenerId) priorities.set(object.key, spec.Priority);
  }
  return priorities;
}
