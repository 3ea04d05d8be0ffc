import { BlockList, isIPv6 } from 'node:net';
import { cookies, headerValues, type ProxyRequest } from '../../data-plane/request.ts';
import type { RuleCondition } from '../model.ts';

/**
 * Tells whether a request meets all conditions of a rule; one value of a condition is enough for it (ALB OpenAPI
 * 2020-06-16, CreateRule).
 *
 * Assumed, since no document says it: `*` also crosses dots and slashes; a regular expression may match anywhere in the
 * text; values of headers, query parameters and cookies are case-sensitive; query parameters are compared decoded,
 * paths as sent.
 *
 * Throws a `SyntaxError` on a value that is not a valid regular expression.
 */
export function matches(conditions: readonly RuleCondition[], request: ProxyRequest): boolean {
  return conditions.every((condition) => meets(condition, request));
}

/**
 * Returns the texts that the groups of the first matching path pattern have captured; a group that took no part gives
 * ''.
 */
export function pathCaptures(conditions: readonly RuleCondition[], { path }: ProxyRequest): string[] {
  const values = conditions.flatMap((condition) => condition.PathConfig?.Values ?? []);
  const value = values.find((one) => matchesPath(one, path));
  const [, ...captures] = (value === undefined ? undefined : pathPattern(value)?.exec(path)) ?? [];
  return captures.map((text) => text ?? '');
}

function meets(condition: RuleCondition, request: ProxyRequest): boolean {
  switch (condition.Type) {
    case 'Host':
      return condition.HostConfig?.Values.some((value) => matchesHost(value, request.host)) ?? false;
    case 'Path':
      return condition.PathConfig?.Values.some((value) => matchesPath(value, request.path)) ?? false;
    case 'Header':
      return meetsHeader(condition.HeaderConfig, request);
    case 'QueryString':
      return meetsPair(condition.QueryStringConfig?.Values, [...new URLSearchParams(request.query)]);
    case 'Method':
      return condition.MethodConfig?.Values.includes(request.method) ?? false;
    case 'Cookie':
      return meetsPair(condition.CookieConfig?.Values, cookies(request));
    case 'SourceIp':
      return condition.SourceIpConfig?.Values.some((value) => inNetwork(request.clientIp, value)) ?? false;
    case 'ResponseStatusCode':
    case 'ResponseHeader':
      // These types belong to rules of direction Response.
      return false;
  }
}

function matchesHost(value: string, host: string): boolean {
  return value.startsWith('~') ? new RegExp(value.slice(1), 'i').test(host) : glob(value.toLowerCase(), host);
}

function matchesPath(value: string, path: string): boolean {
  return pathPattern(value)?.test(path) ?? glob(value, path);
}

/** Returns the regular expression of a path value, or undefined when the value is a wildcard pattern. */
function pathPattern(value: string): RegExp | undefined {
  if (value.startsWith('~*')) return new RegExp(value.slice(2), 'i');
  return value.startsWith('~') ? new RegExp(value.slice(1)) : undefined;
}

function meetsHeader(config: RuleCondition['HeaderConfig'], request: ProxyRequest): boolean {
  if (!config) return false;
  const sent = headerValues(request.headers, config.Key);
  return config.Values.some((value) => sent.some((text) => glob(value, text)));
}

function meetsPair(values: readonly { Key: string; Value: string }[] | undefined, sent: [string, string][]): boolean {
  return values?.some(({ Key, Value }) => sent.some(([key, text]) => glob(Key, key) && glob(Value, text))) ?? false;
}

function inNetwork(ip: string, network: string): boolean {
  const [address = '', prefix] = network.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  return list.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4');
}

/**
 * Matches a text against a pattern in which `*` stands for any characters or none, and `?` for one. It does without a
 * regular expression, so that no pattern can backtrack for long.
 */
export function glob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (pattern[at] === '?' || pattern[at] === text[index]) {
      at++;
      index++;
    } else if (star >= 0) {
      // The last star takes one more character.
      at = star + 1;
      index = ++resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}
