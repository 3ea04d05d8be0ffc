import type { Capabilities } from '../../../core/routing/features.ts';

/**
 * The features of a route that an ALB forwarding rule for requests can express (ALB OpenAPI 2020-06-16, CreateRules).
 */
export const capabilities: Capabilities = {
  'hostname.exact': true,
  'hostname.wildcard': true,
  'path.Exact': true,
  'path.Prefix': true,
  'path.RegularExpression': true,
  method: true,
  'header.Exact': true,
  'header.RegularExpression': 'ALB compares headers by value',
  'query.Exact': true,
  'query.RegularExpression': 'ALB compares query parameters by value',
  cookie: true,
  weights: true,
  'filter.RequestHeaderModifier.set': true,
  'filter.RequestHeaderModifier.add':
    'ALB does not say whether a header that it inserts stands beside the one that is there; use set',
  'filter.RequestHeaderModifier.remove': true,
  'filter.ResponseHeaderModifier':
    'ALB changes responses by rules of their own, which do not know the rule of the request',
  'filter.URLRewrite.hostname': true,
  'filter.URLRewrite.ReplaceFullPath': true,
  'filter.URLRewrite.ReplacePrefixMatch': true,
  'filter.RequestRedirect': true,
  'filter.RequestRedirect.scheme': true,
  'filter.RequestRedirect.hostname': true,
  'filter.RequestRedirect.port': true,
  'filter.RequestRedirect.ReplaceFullPath': true,
  'filter.RequestRedirect.ReplacePrefixMatch': true,
  'filter.DirectResponse': true,
  'filter.CORS': true,
  'filter.RequestMirror': true,
  'filter.RateLimit': true,
  timeout: 'ALB has one timeout for all requests of a listener',
  retry: 'ALB has no retries that a rule could set',
  fallback: 'ALB chooses a server group whatever its health; use tiers of the distribution',
};
