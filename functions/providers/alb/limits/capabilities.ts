import { say } from '../../../../schemas/messages/index.ts';
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
  'header.RegularExpression': say('AlbHeadersByValue'),
  'query.Exact': true,
  'query.RegularExpression': say('AlbQueryByValue'),
  cookie: true,
  weights: true,
  'filter.RequestHeaderModifier.set': true,
  'filter.RequestHeaderModifier.add': say('AlbHeaderAdd'),
  'filter.RequestHeaderModifier.remove': true,
  'filter.ResponseHeaderModifier': say('AlbResponseRules'),
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
  timeout: say('AlbOneTimeout'),
  retry: say('AlbNoRetries'),
  fallback: say('AlbNoFallback'),
};
