import type { Issue } from '../../../schemas/problem.ts';
import { equal } from '../../core/model/digest.ts';
import type { GatewayConfig, Pool } from '../../core/model/ir.ts';
import { type Kind, providerOf, type Resource, type Specs } from '../../core/model/resource.ts';
import { addressesOf, resolveNamed } from '../../core/routing/resolve.ts';
import type { Store } from '../../deps.ts';
import type { Finding, GatewayProvider } from '../../providers/provider.ts';
import { providerFor } from '../../providers/registry.ts';
import { type Change, type ChangeSet, isOf } from '../change-set.ts';
import { standingRoutes } from '../validate/standing-routes.ts';
import type { World } from '../world.ts';
import { placesOf } from './finding-places.ts';

type Route = Resource<'route'>;

/** The changes that bear on the configuration of gateways. */
interface Moved {
  routes: readonly Change<'route'>[];
  /** Routes that stay as they are, while what they use changes. */
  standing: readonly Route[];
  /** Clusters whose ingress gets other addresses. */
  clusters: readonly Change<'cluster'>[];
}

interface Configs {
  before: GatewayConfig;
  after: GatewayConfig;
}

/** What the gateways would find of the fleet as it would be, and have not found of it as it is. */
export async function newFindings(store: Store, set: ChangeSet): Promise<Issue[]> {
  const moved = await movedBy(set);
  const issues: Issue[] = [];
  const owner = await set.then.store.get('fleet', set.fleet, set.fleet);
  for (const gateway of await concerned(set, moved)) {
    // Nothing is found where the gateway has never been read.
    const facts = (await store.reading(gateway.fleet, gateway.name))?.facts;
    if (facts === undefined) continue;
    const provider = providerFor(providerOf(gateway.spec));
    const configs = await configsOf(set, moved, gateway, provider.quotas(NOTHING, facts).length > 0);
    for (const finding of added(provider, configs, facts)) {
      issues.push(...placesOf(set, gateway.name, finding, configs.after.pools, owner?.spec ?? {}));
    }
  }
  return issues;
}

async function movedBy(set: ChangeSet): Promise<Moved> {
  const routes = set.changes
    .filter(isOf('route'))
    .filter(differsIn(['gateways', 'hostnames', 'rules', 'distribution']));
  const services = set.changes.filter(isOf('service')).filter(differsIn(['ports', 'exports']));
  const clusters = set.changes.filter(isOf('cluster')).filter(differsIn(['ingress']));
  const names = services.filter(({ verb }) => verb === 'update').map(({ resource }) => resource.name);
  return {
    routes,
    standing: await standingRoutes(set, names, routes),
    clusters: clusters.filter(({ verb }) => verb === 'update'),
  };
}

function differsIn<K extends Kind>(fields: readonly (keyof Specs[K])[]): (change: Change<K>) => boolean {
  return ({ verb, resource, before }) =>
    verb !== 'update' || fields.some((field) => !equal(resource.spec[field], before?.spec[field]));
}

/** The gateways that carry any of it; one that only loses routes has nothing new to find. */
async function concerned({ then }: ChangeSet, { routes, standing, clusters }: Moved): Promise<Resource<'gateway'>[]> {
  if (clusters.length > 0) return await then.gateways();
  const carried = [...routes.filter(({ verb }) => verb !== 'delete').map(({ resource }) => resource), ...standing];
  const names = new Set(carried.flatMap(({ spec }) => spec.gateways));
  return names.size === 0 ? [] : await then.find('gateway', names);
}

const NOTHING: GatewayConfig = { rules: [], pools: [] };

/**
 * The gateway as it is and as it would be. One that has quotas for all that is on it together, which is then not much, is looked at as a
 * whole; of another one, which may have thousands of routes, what changes is enough.
 */
async function configsOf(
  { now, then }: ChangeSet,
  { routes, standing, clusters }: Moved,
  { name, fleet }: Resource<'gateway'>,
  isWhole: boolean,
): Promise<Configs> {
  const term = { kind: 'gateway', name } as const;
  if (isWhole) {
    return {
      before: await configOf(now, await now.routesUnder(term)),
      after: await configOf(then, await then.routesUnder(term)),
    };
  }
  const here = (items: readonly (Route | undefined)[]) =>
    items.filter((route) => route !== undefined).filter(({ spec }) => spec.gateways.includes(name));
  const staying = here(standing);
  const coming = routes.map(({ verb, resource }) => (verb === 'delete' ? undefined : resource));
  const before = await configOf(now, [...here(routes.map((change) => change.before)), ...staying]);
  const after = await configOf(then, [...here(coming), ...staying]);
  const known = new Set([...before.pools, ...after.pools].map(({ key }) => key));
  const stored = clusters.length > 0 ? await now.store.pools(fleet, name) : [];
  const others = stored.filter(({ key }) => !known.has(key));
  return {
    before: { ...before, pools: [...before.pools, ...others] },
    after: { ...after, pools: [...after.pools, ...others.map((pool) => readdressed(pool, clusters))] },
  };
}

async function configOf(world: World, routes: readonly Route[]): Promise<GatewayConfig> {
  return resolveNamed(routes, await world.named(routes));
}

/** Gives a pool the new addresses of the clusters that serve it by their ingress. */
function readdressed(pool: Pool, clusters: readonly Change<'cluster'>[]): Pool {
  const members = pool.members.map((member) => {
    const change = clusters.find(({ resource }) => resource.name === member.cluster);
    const [was, is] = [change?.before?.spec.ingress, change?.resource.spec.ingress];
    return was && is && equal(member.endpoints, addressesOf(was)) ? { ...member, endpoints: addressesOf(is) } : member;
  });
  return { ...pool, members };
}

/** A quota that was exceeded before, and of which no more is used, is nothing new. */
function added(provider: GatewayProvider, { before, after }: Configs, facts: unknown): Finding[] {
  const known = provider.findings(before, facts);
  const used = new Map(provider.quotas(before, facts).map((use) => [use.quota, use.used]));
  const worse = provider.quotas(after, facts).filter((use) => use.used > (used.get(use.quota) ?? 0));
  const isKnown = ({ code, pointer, detail }: Finding) =>
    known.some((other) => {
      if (other.code !== code) return false;
      if (other.detail === detail) return true;
      return code === 'quota-exceeded' && other.pointer === pointer && !worse.some((use) => use.pointer === pointer);
    });
  return provider.findings(after, facts).filter((finding) => !isKnown(finding));
}
