import type { Issue } from '../../schemas/problem.ts';
import type { RouteSpec } from '../../schemas/route.ts';
import type { Rule } from '../core/ir.ts';
import { providerOf, type Resource } from '../core/model.ts';
import { findTies, routeOf } from '../core/overlap.ts';
import { resolve } from '../core/resolve.ts';
import { providerFor } from '../providers/registry.ts';
import { conflict, type Proposal } from './proposal.ts';
import { sameInstance } from './validate-gateway.ts';
import type { World } from './world.ts';

/** Where a route meets others: rules that tie, rules that a gateway would order otherwise, host names of another fleet. */
export async function contested(proposal: Proposal<'route'>, world: World): Promise<Issue[]> {
  const gateways = (await world.all('gateway')).filter((gateway) => proposal.spec.gateways.includes(gateway.name));
  const routes = await world.all('route');
  const found = await Promise.all(
    gateways.map(async (gateway) => [
      ...contestedRules(proposal, gateway, routes),
      ...(await claimedHostnames(proposal.spec, gateway, world)),
    ]),
  );
  return found.flat();
}

/** The place of a new route among those that are there: it is the youngest. */
function contestedRules(
  { name, spec, before }: Proposal<'route'>,
  gateway: Resource<'gateway'>,
  routes: readonly Resource<'route'>[],
): Issue[] {
  const now = '9999-12-31T00:00:00.000Z';
  const own: Resource<'route'> = before
    ? { ...before, spec }
    : { kind: 'route', fleet: gateway.fleet, name, uid: '', revision: 1, createdAt: now, updatedAt: now, spec };
  const others = routes.filter(
    (route) => route.name !== name && route.spec.gateways.includes(gateway.name) && shareHostname(route.spec, spec),
  );
  const { rules } = resolve({ gateway, clusters: [], services: [], routes: [...others, own] });
  const ties = findTies(rules).map(([a, b]) => {
    const reason = `${a.key} and ${b.key} are equally specific and a request may match both: add a condition to one of them`;
    return { first: a, second: b, reason };
  });
  const disorders = providerFor(providerOf(gateway.spec)).checkOrder(rules);
  return [...ties, ...disorders].flatMap(({ first, second, reason }) => {
    const own = [second, first].find((rule) => routeOf(rule) === name);
    return own ? [conflict(pointerTo(own), `gateway ${gateway.name}: ${reason}`)] : [];
  });
}

/** Rules under other host names never meet. */
function shareHostname(a: RouteSpec, b: RouteSpec): boolean {
  if (a.hostnames.length === 0 || b.hostnames.length === 0) return a.hostnames.length === b.hostnames.length;
  return a.hostnames.some((hostname) => b.hostnames.includes(hostname));
}

/** The match that a rule of the route comes from. */
function pointerTo({ key }: Rule): string {
  const [, rule, match] = key.split('/');
  return `#/rules/${Number(rule)}/matches/${Number(match)}`;
}

/** Two fleets that share an instance must not claim the same host name there. */
async function claimedHostnames(spec: RouteSpec, gateway: Resource<'gateway'>, world: World): Promise<Issue[]> {
  const { target } = gateway.spec;
  const claims = target ? await world.routesOfOtherFleets((other) => sameInstance(other, target)) : [];
  return spec.hostnames.flatMap((hostname, index) => {
    const claim = claims.find((route) => route.spec.hostnames.includes(hostname));
    if (claim === undefined) return [];
    return [
      conflict(
        `#/hostnames/${index}`,
        `${hostname} is claimed on this gateway by route ${claim.name} of fleet ${claim.fleet}`,
      ),
    ];
  });
}
