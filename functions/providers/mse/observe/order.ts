import { say } from '../../../../schemas/messages/index.ts';
import type { Rule } from '../../../core/model/ir.ts';
import { mayBothMatch, pairsOf } from '../../../core/routing/overlap.ts';
import type { Disorder } from '../../provider.ts';
import type { Predicates } from '../compile/canonical.ts';
import { type RouteOf, routesOf } from '../compile/predicates.ts';

/**
 * The kinds of path, lowest precedence first. MSE orders the routes of a domain itself, which cannot be configured: by
 * path kind (equal, prefix, regular expression), longer path, more headers, more query parameters, and older route (MSE
 * user guide, create a route). A more specific domain comes first, as in our order; methods do not count.
 */
const PATH_KINDS = ['ERGULAR', 'PRE', 'EQUAL'];
const STEP = 1_000;

/**
 * Returns the pairs of rules that MSE would put into another order than ours, or into no certain order, while a request
 * may match both. One rule of each pair is `asked` for.
 */
export function checkOrder(rules: readonly Rule[], asked: (rule: Rule) => boolean = () => true): Disorder[] {
  const disorders = new Map<string, Disorder>();
  const domains = Map.groupBy(routesOf(rules), (route) => route.domain);
  for (const routes of domains.values()) {
    for (const [first, second] of misplaced(routes, asked)) {
      const pair = `${first.rule.key} ${second.rule.key}`;
      if (!disorders.has(pair)) disorders.set(pair, disorderOf(first, second));
    }
  }
  return [...disorders.values()];
}

function misplaced(routes: readonly RouteOf[], asked: (rule: Rule) => boolean): [RouteOf, RouteOf][] {
  const ranked = routes.map((route) => ({ route, rank: rankOf(route.predicates) }));
  return pairsOf(ranked, ({ route }) => asked(route.rule))
    .filter(([first, second]) => first.rank <= second.rank && mayMeet(first.route, second.route))
    .map(([first, second]) => [first.route, second.route]);
}

/** Returns the rank of a route. MSE puts the greater rank first. */
export function rankOf({ PathPredicates, HeaderPredicates, QueryPredicates }: Predicates): number {
  const parts = [PATH_KINDS.indexOf(PathPredicates.Type), PathPredicates.Path.length, HeaderPredicates.length];
  return parts.reduce((rank, part) => rank * STEP + part, 0) * STEP + QueryPredicates.length;
}

function mayMeet(a: RouteOf, b: RouteOf): boolean {
  return a.rule !== b.rule && mayShareAPath(a, b) && mayBothMatch(a.rule.match, b.rule.match);
}

function mayShareAPath(first: RouteOf, second: RouteOf): boolean {
  const [a, b] = [first.predicates.PathPredicates, second.predicates.PathPredicates];
  const [startA, startB] = [fixedStart(a), fixedStart(b)];
  if (a.Type === 'EQUAL' && b.Type === 'EQUAL') return a.Path === b.Path;
  if (a.Type === 'EQUAL') return startA.startsWith(startB);
  if (b.Type === 'EQUAL') return startB.startsWith(startA);
  return startA.startsWith(startB) || startB.startsWith(startA);
}

/**
 * Returns the start of every path that matches. For a regular expression this is the part before its first operator.
 */
export function fixedStart({ Path, Type }: { Path: string; Type: string }): string {
  if (Type !== 'ERGULAR') return Path;
  if (Path.includes('|')) return '';
  const plain = /^\^((?:[\w/~-](?![*?{]))*)/.exec(Path);
  return plain?.[1] ?? '';
}

function disorderOf({ rule: first, predicates: a }: RouteOf, { rule: second, predicates: b }: RouteOf): Disorder {
  const isByAge = rankOf(a) === rankOf(b);
  return { first, second, reason: say('MseOrder', { first: first.key, second: second.key, isByAge }).text };
}
