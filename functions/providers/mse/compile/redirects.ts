import type { FilterOf } from '../../../../schemas/filter.ts';
import type { Rule } from '../../../core/model/ir.ts';
import { filterOf } from './policies.ts';

type Redirect = FilterOf<'RequestRedirect'>;

/**
 * The host and path that a redirect leads to. An undefined part stays as requested; an undefined host may be any host.
 */
interface Target {
  host: string | undefined;
  path: string | undefined;
}

/**
 * Returns the redirects that certainly lead to themselves. `rules` are in order of precedence. Where an earlier rule
 * may take the request that follows, nothing is certain.
 */
export function redirectLoops(rules: readonly Rule[]): Rule[] {
  return rules.filter((rule, index) => {
    const redirect = filterOf(rule, 'RequestRedirect');
    return redirect !== undefined && isLoop(rule, redirect, () => rules.slice(0, index));
  });
}

function isLoop(rule: Rule, redirect: Redirect, earlier: () => Rule[]): boolean {
  if (!repeatsConditions(rule, redirect)) return false;
  const target = { host: redirect.hostname ?? rule.hostname, path: redirect.path?.value };
  const takesIt = takesHost(rule, target) && takesPath(rule, target, false);
  if (!takesIt) return false;
  const isSame = target.host === rule.hostname && (target.path === undefined || rule.match.path.type === 'Exact');
  return isSame || !earlier().some((other) => takesHost(other, target) && takesPath(other, target, true));
}

/**
 * Tells whether the request after a redirect meets the conditions of the rule again. A client that follows 301, 302 or
 * 303 sends GET, and may send other headers. A redirect with a scheme or port leads elsewhere.
 */
function repeatsConditions({ match }: Rule, { scheme, port, statusCode }: Redirect): boolean {
  const { method = 'GET', headers, cookies } = match;
  const keepsMethod = statusCode === 307 || statusCode === 308 || method === 'GET' || method === 'HEAD';
  return keepsMethod && headers.length === 0 && cookies.length === 0 && scheme === undefined && port === undefined;
}

function takesHost({ hostname }: Rule, { host }: Target): boolean {
  if (hostname === undefined || hostname === host) return true;
  return host !== undefined && hostname.startsWith('*.') && host.endsWith(hostname.slice(1));
}

/** Tells whether a rule takes the path of a target. `otherwise` is the answer where this is not known. */
function takesPath({ match }: Rule, { path }: Target, otherwise: boolean): boolean {
  const { type, value } = match.path;
  if (path === undefined) return true;
  if (type === 'Exact') return path === value;
  if (type === 'RegularExpression') return otherwise;
  const prefix = value.replace(/\/+$/, '');
  return path === prefix || path.startsWith(`${prefix}/`);
}
