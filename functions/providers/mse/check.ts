import type { RouteFilter } from '../../../schemas/filter.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { RouteSpec } from '../../../schemas/route.ts';
import type { Capabilities } from '../../core/features.ts';
import type { GatewayConfig, Pool, Rule } from '../../core/ir.ts';
import type { Observed, QuotaUse } from '../provider.ts';
import { isExceeded, largest, refusal, type Use } from '../quotas.ts';
import { factsOf } from './facts.ts';
import { HOUR_SECONDS } from './policies.ts';
import { slotsOf } from './shares.ts';

/** Percentages of a route are whole and total 100. */
const MAX_DESTINATIONS = 100;

const REDIRECT = 'a redirect of MSE has a status code, a host and a whole path only';

/** What the routes of MSE can carry (MSE OpenAPI 2019-05-31). */
export const capabilities: Capabilities = {
  'hostname.exact': true,
  'hostname.wildcard': true,
  'path.Exact': true,
  'path.Prefix': true,
  'path.RegularExpression': true,
  method: true,
  'header.Exact': true,
  'header.RegularExpression': true,
  'query.Exact': true,
  'query.RegularExpression': true,
  cookie: 'MSE has no condition on cookies',
  weights: true,
  'filter.RequestHeaderModifier.set': true,
  'filter.RequestHeaderModifier.add': true,
  'filter.RequestHeaderModifier.remove': true,
  'filter.ResponseHeaderModifier': true,
  'filter.URLRewrite.hostname': true,
  'filter.URLRewrite.ReplaceFullPath': true,
  'filter.URLRewrite.ReplacePrefixMatch': true,
  'filter.RequestRedirect': true,
  'filter.RequestRedirect.scheme': REDIRECT,
  'filter.RequestRedirect.hostname': true,
  'filter.RequestRedirect.port': REDIRECT,
  'filter.RequestRedirect.ReplaceFullPath': true,
  'filter.RequestRedirect.ReplacePrefixMatch': REDIRECT,
  'filter.DirectResponse': true,
  'filter.CORS': true,
  'filter.RequestMirror': 'no action of the API of MSE sets a mirror',
  'filter.RateLimit': 'Fairlead writes no flow rules of MSE',
  timeout: true,
  retry: true,
  fallback: true,
};

export function check(route: RouteSpec): Issue[] {
  const clusters = Math.max(1, route.distribution.clusters.length);
  return route.rules.flatMap(({ backendRefs, filters }, index) => {
    const backends = backendRefs.filter((ref) => ref.weight > 0).length;
    return [
      ...tooMany(`#/rules/${index}/backendRefs`, backends * clusters),
      ...filters.flatMap((filter, position) => checkMaxAge(filter, `#/rules/${index}/filters/${position}`)),
    ];
  });
}

function tooMany(pointer: string, count: number): Issue[] {
  if (count <= MAX_DESTINATIONS) return [];
  const detail = `backends times clusters is ${count}, and a route of MSE has ${MAX_DESTINATIONS} percent to share out`;
  return [{ pointer, code: 'unsupported-feature', detail }];
}

function checkMaxAge(filter: RouteFilter, pointer: string): Issue[] {
  if (filter.type !== 'CORS' || filter.maxAgeSeconds % HOUR_SECONDS === 0) return [];
  const detail = `MSE counts it in hours: ${filter.maxAgeSeconds} is no multiple of ${HOUR_SECONDS}`;
  return [{ pointer: `${pointer}/maxAgeSeconds`, code: 'unsupported-feature', detail }];
}

/** MSE publishes no quotas; what is known is that the percentages of a route are whole. */
export function quotas(config: GatewayConfig): QuotaUse[] {
  return largest(destinationUses(config));
}

function destinationUses({ rules, pools }: GatewayConfig): Use[] {
  const slots = new Map(pools.map((pool) => [pool.key, slotsOf(pool, []).slots.length]));
  return rules.map(({ key, backends }) => ({
    kind: 'destinations',
    quota: `services of the route of ${key}`,
    used: backends.reduce((sum, { pool }) => sum + (slots.get(pool) ?? 0), 0),
    allowed: MAX_DESTINATIONS,
    pointer: `#/rules/${key}`,
  }));
}

/** What must not, or cannot, be written to this gateway. */
export function checkQuotas(config: GatewayConfig, observed: Observed): Issue[] {
  const { impostors, ofIngressController } = factsOf(observed);
  return [
    ...(ofIngressController ? [foreign('The gateway is owned by the Ingress controller of a cluster.')] : []),
    ...impostors.map((name) => foreign(`${name} has a name of ours, and is not ours.`)),
    ...destinationUses(config)
      .filter(isExceeded)
      .map((use) => refusal('MSE', use)),
    ...config.rules.flatMap((rule) => checkFallback(rule, config.pools)),
    ...config.pools.filter((pool) => slotsOf(pool, []).slots.length === 0).map(empty),
  ];
}

/** MSE falls back between HTTP services only (MSE user guide, create a route). */
function checkFallback({ key, backends, fallback }: Rule, pools: readonly Pool[]): Issue[] {
  if (fallback === undefined) return [];
  const used = new Set([...backends.map(({ pool }) => pool), fallback]);
  return pools
    .filter((pool) => used.has(pool.key) && pool.protocol !== 'HTTP')
    .map(({ service, port, protocol }) => ({
      pointer: `#/rules/${key}`,
      code: 'unsupported-feature',
      detail: `MSE falls back between HTTP services only, and port ${port} of ${service} is ${protocol}.`,
    }));
}

function foreign(detail: string): Issue {
  return { pointer: '#/target', code: 'foreign-object', detail };
}

function empty({ key, service, port }: Pool): Issue {
  return { pointer: `#/pools/${key}`, code: 'empties-pool', detail: `No cluster serves port ${port} of ${service}.` };
}
