import type { AlbTarget } from '../../../../schemas/gateway.ts';
import type { GatewayConfig, Pool, Share } from '../../../core/model/ir.ts';
import type { PoolShares } from '../../provider.ts';
import { groupsOf } from '../actions.ts';
import { type AlbObserved, type Facts, prioritiesAt } from '../observe/facts.ts';
import {
  type AlbObject,
  type GroupObject,
  groupObject,
  type HealthCheckConfig,
  isGroup,
  isRule,
  type RuleObject,
  ruleObject,
  type Server,
  type StickySessionConfig,
} from './canonical.ts';
import { type ListenerRule, listenerRules } from './distinct-rules.ts';
import { actionsOf } from './filters.ts';
import { groupName, newGroupKey, resourceName } from './marks.ts';
import { assignPriorities } from './priorities.ts';
import { assignGroups } from './references.ts';
import { effectiveShares, serverWeights } from './weights.ts';

/**
 * Returns the server groups that the pools have been matched with, and one rule for each listener and distinct match.
 */
export function compile(
  config: GatewayConfig,
  shares: PoolShares,
  observed: AlbObserved,
  { target }: { target: AlbTarget },
): AlbObject[] {
  const current = new Map(observed.objects.filter(isGroup).map(({ key, spec }) => [key, spec.Servers]));
  const groups = config.pools.flatMap((pool) => compilePool(pool, shares.get(pool.key) ?? [], observed.facts, current));
  return [...groups, ...compileRules(config, groups, observed, target)];
}

/** Returns the server groups of a pool, all with the same servers and weights. */
function compilePool(
  pool: Pool,
  shares: readonly Share[],
  facts: Facts,
  current: ReadonlyMap<string, readonly Server[]>,
): GroupObject[] {
  if (pool.objects === undefined) throw new Error(`The pool ${pool.key} has not been matched with what is there.`);
  return pool.objects.map(({ key }) => {
    const object = groupObject(key, {
      ServerGroupName: groupName(key),
      ServerGroupType: 'Ip',
      VpcId: facts.vpcId,
      Protocol: pool.protocol,
      Scheduler: 'Wrr',
      HealthCheckConfig: healthCheck(pool),
      StickySessionConfig: stickySession(pool),
      Servers: servers(pool, shares, current.get(key) ?? []),
      Tagged: true,
    });
    return { ...object, pool: pool.key, shares: effectiveShares(pool.members, shares) };
  });
}

/**
 * Returns the servers of a group. When no cluster shall serve, the weights stay as they are: a group whose weights are
 * all 0 answers 503, while one whose servers all fail is still tried (ALB fails open). When there are no shares at all,
 * 503 is wanted.
 */
function servers(pool: Pool, shares: readonly Share[], current: readonly Server[]): Server[] {
  const weighted = serverWeights(pool.members, shares);
  const nobody = shares.length > 0 && weighted.every((server) => server.weight === 0);
  return weighted.map(({ address, port, remote, weight }) => {
    const now = current.find((server) => server.ServerId === address && server.Port === port);
    return { ServerId: address, Port: port, Weight: nobody ? (now?.Weight ?? 0) : weight, RemoteIpEnabled: remote };
  });
}

/**
 * Returns all fields that matter for the type of check, because a field that is not sent keeps an undocumented default.
 */
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

/** Returns the session affinity, which relies on a cookie that ALB sets. */
function stickySession({ affinity }: Pool): StickySessionConfig {
  if (affinity === undefined) return { StickySessionEnabled: false };
  return { StickySessionEnabled: true, StickySessionType: 'Insert', CookieTimeout: affinity.ttlSeconds };
}

function compileRules(
  { rules, pools }: GatewayConfig,
  groups: readonly GroupObject[],
  { objects, facts }: AlbObserved,
  { listenerIds }: AlbTarget,
): RuleObject[] {
  const current = objects.filter(isRule);
  const wanted = listenerRules(rules, listenerIds);
  const groupFor = assignGroups(
    pools,
    wanted,
    new Map(current.map((one) => [one.key, groupsOf(one.spec.RuleActions)])),
  );
  const populated = new Set(groups.filter(({ spec }) => spec.Servers.length > 0).map(({ key }) => key));
  const priorities = new Map(listenerIds.flatMap((id) => [...prioritiesFor(id, wanted, current, facts)]));
  return wanted.map(({ key, keys, listenerId, description, conditions, rule }) => {
    // A missing pool has no group either, and its rules are refused when they are applied.
    const groupOf = (pool: string) => groupFor(pool, key) ?? newGroupKey({ key: pool, protocol: 'HTTP' });
    const RuleActions = actionsOf(rule, groupOf);
    const spec = {
      ListenerId: listenerId,
      RuleName: resourceName(description),
      Priority: priorities.get(key) ?? 0,
      RuleConditions: conditions,
      RuleActions,
    };
    return {
      ...ruleObject(key, spec),
      rules: keys,
      populated: groupsOf(RuleActions).filter((group) => populated.has(group)),
    };
  });
}

function prioritiesFor(
  listenerId: string,
  wanted: readonly ListenerRule[],
  current: readonly RuleObject[],
  facts: Facts,
): Map<string, number> {
  const own = current.filter(({ spec }) => spec.ListenerId === listenerId);
  return assignPriorities(
    wanted.filter((rule) => rule.listenerId === listenerId).map(({ key }) => key),
    new Map(own.map(({ key, spec }) => [key, spec.Priority])),
    prioritiesAt(listenerId, facts),
  );
}
