import type { PathMatch, RouteMatch } from '../../../schemas/route.ts';
import { compareText } from '../model/text.ts';

/** What decides which of two matching rules wins. */
export interface Precedence {
  hostname?: string | undefined;
  match: RouteMatch;
  /** Of the route: the older one wins what the match leaves open. */
  createdAt: string;
  /** Unique, the last resort. */
  key: string;
}

const PATH_RANK: Record<PathMatch['type'], number> = { Exact: 2, Prefix: 1, RegularExpression: 0 };

/**
 * The total order of rules, highest precedence first: exact host, then wildcard host by length, then any host; path Exact, Prefix,
 * RegularExpression; longer path; a method; more headers; more query parameters; more cookies; the older route; the key (Gateway API's order for
 * HTTPRoute, with hosts in front).
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

/** Compared from the first number on; the greater one wins. */
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

/** `/foo` and `/foo/` are the same prefix. */
export function pathLength(path: PathMatch): number {
  return path.type === 'Prefix' ? path.value.replace(/\/+$/, '').length : path.value.length;
}
