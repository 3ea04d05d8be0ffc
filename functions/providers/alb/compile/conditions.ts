import { digest } from '../../../core/model/digest.ts';
import type { Rule } from '../../../core/model/ir.ts';
import { type Condition, sortConditions } from './canonical.ts';
import { prefixPattern, replacesPrefix } from './filters.ts';

/**
 * Returns what a rule matches as ALB conditions. All conditions must hold; the values within a condition are
 * alternatives. A prefix is matched by path segment and takes two values. ALB demands at least one condition, so a rule
 * that matches everything asks for any path.
 */
export function conditionsOf(
  { hostname, match }: Pick<Rule, 'hostname' | 'match'>,
  paths = pathValues(match.path),
): Condition[] {
  const conditions: Condition[] = [];
  if (hostname !== undefined) conditions.push({ Type: 'Host', HostConfig: { Values: [hostname] } });
  if (match.method !== undefined) conditions.push({ Type: 'Method', MethodConfig: { Values: [match.method] } });
  // The values of a condition are alternatives, so each header, parameter and cookie has a condition of its own.
  for (const { name, value } of match.headers) {
    conditions.push({ Type: 'Header', HeaderConfig: { Key: name, Values: [value] } });
  }
  for (const { name, value } of match.queryParams) {
    conditions.push({ Type: 'QueryString', QueryStringConfig: { Values: [{ Key: name, Value: value }] } });
  }
  for (const { name, value } of match.cookies) {
    conditions.push({ Type: 'Cookie', CookieConfig: { Values: [{ Key: name, Value: value }] } });
  }
  const values = paths.length === 0 && conditions.length === 0 ? ['/*'] : paths;
  if (values.length > 0) conditions.push({ Type: 'Path', PathConfig: { Values: values } });
  return sortConditions(conditions);
}

/** Returns the conditions of a rule in the form that its filters need: a prefix that is replaced becomes a pattern. */
export function conditionsFor(rule: Pick<Rule, 'hostname' | 'match' | 'filters'>): Condition[] {
  const pattern = replacesPrefix(rule.filters) ? prefixPattern(rule.match.path.value) : undefined;
  return conditionsOf(rule, pattern === undefined ? undefined : [pattern]);
}

/** Returns the path values of a match, sorted; none for a prefix that every path has. */
export function pathValues(path: Rule['match']['path']): string[] {
  if (path.type === 'Exact') return [path.value];
  if (path.type === 'RegularExpression') return [`~${path.value}`];
  const prefix = path.value.replace(/\/+$/, '');
  return prefix === '' ? [] : [prefix, `${prefix}/*`];
}

/** Counts the match values of all conditions together, because ALB has a quota of match values per rule. */
export function countValues(conditions: readonly Condition[]): number {
  return conditions.reduce((sum, { Type: _, ...configs }) => {
    return sum + Object.values(configs).reduce((count, config) => count + (config?.Values.length ?? 0), 0);
  }, 0);
}

/**
 * Describes what a rule matches, for people: the host name and the path, and a digest when there are other conditions.
 */
export function describe(rule: Pick<Rule, 'hostname' | 'match'>, conditions: readonly Condition[]): string {
  const path = pathValues(rule.match.path).at(-1) ?? '/*';
  const plain = conditions.every(({ Type }) => Type === 'Host' || Type === 'Path');
  const others = plain ? '' : `~${digest(conditions).slice(0, 12)}`;
  return `${rule.hostname ?? '*'}${path}${others}`;
}

/** Puts a condition into words, such as `Host: a.example.com, b.example.com`. */
export function inWords({ Type, HeaderConfig, ...configs }: Condition): string {
  const values = Object.values({ HeaderConfig, ...configs }).flatMap((config): string[] =>
    (config?.Values ?? []).map((value) => (typeof value === 'string' ? value : `${value.Key}=${value.Value}`)),
  );
  const name = HeaderConfig ? `${Type} ${HeaderConfig.Key}` : Type;
  return values.length > 0 ? `${name}: ${values.join(', ')}` : name;
}
