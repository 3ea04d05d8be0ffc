import { equal } from '../../../core/model/digest.ts';
import type { Rule } from '../../../core/model/ir.ts';
import { ANY_HOST, canonicalPredicates, type Predicates, type TextPredicate } from './canonical.ts';

/** One route at the gateway, of the one or two that a rule takes. */
export interface RouteOf {
  rule: Rule;
  domain: string;
  predicates: Predicates;
}

/** Types of a comparison as MSE spells them. */
const TYPES = { Exact: 'EQUAL', RegularExpression: 'ERGULAR' } as const;

/**
 * The routes of rules, in the same order. A route that an earlier one of the same domain and path covers can never be reached by our
 * order, and is left out; MSE would prefer it for its conditions.
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
 * Where a route is found by those that it may cover, and where those that cover it may be found: a route covers others of its path only
 * when these have its first condition, or it has none.
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

/** A prefix goes by path segment, which the string prefix of MSE does not: it takes the path itself, and what begins with it and `/`. */
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

/** Whether every request that meets the conditions of `b` besides its path meets those of `a`. */
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
