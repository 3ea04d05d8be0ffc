import { match as matchUnits, type Unit, type WantedUnit } from '../../../core/gateway/match.ts';
import type { GatewayConfig, Pool, PoolObject } from '../../../core/model/ir.ts';
import type { Observed, Session } from '../../provider.ts';
import { markOf, routeName, servesOf, serviceName } from '../compile/names.ts';
import { routesOf } from '../compile/predicates.ts';
import { type Part, partsOf } from '../compile/slots.ts';
import { type SortedObjects, sortedObjects } from './facts.ts';

/** A part of a pool, with the service that it needs. */
interface WantedPart {
  pool: Pool;
  part: Part;
  unit: WantedUnit;
}

/**
 * Returns the configuration with the services of each pool, one for each part. A service keeps the port and the cluster
 * that its name contains, and goes to the pool that has most routes in common with it. It therefore outlives a change
 * of weights, which changes the key of the pool. The protocol may change, because a service can be given another one.
 */
export function match(config: GatewayConfig, observed: Observed, { owner }: Pick<Session, 'owner'>): GatewayConfig {
  const mark = markOf(owner);
  const current = sortedObjects(observed);
  const wanted = wantedParts(config, mark);
  const found = matchUnits(
    wanted.map(({ unit }) => unit),
    unitsOf(current, mark),
  );
  const taken = new Set([...found.values()].flat());
  const objects = Map.groupBy(wanted, ({ pool }) => pool.key);
  const objectOf = ({ pool, part, unit }: WantedPart): PoolObject => {
    const key = found.get(unit.key)?.[0] ?? freeName(mark, pool, part, taken);
    taken.add(key);
    const { cluster, percent } = part;
    const remoteId = current.services.get(key)?.remoteId;
    return { key, ...(remoteId !== undefined && { remoteId }), ...(cluster !== undefined && { cluster }), percent };
  };
  const pools = config.pools.map((pool) => ({ ...pool, objects: (objects.get(pool.key) ?? []).map(objectOf) }));
  return { ...config, pools };
}

function wantedParts({ rules, pools }: GatewayConfig, mark: string): WantedPart[] {
  const routes = new Map<string, Set<string>>(pools.map(({ key }) => [key, new Set()]));
  for (const route of routesOf(rules)) {
    const name = routeName(mark, route);
    const { backends, fallback } = route.rule;
    for (const { pool } of backends) routes.get(pool)?.add(name);
    if (fallback !== undefined) routes.get(fallback)?.add(name);
  }
  return pools.flatMap((pool) =>
    partsOf(pool).map((part) => {
      const key = serviceName(mark, pool, part.name, 1);
      const unit = { key, serves: servesOf(mark, key), rules: routes.get(pool.key) ?? new Set<string>(), count: 1 };
      return { pool, part, unit };
    }),
  );
}

function unitsOf({ services, routes }: Pick<SortedObjects, 'services' | 'routes'>, mark: string): Unit[] {
  const named = new Map<string, Set<string>>([...services.keys()].map((key) => [key, new Set()]));
  for (const { key, spec } of routes) {
    for (const { Service } of spec.Services) named.get(Service)?.add(key);
    for (const service of spec.FallbackServices) named.get(service)?.add(key);
  }
  return [...named].map(([key, rules]) => ({ key, serves: servesOf(mark, key), rules }));
}

/**
 * Returns a name that no other part has taken. An existing service that serves nobody is used again, because a run may
 * have stopped after it created the service.
 */
function freeName(mark: string, pool: Pool, { name }: Part, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const key = serviceName(mark, pool, name, number);
    if (!taken.has(key)) return key;
  }
}
