import type { RouteFilter } from '../../../schemas/filter.ts';
import type { RouteMatch, RouteRule } from '../../../schemas/route.ts';
import type { HealthCheck, ServicePort } from '../../../schemas/service.ts';

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
  /** None when a filter answers by itself (RequestRedirect, DirectResponse). */
  backends: PoolRef[];
  /** All but RequestMirror, in the order declared. */
  filters: IrFilter[];
  /** Pool that gets a copy of each request. */
  mirror?: string | undefined;
  /** Pool that serves when no endpoint of a backend is available. */
  fallback?: string | undefined;
  timeouts?: RouteRule['timeouts'];
  retry?: RouteRule['retry'];
}

export type IrFilter = Exclude<RouteFilter, { type: 'RequestMirror' }>;

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
  /** Requests of one client stay with one endpoint, by a cookie that the gateway sets. */
  affinity?: { ttlSeconds: number } | undefined;
  /** Strict: health does not move this pool. */
  pinned: boolean;
  /** Expected at most, in requests per second, through this gateway; absent where no rule declares any. */
  load?: number | undefined;
  /** Sorted by tier, then cluster. */
  members: Member[];
  /** What serves it at the gateway, or is to be created for it; absent until the pool has been matched with what is there. */
  objects?: PoolObject[] | undefined;
  /** Clusters, or addresses of them, that were members before, until the gateway has been read to give them nothing. */
  former?: Member[] | undefined;
}

/** An object at a gateway that serves a pool, all of it or a part. */
export interface PoolObject {
  /** The key of the object; it stays when weights, tiers or members of the pool change. */
  key: string;
  /** The id at the gateway, once it has been created. */
  remoteId?: string | undefined;
  /** The cluster that it stands for, where a gateway has one object for each cluster of a pool. */
  cluster?: string | undefined;
  /** What routes give it of the pool, where they share it out between such objects. */
  percent?: number | undefined;
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
