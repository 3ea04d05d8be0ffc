import type { RuleResult } from '../../../schemas/decision.ts';
import type { SafetyRuleName } from '../../../schemas/failover.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { placementsOf } from '../../core/allocation/placements.ts';
import { placementShares, sharesWithin } from '../../core/allocation/points.ts';
import { checkSafety, loadsOf, type PlacementShares } from '../../core/allocation/safety.ts';
import { servicesApart } from '../../core/failover/service-limits.ts';
import type { Traffic } from '../../core/failover/traffic.ts';
import { digest, equal } from '../../core/model/digest.ts';
import type { Pool } from '../../core/model/ir.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type Named, resolveNamed } from '../../core/routing/resolve.ts';
import type { Commit, Deps, Store } from '../../deps.ts';
import { type Change, type ChangeSet, isOf } from '../change-set.ts';
import { standingRoutes } from '../validate/standing-routes.ts';

type Route = Resource<'route'>;

/** The routes whose requests the changes move. */
interface Edit {
  /** The changed routes as they were and as they would be. */
  routes: readonly { before: Route | undefined; after: Route | undefined }[];
  /** The unchanged routes that use changed resources. */
  standing: readonly Route[];
  /** The resources that the routes name, as they were and as they would be. */
  named: { before: Named; after: Named };
}

/** The place where a fleet declares each rule. The rule `never-empty` is not declared anywhere. */
const PLACES: Record<Exclude<SafetyRuleName, 'never-empty'>, string> = {
  'min-serving': 'safety/minServingClusters',
  'min-base': 'safety/minBasePercent',
  'max-removed': 'safety/maxRemoved',
  exclusive: 'safety/exclusive',
  capacity: 'failover/headroomPercent',
  gate: 'safety/gates',
};

/**
 * Returns an issue for each rule that is violated and not set aside by a break-glass, pointing to where the fleet
 * declares it.
 */
export function violations(rules: readonly RuleResult[], fleet: string): Issue[] {
  return rules
    .filter(({ passed, overriddenBy }) => !passed && overriddenBy === undefined)
    .map(({ rule, cluster, detail }) => {
      const place = Object.hasOwn(PLACES, rule) ? `/${PLACES[rule as keyof typeof PLACES]}` : '';
      const who = cluster === undefined ? '' : ` (${cluster})`;
      return issueAt(`fleets/${fleet}#${place}`, 'rule-violated', say('RuleViolated', { rule, who, detail }));
    });
}

/** The results of the rules, and the versions that they were checked against. */
interface Checked {
  results: RuleResult[];
  checkedAgainst: NonNullable<Commit['checkedAgainst']>;
}

/**
 * Checks an edit against the safety rules of the resulting fleet, under the traffic in force. They apply to edits by
 * people just as to automation. Returns undefined when no requests move, or when there is no fleet yet.
 */
export async function checkEdit(deps: Deps, set: ChangeSet): Promise<Checked | undefined> {
  const { fleet, now, then } = set;
  const edit = await editOf(set);
  if (edit === undefined) return undefined;
  const [current, declared] = await Promise.all([now, then].map(({ store }) => store.get('fleet', fleet, fleet)));
  if (current === undefined || declared === undefined) return undefined;
  const traffic = await deps.store.traffic(fleet);
  const before = placedOf(edit, 'before', traffic);
  const wished = placedOf(edit, 'after', traffic);
  const ceilings = await ceilingsOf(now.store, declared, traffic, before, wished);
  const results = checkSafety(
    {
      rules: declared.spec.safety,
      breakGlasses: traffic.breakGlasses,
      nowMs: deps.clock.now(),
      ceilings,
      down: new Set(traffic.clusters.filter(({ standing }) => standing === 'down').map(({ cluster }) => cluster)),
    },
    before,
    ceilings.size === 0 ? wished : sharesWithin(wished, traffic, ceilings),
  );
  return { results, checkedAgainst: { trafficVersion: traffic.version, fleetRevision: current.revision } };
}

