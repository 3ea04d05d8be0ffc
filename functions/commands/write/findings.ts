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
import type { FleetReader } from '../fleet-reader.ts';
import { issuesOf } from './finding-pointers.ts';

type Route = Resource<'route'>;

/** The changes that affect the configuration of gateways. */
interface Moved {
  routes: readonly Change<'route'>[];
  /** The unchanged routes that use changed resources. */
  standing: readonly Route[];
  /** The changes of clusters whose ingress gets other addresses. */
  clusters: readonly Change<'cluster'>[];
}

interface Configs {
  before: GatewayConfig;
  after: GatewayConfig;
}

/** Returns the findings of gateways about the resulting fleet that they do not have about the current one. */
export async function newFindings(store: Store, set: ChangeSet): Promise<Issue[]> {
  const moved = await movedBy(set);
  const issues: Issue[] = [];
  const owner = await set.then.store.get('fleet', set.fleet, set.fleet);
  for (const gateway of await concerned(set, moved)) {
    // A gateway that has never been read has no findings.
    const facts = (await store.reading(gateway.fleet, gateway.name))?.facts;
    if (facts === undefined) continue;
    const provider = providerFor(providerOf(gateway.spec));
    const configs = await configsOf(set, moved, gateway, provider.quotas(NOTHING, facts).length > 0);
    for (const finding of added(provider, configs, facts)) {
      issues.push(...issuesOf(set, gateway.name, finding, configs.after.pools, owner?.spec ?? {}));
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

/** Returns the gateways that the changes affect. A gateway that only loses routes cannot have new findings. */
async function concerned({ then }: ChangeSet, { routes, standing, clusters }: Moved): Promise<Resource<'gateway'>[]> {
  if (clusters.length > 0) return await then.gateways();
  const carried = [...routes.filter(({ verb }) => verb !== 'delete').map(({ resource }) => resource), ...standing];
  const names = new Set(carried.flatMap(({ spec }) => spec.gateways));
  return names.size === 0 ? [] : await then.find('gateway', names);
}

const NOTHING: GatewayConfig = { rules: [], pools: [] };

/**
 * Returns the configuration of a gateway before and after the changes. When the gateway has quotas on its whole
 * configuration, which is then small, all of it is read. Otherwise it may have thousands of routes, and only the
 * affected part is read.
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

async function configOf(reader: FleetReader, routes: readonly Route[]): Promise<GatewayConfig> {
  return resolveNamed(routes, await reader.named(routes));
}

/** Replaces the addresses in a pool of clusters that serve it by their ingress. */
function readdressed(pool: Pool, clusters: readonly Change<'cluster'>[]): Pool {
  const members = pool.members.map((member) => {
    const change = clusters.find(({ resource }) => resource.name === member.cluster);
    const [was, is] = [change?.before?.spec.ingress, change?.resource.spec.ingress];
    return was && is && equal(member.endpoints, addressesOf(was)) ? { ...member, endpoints: addressesOf(is) } : member;
  });
  return { ...pool, members };
}

/** Returns the findings that are new. A quota that was exceeded before is not new unless more of it is used. */
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
