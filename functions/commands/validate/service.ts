import type { Issue } from '../../../schemas/problem.ts';
import { ingressClustersOf } from '../../core/lookup.ts';
import { byName } from '../../core/resolve.ts';
import type { Settings } from '../../deps.ts';
import { conflict } from '../issues.ts';
import type { World } from '../world.ts';
import type { Change } from '../write/change-set.ts';
import { forbiddenAddresses } from './cluster.ts';
import { addressPolicy } from './probes.ts';

/** Every export needs an address that may be served: one of its own, or the ingress of its cluster. */
export async function validateService(
  { resource: { spec } }: Change<'service'>,
  then: World,
  settings: Settings,
): Promise<Issue[]> {
  const clusters = byName(await then.find('cluster', ingressClustersOf(spec)));
  return spec.exports.flatMap(({ cluster, backend }, index) => {
    const pointer = `#/exports/${index}/backend`;
    if (backend.type === 'endpoints') {
      return forbiddenAddresses(backend.endpoints, `${pointer}/endpoints`, addressPolicy(settings));
    }
    return clusters.get(cluster)?.spec.ingress ? [] : [conflict(pointer, `cluster ${cluster} has no ingress`)];
  });
}