async function editOf(set: ChangeSet): Promise<Edit | undefined> {
  const { changes, now, then } = set;
  const moved = changes.filter(isOf('route')).filter(movesRoute);
  const services = changes.filter(isOf('service')).filter(movesService);
  const standing = await standingRoutes(
    set,
    services.map(({ resource }) => resource.name),
    moved,
  );
  if (moved.length === 0 && standing.length === 0) return undefined;
  const routes = moved.map(({ verb, resource, before }) => ({
    before,
    after: verb === 'delete' ? undefined : resource,
  }));
  const named = {
    before: await now.named([...routes.flatMap(({ before }) => before ?? []), ...standing]),
    after: await then.named([...routes.flatMap(({ after }) => after ?? []), ...standing]),
  };
  return { routes, standing, named };
}

function movesRoute({ verb, resource, before }: Change<'route'>): boolean {
  const destinations = ({ spec: { distribution, rules } }: Route) => ({ distribution, rules });
  return verb !== 'update' || before === undefined || !equal(destinations(resource), destinations(before));
}

/**
 * Tells whether a change of a service moves requests of unchanged routes. No unchanged route uses a service that is
 * created or deleted.
 */
function movesService({ verb, resource, before }: Change<'service'>): boolean {
  return verb === 'update' && !equal(resource.spec.exports, before?.spec.exports);
}

/**
 * Returns the backends of the routes with their shares. The key of each backend stays the same when its distribution,
 * or the clusters that this selects, change.
 */
function placedOf({ routes, standing, named }: Edit, side: 'before' | 'after', traffic: Traffic): PlacementShares[] {
  const moved = routes.flatMap(({ [side]: route }) =>
    route ? place([route], named[side], traffic, ({ service, port }) => `${route.name}/${service}:${port}`) : [],
  );
  const alike = Map.groupBy(standing, ({ spec: { distribution } }) => digest({ distribution }));
  const stayed = [...alike].flatMap(([id, some]) =>
    place(some, named[side], traffic, ({ service, port }) => `${id}/${service}:${port}`),
  );
  return [...moved, ...stayed];
}

function place(
  routes: readonly Resource<'route'>[],
  named: Named,
  traffic: Traffic,
  keyOf: (pool: Pool) => string,
): PlacementShares[] {
  const { pools } = resolveNamed(routes.map(atOneGateway), named);
  return pools.flatMap((pool) =>
    placementsOf([pool], servicesApart(traffic)).map((placement) => ({
      placement: { ...placement, key: keyOf(pool) },
      shares: placementShares(placement, traffic),
    })),
  );
}

/** Reduces a route to one gateway, so that its pools carry the load of all its gateways together. */
function atOneGateway(route: Resource<'route'>): Resource<'route'> {
  return { ...route, spec: { ...route.spec, gateways: route.spec.gateways.slice(0, 1) } };
}

/**
 * Returns the load that each cluster with a capacity may take from the edit, given what else it serves. Nothing is read
 * unless the edit declares a load.
 */
async function ceilingsOf(
  store: Store,
  { name: fleet, spec }: Resource<'fleet'>,
  traffic: Traffic,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): Promise<Map<string, number>> {
  if (!after.some(({ placement }) => placement.load > 0)) return new Map();
  const names = after.flatMap(({ placement }) => placement.members.map(({ cluster }) => cluster));
  const [clusters, gateways] = await Promise.all([store.find('cluster', fleet, names), store.all('gateway', fleet)]);
  const limited = clusters.filter((cluster) => cluster.spec.capacity !== undefined);
  if (limited.length === 0) return new Map();
  const pools = await Promise.all(gateways.map((gateway) => store.pools(fleet, gateway.name)));
  const served = placementsOf(pools.flat(), servicesApart(traffic)).map((placement) => ({
    placement,
    shares: placementShares(placement, traffic),
  }));
  const [all, own] = [loadsOf(served), loadsOf(before)];
  const part = 1 - spec.failover.headroomPercent / 100;
  return new Map(
    limited.map(({ name, spec: { capacity } }) => {
      const others = Math.max(0, (all.get(name) ?? 0) - (own.get(name) ?? 0));
      return [name, Math.max(0, (capacity?.requestsPerSecond ?? 0) * part - others)];
    }),
  );
}
