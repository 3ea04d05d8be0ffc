import type { RouteMatch } from '../../../schemas/route.ts';
import { equal } from '../model/digest.ts';
import type { Rule } from '../model/ir.ts';
import { compareText } from '../model/text.ts';
import { pathLength, specificity } from './precedence.ts';

/** The parts of a rule that are compared. */
type Matcher = Pick<Rule, 'key' | 'hostname' | 'match'>;

/**
 * Returns pairs of rules of different routes that tie: they have the same host name and path, are equally specific, and
 * may match the same request. No declaration says which one wins, so one of them has to change. At least one rule of
 * each pair is `asked` for: thousands of routes may share a host name, and the author of one route only needs to know
 * about that one.
 */
export function findTies<T extends Matcher>(rules: readonly T[], asked: (rule: T) => boolean = () => true): [T, T][] {
  const places = Map.groupBy(rules, (rule) => placeOf(rule));
  return [...places.values()].flatMap((group) => {
    const sorted = [...group].sort((a, b) => compareText(a.key, b.key));
    return pairsOf(sorted, asked).filter(([a, b]) => !sameRoute(a, b) && ties(a, b));
  });
}

/** Returns a key made of the rule's host name and path. Rules with different keys never tie. */
export function placeOf({ hostname, match }: Matcher): string {
  const { type, value } = match.path;
  return JSON.stringify([hostname ?? '', type, type === 'Prefix' ? value.slice(0, pathLength(match.path)) : value]);
}

function ties(a: Matcher, b: Matcher): boolean {
  return equal(specificity(a), specificity(b)) && mayBothMatch(a.match, b.match);
}

/** Tells whether one request can satisfy the conditions of both matches, given that its host and path do. */
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

/**
 * Tells whether two conditions exclude each other: both require an exact value for the same name, and the values
 * differ. A regular expression is assumed to match anything.
 */
function excludes(a: TextMatch, b: TextMatch): boolean {
  return a.name === b.name && a.type === 'Exact' && b.type === 'Exact' && a.value !== b.value;
}

/**
 * Tells whether two rules belong to the same route. Within a route, the order of its rules decides; it is part of their
 * keys.
 */
function sameRoute(a: Matcher, b: Matcher): boolean {
  return routeOf(a) === routeOf(b);
}

export function routeOf({ key }: Matcher): string {
  return key.split('/', 1)[0] ?? key;
}

/**
 * Returns each pair of items of which at least one is asked for, once; within a pair, items keep the order of the list.
 */
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
