import type { Issue } from '../../schemas/problem.ts';
import type { RouteSpec } from '../../schemas/route.ts';
import type { Resource } from '../core/model.ts';
import { poolOf } from '../core/resolve.ts';
import { providerFor } from '../providers/registry.ts';
import { backendsOf } from './kinds.ts';
import { conflict, type Proposal } from './proposal.ts';
import type { World } from './world.ts';

type Services = readonly Resource<'service'>[];
type Clusters = readonly Resource<'cluster'>[];

/** Every gateway must be able to express the route, and every backend must have a cluster to serve it. */
export async function validateRoute({ spec }: Proposal<'route'>, world: World): Promise<Issue[]> {
  const names = backendsOf(spec).map(({ ref }) => ref.service);
  const [gateways, services, clusters] = await Promise.all([
    world.all('gateway'),
    world.services(names),
    world.all('cluster'),
  ]);
  return [...withoutCluster(spec, services, clusters), ...unsupported(spec, gateways)];
}

function withoutCluster(spec: RouteSpec, services: Services, clusters: Clusters): Issue[] {
  return strandedBackends(spec, services, clusters).map(({ ref, pointer }) => {
    const isExported = services.some((item) => item.name === ref.service && item.spec.exports.length > 0);
    return isExported
      ? conflict('#/distribution', `it names no cluster with a weight above 0 that exports service ${ref.service}`)
      : conflict(`${pointer}/service`, `no cluster exports service ${ref.service}`);
  });
}

/**
 * The backends of these services that lack their port or a cluster to serve them. A gateway does not take up anything while one of
 * its pools is empty, so that no such backend may be declared.
 */
export function strandedBackends(spec: RouteSpec, services: Services, clusters: Clusters) {
  return backendsOf(spec).filter(({ ref }) => {
    const service = services.find((item) => item.name === ref.service);
    if (service === undefined) return false;
    if (!service.spec.ports.some((port) => port.port === ref.port)) return true;
    return ref.weight > 0 && !poolOf({ spec }, ref, services, clusters).members.some((member) => member.weight > 0);
  });
}

function unsupported(spec: RouteSpec, gateways: readonly Resource<'gateway'>[]): Issue[] {
  return gateways
    .filter((gateway) => spec.gateways.includes(gateway.name))
    .flatMap((gateway) =>
      providerFor(gateway.spec.target.provider)
        .check(spec)
        .map(({ pointer, detail }) => ({
          pointer,
          code: 'unsupported-feature',
          detail: `gateway ${gateway.name}: ${detail}`,
        })),
    );
}
