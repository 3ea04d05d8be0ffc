import * as z from 'zod';
import type { ForeignObject } from '../../../../schemas/plan.ts';
import type { Shadow } from '../../provider.ts';
import { canonicalPredicates, type Predicates, ROUTE, type RouteObject } from '../compile/canonical.ts';
import { covers } from '../compile/predicates.ts';
import { fixedStart, rankOf } from './order.ts';
import { type Route, RoutePredicates } from './route-details.ts';
import { PUBLISHED } from './status.ts';

/** The match of a route in the form in which lists return it. */
const Match = z.object({ DomainNameList: z.array(z.string()), RoutePredicates });

/** A route of somebody else. `match` is absent when the list contains none that can be read. */
export interface ForeignRoute {
  route: Route;
  match?: { domains: string[]; predicates: Predicates };
}

export function foreignRoute(route: Route): ForeignRoute {
  const { data } = Match.safeParse(route.told);
  if (data === undefined) return { route };
  return { route, match: { domains: data.DomainNameList, predicates: canonicalPredicates(data.RoutePredicates) } };
}

export function foreignObject({ route: { Id, Name }, match }: ForeignRoute): ForeignObject {
  const object = { kind: ROUTE, name: Name, remoteId: String(Id) };
  return match === undefined ? object : { ...object, conditions: conditionsOf(match) };
}

const COMPARISONS: Record<string, string> = { EQUAL: 'equal to', PRE: 'beginning with', ERGULAR: 'matching' };

function conditionsOf({ domains, predicates }: NonNullable<ForeignRoute['match']>): string[] {
  const { PathPredicates, HeaderPredicates, QueryPredicates, MethodPredicates } = predicates;
  const compared = (type: string, value: string) => `${COMPARISONS[type] ?? type} ${value}`;
  return [
    `Host: ${domains.join(', ')}`,
    ...(PathPredicates.Path === ''
      ? []
      : [
          `Path: ${compared(PathPredicates.Type, PathPredicates.Path)}${PathPredicates.IgnoreCase ? ', in any case' : ''}`,
        ]),
    ...(MethodPredicates.length === 0 ? [] : [`Method: ${MethodPredicates.join(', ')}`]),
    ...HeaderPredicates.map(({ Key, Type, Value }) => `Header ${Key}: ${compared(Type, Value)}`),
    ...QueryPredicates.map(({ Key, Type, Value }) => `Query parameter ${Key}: ${compared(Type, Value)}`),
  ];
}

/**
 * Returns our published routes that get no requests, because a published route of the same domain takes them all and
 * MSE puts it first. Only certain cases are returned: routes of the Ingress controller are left out, because no
 * document says how MSE orders them among the others.
 */
export function shadowsOf(ours: readonly RouteObject[], foreign: readonly ForeignRoute[]): Shadow[] {
  const others = foreign.flatMap((one) => {
    const { route, match } = one;
    if (match === undefined || route.Type !== 'Op' || route.Status !== PUBLISHED) return [];
    return match.domains.map((domain) => ({ domain, one, predicates: match.predicates, id: route.Id }));
  });
  const byDomain = Map.groupBy(others, ({ domain }) => domain);
  return ours.flatMap(({ key, spec, remoteId }) => {
    if (!spec.Published) return [];
    const own = { predicates: spec.Predicates, id: Number(remoteId) };
    const rivals = spec.Domains.flatMap((domain) => byDomain.get(domain) ?? []);
    const first = rivals.find((rival) => goesFirst(rival, own) && takesAll(rival.predicates, own.predicates));
    return first === undefined ? [] : [{ foreign: foreignObject(first.one), key }];
  });
}

interface Placed {
  predicates: Predicates;
  id: number;
}

/**
 * Tells whether MSE puts `a` before `b`. Of routes of equal rank the older one comes first, which has the smaller id.
 */
function goesFirst(a: Placed, b: Placed): boolean {
  const difference = rankOf(a.predicates) - rankOf(b.predicates);
  return difference > 0 || (difference === 0 && a.id < b.id);
}

/** Tells whether `a` takes every request that `b` takes. */
function takesAll(a: Predicates, b: Predicates): boolean {
  return takesAllPaths(a.PathPredicates, b.PathPredicates) && covers(a, b);
}

/**
 * Tells whether `a` takes every path that `b` takes. Only the start of a regular expression is known, unless both
 * expressions are the same.
 */
function takesAllPaths(a: Predicates['PathPredicates'], b: Predicates['PathPredicates']): boolean {
  if (a.Type === 'PRE') return fixedStart(b).startsWith(a.Path);
  return a.Type === b.Type && a.Path === b.Path;
}
