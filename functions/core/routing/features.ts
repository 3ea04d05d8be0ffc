import type { RouteFilter } from '../../../schemas/filter.ts';
import type { Message } from '../../../schemas/messages/index.ts';
import type { RouteMatch, RouteRule, RouteSpec } from '../../../schemas/route.ts';

/** The features of routes that a gateway may be unable to carry, with their names for display. */
export const FEATURES = {
  'hostname.exact': 'host names',
  'hostname.wildcard': 'host names with a leading wildcard',
  'path.Exact': 'exact paths',
  'path.Prefix': 'path prefixes, by segment',
  'path.RegularExpression': 'paths by regular expression',
  method: 'methods',
  'header.Exact': 'headers',
  'header.RegularExpression': 'headers by regular expression',
  'query.Exact': 'query parameters',
  'query.RegularExpression': 'query parameters by regular expression',
  cookie: 'cookies',
  weights: 'weights between backends',
  'filter.RequestHeaderModifier.set': 'setting request headers',
  'filter.RequestHeaderModifier.add': 'adding request headers',
  'filter.RequestHeaderModifier.remove': 'removing request headers',
  'filter.ResponseHeaderModifier': 'changing response headers',
  'filter.URLRewrite.hostname': 'rewriting the host',
  'filter.URLRewrite.ReplaceFullPath': 'rewriting the whole path',
  'filter.URLRewrite.ReplacePrefixMatch': 'rewriting the prefix of the path',
  'filter.RequestRedirect': 'redirects',
  'filter.RequestRedirect.scheme': 'redirects to another scheme',
  'filter.RequestRedirect.hostname': 'redirects to another host',
  'filter.RequestRedirect.port': 'redirects to another port',
  'filter.RequestRedirect.ReplaceFullPath': 'redirects to another path',
  'filter.RequestRedirect.ReplacePrefixMatch': 'redirects to another prefix of the path',
  'filter.DirectResponse': 'answers by the gateway itself',
  'filter.CORS': 'CORS',
  'filter.RequestMirror': 'mirroring requests',
  'filter.RateLimit': 'rate limits',
  timeout: 'timeouts of requests',
  retry: 'retries',
  fallback: 'fallback backends',
} as const;

export type Feature = keyof typeof FEATURES;

/** For each feature: true when the gateway can carry it, or else the reason why it cannot. */
export type Capabilities = Readonly<Record<Feature, true | Message>>;

/** A feature that a route uses, and a JSON pointer to the place in the route where it uses it. */
export interface Use {
  feature: Feature;
  pointer: string;
}

export function featuresOf(route: RouteSpec): Use[] {
  return [
    ...route.hostnames.map(
      (name, index): Use => ({
        feature: name.startsWith('*.') ? 'hostname.wildcard' : 'hostname.exact',
        pointer: `#/hostnames/${index}`,
      }),
    ),
    ...route.rules.flatMap((rule, index) => ofRule(rule, `#/rules/${index}`)),
  ];
}

function ofRule(rule: RouteRule, at: string): Use[] {
  const uses = [
    ...rule.matches.flatMap((match, index) => ofMatch(match, `${at}/matches/${index}`)),
    ...rule.filters.flatMap((filter, index) =>
      ofFilter(filter).map((feature) => ({ feature, pointer: `${at}/filters/${index}` })),
    ),
  ];
  if (rule.backendRefs.filter((ref) => ref.weight > 0).length > 1)
    uses.push({ feature: 'weights', pointer: `${at}/backendRefs` });
  if (rule.timeouts) uses.push({ feature: 'timeout', pointer: `${at}/timeouts` });
  if (rule.retry) uses.push({ feature: 'retry', pointer: `${at}/retry` });
  if (rule.fallback) uses.push({ feature: 'fallback', pointer: `${at}/fallback` });
  return uses;
}

function ofMatch(match: RouteMatch, at: string): Use[] {
  return [
    { feature: `path.${match.path.type}`, pointer: `${at}/path` },
    ...(match.method === undefined ? [] : [{ feature: 'method' as const, pointer: `${at}/method` }]),
    ...match.headers.map(
      (header, index): Use => ({ feature: `header.${header.type}`, pointer: `${at}/headers/${index}` }),
    ),
    ...match.queryParams.map(
      (param, index): Use => ({ feature: `query.${param.type}`, pointer: `${at}/queryParams/${index}` }),
    ),
    ...match.cookies.map((_, index): Use => ({ feature: 'cookie', pointer: `${at}/cookies/${index}` })),
  ];
}

function ofFilter(filter: RouteFilter): Feature[] {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return (['set', 'add', 'remove'] as const)
        .filter((verb) => filter[verb].length > 0)
        .map((verb): Feature => `filter.RequestHeaderModifier.${verb}`);
    case 'URLRewrite': {
      const host: Feature[] = filter.hostname === undefined ? [] : ['filter.URLRewrite.hostname'];
      return filter.path ? [...host, `filter.URLRewrite.${filter.path.type}`] : host;
    }
    case 'RequestRedirect': {
      const parts = (['scheme', 'hostname', 'port'] as const).filter((part) => filter[part] !== undefined);
      const changes = parts.map((part): Feature => `filter.RequestRedirect.${part}`);
      return [
        'filter.RequestRedirect',
        ...changes,
        ...(filter.path ? [`filter.RequestRedirect.${filter.path.type}` as const] : []),
      ];
    }
    default:
      return [`filter.${filter.type}`];
  }
}
