import type { ClusterSpec } from '../../../schemas/cluster.ts';
import type { DistributionSpec } from '../../../schemas/distribution.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { GatewaySpec, GatewayTarget } from '../../../schemas/gateway.ts';
import type { RouteSpec } from '../../../schemas/route.ts';
import type { ServiceSpec } from '../../../schemas/service.ts';

/** The declared specification of each kind of resource. */
export interface Specs {
  fleet: FleetSpec;
  cluster: ClusterSpec;
  gateway: GatewaySpec;
  service: ServiceSpec;
  distribution: DistributionSpec;
  route: RouteSpec;
}

export type Kind = keyof Specs;

/** A declared resource as it is stored. The `fleet` of a fleet is its own name. */
export interface Resource<K extends Kind = Kind> {
  kind: K;
  fleet: string;
  name: string;
  uid: string;
  revision: number;
  createdAt: string;
  updatedAt: string;
  spec: Specs[K];
}

/** Returns the provider of a gateway, whether its instance was adopted (`target`) or is created (`provision`). */
export function providerOf({ target, provision }: GatewaySpec): GatewayTarget['provider'] {
  const place = target ?? provision;
  if (place === undefined) throw new Error('a gateway has a target or a provision');
  return place.provider;
}

/** Returns the fields of a target that identify the instance at the cloud. */
export function instanceOf(target: GatewayTarget): Record<string, string> {
  const { provider, regionId } = target;
  return target.provider === 'alb'
    ? { provider, regionId, loadBalancerId: target.loadBalancerId }
    : { provider, regionId, gatewayUniqueId: target.gatewayUniqueId };
}

/** A reference to a resource. */
export interface Ref {
  kind: Kind;
  fleet: string;
  name: string;
}

/** A reference to a resource of a known kind. */
export interface RefTo<K extends Kind> extends Ref {
  kind: K;
}

/** All declared resources that affect one gateway. */
export interface Snapshot {
  gateway: Resource<'gateway'>;
  clusters: Resource<'cluster'>[];
  services: Resource<'service'>[];
  /** The distributions that the routes use. */
  distributions: Resource<'distribution'>[];
  /** Name of the distribution of routes that declare none. */
  defaultDistribution?: string | undefined;
  /** The routes that name the gateway. */
  routes: Resource<'route'>[];
}

/** The facts about a stored resource from which its conditions are computed. */
export interface Written {
  revision: number;
  createdAt: string;
  updatedAt: string;
}
