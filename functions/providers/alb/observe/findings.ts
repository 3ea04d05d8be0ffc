import { issueAt, say } from '../../../../schemas/messages/index.ts';
import type { GatewayConfig, Pool } from '../../../core/model/ir.ts';
import { equalAddresses } from '../../equal-addresses.ts';
import type { Finding, QuotaUse } from '../../provider.ts';
import { isExceeded, largest, refusal } from '../../quotas.ts';
import { type DistinctRule, distinctRules } from '../compile/distinct-rules.ts';
import { actionsOf } from '../compile/filters.ts';
import { redirectLoop } from '../compile/redirect-loop.ts';
import { balancersFor, ownUses, sharedUses, sizesOf } from '../limits/limits.ts';
import type { Facts } from './facts.ts';

/** The conditions and actions that the Basic edition supports (npm @alicloud/alb20200616, CreateRule). */
const BASIC_TYPES = ['Host', 'Path', 'Header', 'ForwardGroup', 'Redirect'];

export function quotas(config: GatewayConfig, facts: Facts): QuotaUse[] {
  const { shared, own } = usesOf(config, facts);
  return largest([...shared, ...own]);
}

/**
 * Finds what the load balancer cannot hold or carry, or what would not behave as declared. Each finding names the rules
 * and pools concerned.
 */
export function findings(config: GatewayConfig, facts: Facts): Finding[] {
  const { rules, sizes, shared, own } = usesOf(config, facts);
  const missing = shared.filter(isExceeded);
  const balancers = missing.length > 0 ? balancersFor(rules, sizes, facts) : undefined;
  return [
    ...missing.map((use) => refusal('ALB', use, balancers)),
    ...own.filter(isExceeded).map((use) => refusal('ALB', use)),
    ...(facts.edition === 'Basic' ? rules.flatMap(checkBasic) : []),
    ...rules.flatMap((rule) => checkRedirect(rule, facts)),
    ...config.pools.flatMap(equalAddresses),
    ...config.pools.flatMap((pool) => checkProtocol(pool, facts)),
  ];
}

function usesOf(config: GatewayConfig, facts: Facts) {
  const rules = distinctRules(config.rules);
  const sizes = sizesOf(config.pools);
  return { rules, sizes, shared: sharedUses(rules, sizes, facts), own: ownUses(rules, sizes, facts) };
}

function checkBasic({ description, conditions, rule }: DistinctRule): Finding[] {
  const types = [...conditions, ...actionsOf(rule, (pool) => pool)].map(({ Type }) => Type);
  return [...new Set(types)]
    .filter((type) => !BASIC_TYPES.includes(type))
    .map((type) => {
      const message = say('AlbBasicLacks', { type, rule: description });
      return { ...issueAt('#/rules', 'unsupported-feature', message), rules: [rule.key], pools: [] };
    });
}

function checkRedirect({ description, rule }: DistinctRule, { listeners }: Facts): Finding[] {
  const ports = listeners.filter((listener) => redirectLoop(rule, listener)).map(({ port }) => port);
  if (ports.length === 0) return [];
  const message = say('AlbRedirectLoop', { rule: description, ports });
  return [{ ...issueAt('#/rules', 'redirect-loop', message), rules: [rule.key], pools: [] }];
}

/**
 * Finds gRPC pools at a gateway without an HTTPS listener, because only HTTPS listeners carry gRPC to servers ("Create
 * and manage listeners": supported backend protocols of each listener protocol).
 */
function checkProtocol({ key, service, port, protocol }: Pool, { listeners }: Facts): Finding[] {
  if (protocol !== 'gRPC' || listeners.length === 0) return [];
  if (listeners.some((listener) => listener.protocol === 'HTTPS')) return [];
  const message = say('AlbGrpcNeedsHttps', { port, service });
  return [{ ...issueAt(`#/pools/${key}`, 'unsupported-feature', message), rules: [], pools: [key] }];
}
