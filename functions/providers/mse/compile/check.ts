import type { RouteFilter } from '../../../../schemas/filter.ts';
import { issueAt, say } from '../../../../schemas/messages/index.ts';
import type { Issue } from '../../../../schemas/problem.ts';
import type { RouteSpec } from '../../../../schemas/route.ts';
import type { Capabilities } from '../../../core/routing/features.ts';
import { HOUR_SECONDS } from './policies.ts';

/** The most services of a route, because its percentages are whole and total 100. */
export const MAX_DESTINATIONS = 100;

const REDIRECT = say('MseRedirect');

/** The features that routes of MSE can carry (MSE OpenAPI 2019-05-31). */
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
  cookie: say('MseNoCookies'),
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
  'filter.RequestMirror': say('MseNoMirror'),
  'filter.RateLimit': say('MseNoFlowRules'),
  timeout: true,
  retry: true,
  fallback: true,
};

export function check(route: RouteSpec): Issue[] {
  return route.rules.flatMap(({ filters }, index) =>
    filters.flatMap((filter, position) => checkMaxAge(filter, `#/rules/${index}/filters/${position}`)),
  );
}

function checkMaxAge(filter: RouteFilter, pointer: string): Issue[] {
  if (filter.type !== 'CORS' || filter.maxAgeSeconds % HOUR_SECONDS === 0) return [];
  const message = say('MseWholeHours', { seconds: filter.maxAgeSeconds, hourSeconds: HOUR_SECONDS });
  return [issueAt(`${pointer}/maxAgeSeconds`, 'unsupported-feature', message)];
}
