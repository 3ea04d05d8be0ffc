import { equal } from '../../../core/model/digest.ts';
import type { Rule } from '../../../core/model/ir.ts';
import { ANY_HOST, canonicalPredicates, type Predicates, type TextPredicate } from './canonical.ts';

/** One route at the gateway. A rule takes one or two of them. */
export interface RouteOf {
  rule: Rule;
  domain: string;
  predicates: Predicates;
}

/** The types of comparison as MSE spells them. */
const TYPES = { Exact: 'EQUAL', RegularExpression: 'ERGULAR' } as const;

/**
 * Returns the routes of rules, in the same order. A route that an earlier one of the same domain and path covers can
 * never be reached in our order and is left out, because MSE would prefer it for its conditions.
 */
export function routesOf(rules: readonly Rule[]): RouteOf[] {
  const kept = new Map<string, Predicates[]>();
  return rules.flatMap((rule) => {
    const domain = rule.hostname ?? ANY_HOST;
    return predicatesOf(rule.match).flatMap((predicates) => {
      const { own, all } = placesOf(domain, predicates);
      if (all.some((place) => kept.get(place)?.some((one) => covers(one, predicates)))) return [];
      kept.set(own, [...(kept.get(own) ?? []), predicates]);
      return [{ rule, domain, predicates }];
    });
  });
}

/**
 * Returns keys to look up covering routes by. A route is stored at `own`, and routes that may cover it are stored at
 * one of `all`: a route covers another of the same path only if the other has its first condition, or if it has no
 * condition.
 */
function placesOf(domain: string, { PathPredicates, ...conditions }: Predicates): { own: string; all: string[] } {
  const { HeaderPredicates, QueryPredicates, MethodPredicates } = conditions;
  const place = (kind: string, condition?: unknown) => JSON.stringify([domain, PathPredicates, kind, condition]);
  const all = [
    ...HeaderPredicates.map((item) => place('header', item)),
    ...QueryPredicates.map((item) => place('query', item)),
    ...MethodPredicates.map((item) => place('method', item)),
    place('none'),
  ];
  return { own: all[0] ?? place('none'), all };
}

/**
 * Returns the predicates of a match. A prefix is matched by path segment, unlike the string prefix of MSE, so it takes
 * two routes: one for the path itself, and one for what begins with the path and `/`.
 */
function predicatesOf(match: Rule['match']): Predicates[] {
  const conditions = {
    HeaderPredicates: match.headers.map(textPredicate),
    QueryPredicates: match.queryParams.map(textPredicate),
    MethodPredicates: match.method === undefined ? [] : [match.method],
  };
  return pathsOf(match.path).map(({ Path, Type }) =>
    canonicalPredicates({ PathPredicates: { Path, Type, IgnoreCase: false }, ...conditions }),
  );
}

function pathsOf({ type, value }: Rule['match']['path']): { Path: string; Type: string }[] {
  if (type !== 'Prefix') return [{ Path: value, Type: TYPES[type] }];
  const prefix = value.replace(/\/+$/, '');
  const below = { Path: `${prefix}/`, Type: 'PRE' };
  return prefix === '' ? [below] : [{ Path: prefix, Type: 'EQUAL' }, below];
}

function textPredicate({ type, name, value }: Rule['match']['headers'][number]): TextPredicate {
  return { Key: name, Value: value, Type: TYPES[type] };
}

/** Tells whether every request that meets the conditions of `b`, apart from its path, meets those of `a`. */
export function covers(a: Predicates, b: Predicates): boolean {
  const includes = <T>(all: readonly T[], some: readonly T[]) =>
    some.every((item) => all.some((other) => equal(item, other)));
  return (
    includes(b.HeaderPredicates, a.HeaderPredicates) &&
    includes(b.QueryPredicates, a.QueryPredicates) &&
    (a.MethodPredicates.length === 0 ||
      (b.MethodPredicates.length > 0 && includes(a.MethodPredicates, b.MethodPredicates)))
  );
}
