import type { LogEntry } from './cloud/log.ts';

/** Actions of ALB and MSE that write what requests are matched by: rules, and routes with their domains. */
const RULES = /Rule|GatewayRoute|GatewayDomain/;

/** Actions that write where requests go: server groups, and services of a gateway. */
const POOLS = /ServerGroup|GatewayService|ImportServices/;

export interface Writes {
  rules: number;
  pools: number;
}

/** Of calls to the local cloud, how many wrote rules and how many wrote pools. */
export function countWrites(calls: readonly LogEntry[]): Writes {
  const writes = calls.filter((call) => call.kind === 'write');
  return {
    rules: writes.filter(({ action }) => RULES.test(action)).length,
    pools: writes.filter(({ action }) => POOLS.test(action)).length,
  };
}
