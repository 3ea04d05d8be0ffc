import type { RouteMatch } from '../../../schemas/route.ts';
import { equal } from '../model/digest.ts';
import type { Rule } from '../model/ir.ts';
import { compareText } from '../model/text.ts';
import { pathLength, specificity } from './precedence.ts';

/** What is compared of two rules. */
type Matcher = Pick<Rule, 'key' | 'hostname' | 'match'>;

/**
 * Pairs of rules of different routes that tie: the same host name and path, equally specific, and a request may match both. Nothing
 * that was declared says which one wins, so that one of them has to change. One rule of each pair is `asked` for: thousands of routes may
 * share a host name, and who writes one of them wants to know of that one.
 */
export function findTies<T extends Matcher>(rules: readonly T[], asked: (rule: T) => boolean = () => true): [T, T][] {
  const places = Map.groupBy(rules, (rule) => placeOf(rule));
  return [...places.values()].flatMap((group) => {
    const sorted = [...group].sort((a, b) => compareText(a.key, b.key));
    return pairsOf(sorted, asked).filter(([a, b]) => !sameRoute(a, b) && ties(a, b));
  });
}

/** Rules with another place are told apart by it. */
export function placeOf({ hostname, match }: Matcher): string {
  const { type, value } = match.path;
  return JSON.stringify([hostname ?? '', type, type === 'Prefix' ? value.slice(0, pathLength(match.path)) : value]);
}

function ties(a: Matcher, b: Matcher): boolean {
  return equal(specificity(a), specificity(b)) && mayBothMatch(a.match, b.match);
}

/** Whether a request can satisfy the conditions of both, given that its host and path do. */
export function mayBothMatch(a: RouteMatch, b: RouteMatch): boolean {
  if (a.method !== undefined && b.method !== undefined && a.method !== b.method) return false;
  const lists = [
    [a.headers.map(lowerCaseName), b.headers.map(lowerCaseName)],
    [a.queryParams, b.queryParams],
    [a.cookies.map(exact), b.cookies.map(exact)],
  ] as const;
  return !lists.some(([left, right]) => left.some((one) => right.some((other) => excludes(one, other))));
}

interface TextMatch {
  type: 'Exact' | 'RegularExpression';
  name: string;
  value: string;
}

const lowerCaseName = (match: TextMatch): TextMatch => ({ ...match, name: match.name.toLowerCase() });
const exact = (match: { name: string; value: string }): TextMatch => ({ ...match, type: 'Exact' });

/** Two different values of one name; of regular expressions the worst is thought. */
function excludes(a: TextMatch, b: TextMatch): boolean {
  return a.name === b.name && a.type === 'Exact' && b.type === 'Exact' && a.value !== b.value;
}

/** Within a route the order of its rules decides, as it stands in their keys. */
function sameRoute(a: Matcher, b: Matcher): boolean {
  return routeOf(a) === routeOf(b);
}

export function routeOf({ key }: Matcher): string {
  return key.split('/', 1)[0] ?? key;
}

/** Each pair with an item that is asked for, once and in the order of the list. */
export function pairsOf<T>(items: readonly T[], asked: (item: T) => boolean): [T, T][] {
  const marks = items.map((item) => ({ item, isAsked: asked(item) }));
  return marks.flatMap(({ item, isAsked }, index) => {
    if (!isAsked) return [];
    const earlier = marks.slice(0, index).filter((mark) => !mark.isAsked);
    return [
      ...earlier.map((mark): [T, T] => [mark.item, item]),
      ...items.slice(index + 1).map((other): [T, T] => [item, other]),
    ];
  });
}
