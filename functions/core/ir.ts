import type { RouteMatch } from '../../schemas/route.ts';
import type { HealthCheck, ServicePort } from '../../schemas/service.ts';

/** What a gateway shall do, in terms that every provider understands. */
export interface GatewayConfig {
  /** In order of precedence, highest first. */
  rules: Rule[];
  /** Sorted by key. */
  pools: Pool[];
}

/** A request that matches goes to one of the backends, by weight. One rule has one match. */
export interface Rule {
  /** Stable name: route/rule/match index and hostname. */
  key: string;
  hostname?: string | undefined;
  match: RouteMatch;
  backends: PoolRef[];
}

/** The weights of the backends of a rule total 100. */
export interface PoolRef {
  pool: string;
  weight: number;
}

/** The endpoints of one service port in all its clusters, and how traffic is shared between those clusters. */
export interface Pool {
  /** Digest of service, port and distribution: routes that agree in those share the pool. */
  key: string;
  service: string;
  port: number;
  protocol: ServicePort['protocol'];
  healthCheck: HealthCheck;
  /** Strict: health does not move this pool. */
  pinned: boolean;
  /** Sorted by tier, then cluster. */
  members: Member[];
}

export interface Member {
  cluster: string;
  /** Relative to the other members of its tier; 0 gets nothing. */
  weight: number;
  tier: number;
  endpoints: Address[];
}

export interface Address {
  address: string;
  port: number;
  /** Outside the VPC of the gateway. */
  remote: boolean;
}

/** How much of a pool a cluster gets. Shares of a pool are integers that total 100. */
export interface Share {
  cluster: string;
  percent: number;
}
