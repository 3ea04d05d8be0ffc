import type { Issue } from '../../schemas/problem.ts';
import type { ServiceSpec } from '../../schemas/service.ts';
import { ingressClustersOf } from '../core/lookup.ts';
import type { Resource } from '../core/model.ts';
import { byName } from '../core/resolve.ts';
import type { Settings } from '../deps.ts';
import { conflict, type Proposal } from './proposal.ts';
import { referrer, SHOWN_REFERRERS } from './referrers.ts';
import { forbiddenAddresses } from './validate-cluster.ts';
import { addressPolicy } from './validate-probes.ts';
import { strandedBackends } from './validate-route.ts';
import type { World } from './world.ts';

export async function validateService(
  proposal: Proposal<'service'>,
  world: World,
  settings: Settings,
): Promise<Issue[]> {
  const { spec, before } = proposal;
  const isNarrower = before !== undefined && losesPortOrCluster(spec, before.spec);
  return [
    ...(await exportIssues(spec, world, settings)),
    ...(isNarrower ? await strandedRoutes({ ...before, spec }, world) : []),
  ];
}

async function exportIssues(spec: ServiceSpec, world: World, settings: Settings): Promise<Issue[]> {
  const clusters = byName(await world.find('cluster', ingressClustersOf(spec)));
  return spec.exports.flatMap(({ cluster, backend }, index) => {
    const pointer = `#/exports/${index}/backend`;
    if (backend.type === 'endpoints') {
      return forbiddenAddresses(backend.endpoints, `${pointer}/endpoints`, addressPolicy(settings));
    }
    return clusters.get(cluster)?.spec.ingress ? [] : [conflict(pointer, `cluster ${cluster} has no ingress`)];
  });
}

function losesPortOrCluster(spec: ServiceSpec, before: ServiceSpec): boolean {
  const ports = new Set(spec.ports.map((port) => port.port));
  const clusters = new Set(spec.exports.map((item) => item.cluster));
  return (
    before.ports.some((port) => !ports.has(port.port)) || before.exports.some((item) => !clusters.has(item.cluster))
  );
}

/** The backends of routes that the service, as it would be, could not serve. */
async function strandedRoutes(service: Resource<'service'>, world: World): Promise<Issue[]> {
  const [routes, clusters] = await Promise.all([
    world.routesUnder({ kind: 'service', name: service.name }),
    world.find('cluster', ingressClustersOf(service.spec)),
  ]);
  const named = { services: byName([service]), clusters: byName(clusters) };
  return routes
    .flatMap((route) => strandedBackends(route.spec, named).map(({ pointer }) => referrer(route, pointer)))
    .slice(0, SHOWN_REFERRERS);
}
