import type { Resource, Snapshot } from '../../functions/core/model/resource.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { cluster, gateway, route, service } from '../core/fixtures.ts';

/** Clusters that serve each route, and hold one member of its pool each. */
const MEMBERS = 5;
/** 10,000 routes stand for 1,000 clusters and 50,000 members. */
const ROUTES_PER_CLUSTER = 10;

/**
 * Returns the part of a fleet of `size` routes that bears on one gateway: the routes from `first` on and the resources
 * that they name.
 */
export function snapshotOf(size: number, first: number, count: number, weight: number): Snapshot {
  const clusterCount = size / ROUTES_PER_CLUSTER;
  const clusters = new Map<string, Resource<'cluster'>>();
  const services: Resource<'service'>[] = [];
  const routes: Resource<'route'>[] = [];
  for (let index = first; index < first + count; index++) {
    const numbers = Array.from({ length: MEMBERS }, (_, member) => (index * MEMBERS + member) % clusterCount);
    for (const number of numbers) clusters.set(`c${number}`, cluster(`c${number}`, number % 256));
    services.push(service(`s${index}`, Object.fromEntries(numbers.map((number) => [`c${number}`, 1]))));
    routes.push(
      route(`r${index}`, {
        hostnames: [`h${index}.example.com`],
        rules: [{ backendRefs: [{ service: `s${index}`, port: 80 }] }],
        distribution: {
          strategy: 'weighted',
          clusters: numbers.map((number, position) => ({
            cluster: `c${number}`,
            weight: position === 0 ? weight : 20,
          })),
        },
      }),
    );
  }
  return { gateway: gateway(), clusters: [...clusters.values()], services, distributions: [], routes };
}

export const TARGETS: Record<GatewayTarget['provider'], { target: GatewayTarget; facts: unknown }> = {
  alb: {
    target: { provider: 'alb', regionId: 'cn-hangzhou', loadBalancerId: 'alb-1', listenerIds: ['lsn-1'] },
    facts: { vpcId: 'vpc-1', edition: 'Standard', listenerCount: 1, foreignPriorities: {} },
  },
  mse: {
    target: { provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId: 'gw-1' },
    facts: { domains: {}, impostors: [], ofIngressController: false, routeStatus: {} },
  },
};
