import type { ClusterSpec } from '../../../schemas/cluster.ts';
import type { DistributionSpec } from '../../../schemas/distribution.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { GatewaySpec, GatewayTarget } from '../../../schemas/gateway.ts';
import type { RouteSpec } from '../../../schemas/route.ts';
import type { ServiceSpec } from '../../../schemas/service.ts';

/** What people declare, by kind. */
export interface Specs {
  fleet: FleetSpec;
  cluster: ClusterSpec;
  gateway: GatewaySpec;
  service: ServiceSpec;
  distribution: DistributionSpec;
  route: RouteSpec;
}

export type Kind = keyof Specs;

/** A declared resource as it is kept. A fleet is its own `fleet`. */
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

/** The provider of a gateway, be its instance adopted or created. */
export function providerOf({ target, provision }: GatewaySpec): GatewayTarget['provider'] {
  const place = target ?? provision;
  if (place === undefined) throw new Error('a gateway has a target or a provision');
  return place.provider;
}

/** What tells one instance at the cloud from another, by the field of the target that says it. */
export function instanceOf(target: GatewayTarget): Record<string, string> {
  const { provider, regionId } = target;
  return target.provider === 'alb'
    ? { provider, regionId, loadBalancerId: target.loadBalancerId }
    : { provider, regionId, gatewayUniqueId: target.gatewayUniqueId };
}

/** Names a resource. */
export interface Ref {
  kind: Kind;
  fleet: string;
  name: string;
}

/** Names a resource of a known kind. */
export interface RefTo<K extends Kind> extends Ref {
  kind: K;
}

/** Everything declared that bears on one gateway. */
export interface Snapshot {
  gateway: Resource<'gateway'>;
  clusters: Resource<'cluster'>[];
  services: Resource<'service'>[];
  /** Those that the routes use. */
  distributions: Resource<'distribution'>[];
  /** The distribution of the routes that have none of their own. */
  defaultDistribution?: string | undefined;
  /** The routes that name the gateway. */
  routes: Resource<'route'>[];
}

/** What conditions need to know of a resource. */
export interface Written {
  revision: number;
  createdAt: string;
  updatedAt: string;
}
