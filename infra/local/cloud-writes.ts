import type { LogEntry } from './cloud/log.ts';

/** Actions of ALB and MSE that write how requests are matched: rules, and routes with their domains. */
const RULES = /Rule|GatewayRoute|GatewayDomain/;

/** Actions that write where requests go: server groups, and services of a gateway. */
const POOLS = /ServerGroup|GatewayService|ImportServices/;

export interface Writes {
  rules: number;
  pools: number;
}

/** Counts the calls to the local cloud that wrote rules and those that wrote pools. */
export function countWrites(calls: readonly LogEntry[]): Writes {
  const writes = calls.filter((call) => call.kind === 'write');
  return {
    rules: writes.filter(({ action }) => RULES.test(action)).length,
    pools: writes.filter(({ action }) => POOLS.test(action)).length,
  };
}
