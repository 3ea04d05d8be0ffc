import type { PathMatch, RouteMatch } from '../../../schemas/route.ts';
import { compareText } from '../model/text.ts';

/** The parts of a rule that decide which of two matching rules wins. */
export interface Precedence {
  hostname?: string | undefined;
  match: RouteMatch;
  /** The creation time of the route; when the matches are equally specific, the older route wins. */
  createdAt: string;
  /** The rule's unique key, compared last. */
  key: string;
}

const PATH_RANK: Record<PathMatch['type'], number> = { Exact: 2, Prefix: 1, RegularExpression: 0 };

/**
 * Compares two rules by precedence, highest first. This is a total order: exact host, then wildcard host by length,
 * then any host; path Exact, then Prefix, then RegularExpression; longer path; a method; more headers; more query
 * parameters; more cookies; the older route; the key. It is Gateway API's order for HTTPRoute, with hosts in front.
 */
export function comparePrecedence(a: Precedence, b: Precedence): number {
  const left = specificity(a);
  const right = specificity(b);
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return compareText(a.createdAt, b.createdAt) || compareText(a.key, b.key);
}

/**
 * Returns the specificity of a rule as a list of numbers, which are compared one by one from the first; the greater one
 * wins.
 */
export function specificity({ hostname, match }: Pick<Precedence, 'hostname' | 'match'>): number[] {
  return [
    hostname === undefined ? 0 : hostname.startsWith('*.') ? 1 : 2,
    hostname?.startsWith('*.') ? hostname.length : 0,
    PATH_RANK[match.path.type],
    pathLength(match.path),
    match.method === undefined ? 0 : 1,
    match.headers.length,
    match.queryParams.length,
    match.cookies.length,
  ];
}

/**
 * Returns the length of a path for comparison. Trailing slashes of a prefix do not count: `/foo` and `/foo/` are the
 * same prefix.
 */
export function pathLength(path: PathMatch): number {
  return path.type === 'Prefix' ? path.value.replace(/\/+$/, '').length : path.value.length;
}
