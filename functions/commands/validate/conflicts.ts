import { say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { RouteSpec } from '../../../schemas/route.ts';
import { maySee, type Principal } from '../../core/access/principal.ts';
import type { Rule } from '../../core/model/ir.ts';
import { providerOf, type Resource } from '../../core/model/resource.ts';
import { compareText } from '../../core/model/text.ts';
import { findTies, routeOf } from '../../core/routing/overlap.ts';
import { byName, resolve } from '../../core/routing/resolve.ts';
import { hostTerms, type Term } from '../../core/routing/terms.ts';
import { providerFor } from '../../providers/registry.ts';
import type { Change } from '../change-set.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { conflict } from '../issues.ts';

/**
 * Finds conflicts of a route with others on these gateways: rules that tie, rules that a gateway would order otherwise,
 * and host names claimed by another fleet. Only routes that share a host name with it are read, since rules under
 * different host names never conflict.
 */
export async function findConflicts(
  change: Change<'route'>,
  gateways: readonly Resource<'gateway'>[],
  then: FleetReader,
  principal: Principal,
): Promise<Issue[]> {
  const { spec } = change.resource;
  const beside = await Promise.all(hostTerms(spec).map((term) => then.routesUnder(term)));
  const routes = [...byName(beside.flat()).values()];
  const found = await Promise.all(
    gateways.map(async (gateway) => [
      ...contestedRules(change, gateway, routes),
      ...(await claimedHostnames(spec, gateway, then, principal)),
    ]),
  );
  return found.flat();
}

/** Finds conflicts with the rules of other routes on a gateway. A new route counts as the youngest. */
function contestedRules(
  { verb, resource }: Change<'route'>,
  gateway: Resource<'gateway'>,
  routes: readonly Resource<'route'>[],
): Issue[] {
  const { name } = resource;
  const own = verb === 'create' ? { ...resource, createdAt: '9999-12-31T00:00:00.000Z' } : resource;
  const others = routes.filter((route) => route.name !== name && route.spec.gateways.includes(gateway.name));
  const { rules } = resolve({ clusters: [], services: [], distributions: [], routes: [...others, own] });
  const isOwn = (rule: Rule) => routeOf(rule) === name;
  const ties = findTies(rules, isOwn).map(([first, second]) => ({
    pair: [first, second],
    message: say('Tie', { gateway: gateway.name, first: first.key, second: second.key }),
  }));
  const disorders = providerFor(providerOf(gateway.spec))
    .checkOrder(rules, isOwn)
    .map(({ first, second, reason }) => ({
      pair: [first, second],
      message: say('Disorder', { gateway: gateway.name, reason }),
    }));
  return [...ties, ...disorders].flatMap(({ pair, message }) => {
    const own = pair.findLast(isOwn);
    return own ? [conflict(matchPointer(own.key), message)] : [];
  });
}

/** Returns the pointer to the match of a route that the rule with this key comes from. */
export function matchPointer(key: string): string {
  const [, rule, match] = key.split('/');
  return `#/rules/${Number(rule)}/matches/${Number(match)}`;
}

/** Finds host names that another fleet has claimed on the same instance. */
async function claimedHostnames(
  { hostnames }: RouteSpec,
  { spec: { target } }: Resource<'gateway'>,
  reader: FleetReader,
  principal: Principal,
): Promise<Issue[]> {
  const terms = hostnames.map((name): Term => ({ kind: 'hostname', name }));
  const elsewhere = target ? await reader.routesElsewhere(target, terms) : [];
  const others = elsewhere.toSorted((a, b) => compareText(a.fleet, b.fleet) || compareText(a.name, b.name));
  return hostnames.flatMap((hostname, index) => {
    const other = others.find((route) => route.spec.hostnames.includes(hostname));
    if (other === undefined) return [];
    const { name: route, fleet } = other;
    // Nobody learns the names of what is in a fleet that they may not see.
    const message = maySee(principal, fleet)
      ? say('HostClaimed', { hostname, route, fleet })
      : say('HostClaimedElsewhere', { hostname });
    return [conflict(`#/hostnames/${index}`, message)];
  });
}
