import { issueAt, type Message, say } from '../../../../schemas/messages/index.ts';
import type { GatewayConfig, Pool, Rule } from '../../../core/model/ir.ts';
import { equalAddresses } from '../../equal-addresses.ts';
import type { Finding, Observed, QuotaUse } from '../../provider.ts';
import { isExceeded, largest, refusal, type Use } from '../../quotas.ts';
import { MAX_DESTINATIONS } from '../compile/check.ts';
import { redirectLoops } from '../compile/redirects.ts';
import { partsOf } from '../compile/slots.ts';
import { factsOf } from './facts.ts';

/** Returns the use of quotas. MSE publishes none; the only known limit is that the percentages of a route are whole. */
export function quotas(config: GatewayConfig): QuotaUse[] {
  return largest(destinationUses(config).map(({ use }) => use));
}

/** Finds what must not, or cannot, be written to this gateway. */
export function findings(config: GatewayConfig, facts: Observed['facts']): Finding[] {
  const { impostors, ofIngressController } = factsOf(facts);
  return [
    ...(ofIngressController ? [foreign(say('MseOfIngressController'))] : []),
    ...impostors.map((name) => foreign(say('MseNameTaken', { name }))),
    ...destinationUses(config)
      .filter(({ use }) => isExceeded(use))
      .map(({ rule, use }) => ({ ...refusal('MSE', use), rules: [rule], pools: [] })),
    ...config.rules.flatMap((rule) => checkFallback(rule, config.pools)),
    ...redirectLoops(config.rules).map(loop),
    ...config.pools.flatMap(equalAddresses),
    ...config.pools.filter((pool) => partsOf(pool).length === 0).map(empty),
  ];
}

function destinationUses({ rules, pools }: GatewayConfig): { rule: string; use: Use }[] {
  const parts = new Map(pools.map((pool) => [pool.key, partsOf(pool).length]));
  return rules.map(({ key, backends }) => ({
    rule: key,
    use: {
      kind: 'destinations',
      quota: say('MseRouteServices', { rule: key }).text,
      used: backends.reduce((sum, { pool }) => sum + (parts.get(pool) ?? 0), 0),
      allowed: MAX_DESTINATIONS,
      pointer: pointerOf(key),
    },
  }));
}

/**
 * Finds fallbacks that MSE does not support: it falls back between HTTP services only (MSE user guide, create a route).
 */
function checkFallback({ key, backends, fallback }: Rule, pools: readonly Pool[]): Finding[] {
  if (fallback === undefined) return [];
  const used = new Set([...backends.map(({ pool }) => pool), fallback]);
  return pools
    .filter((pool) => used.has(pool.key) && pool.protocol !== 'HTTP')
    .map(({ service, port, protocol }) => ({
      ...issueAt(pointerOf(key), 'unsupported-feature', say('MseFallbackHttpOnly', { port, service, protocol })),
      rules: [key],
      pools: [],
    }));
}

function loop({ key }: Rule): Finding {
  const message = say('MseRedirectLoop', { rule: key });
  return { ...issueAt(pointerOf(key), 'redirect-loop', message), rules: [key], pools: [] };
}

/** Returns a finding that concerns the gateway as a whole. */
function foreign(message: Message): Finding {
  return { ...issueAt('#/target', 'foreign-object', message), rules: [], pools: [] };
}

function empty({ key, service, port }: Pool): Finding {
  const message = say('NoClusterServes', { port, service });
  return { ...issueAt(`#/pools/${key}`, 'empties-pool', message), rules: [], pools: [key] };
}

function pointerOf(key: string): string {
  return `#/rules/${key}`;
}
