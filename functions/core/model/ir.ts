import type { RouteFilter } from '../../../schemas/filter.ts';
import type { RouteMatch, RouteRule } from '../../../schemas/route.ts';
import type { HealthCheck, ServicePort } from '../../../schemas/service.ts';

/** The desired configuration of a gateway, in terms that every provider understands. */
export interface GatewayConfig {
  /** The rules, by precedence, highest first. */
  rules: Rule[];
  /** The pools, sorted by key. */
  pools: Pool[];
}

/** Sends the requests that match to one of the backends, chosen by weight. A rule has exactly one match. */
export interface Rule {
  /** The rule's stable name: route, rule index, match index and host name, joined by `/`. */
  key: string;
  hostname?: string | undefined;
  match: RouteMatch;
  /** The backends; empty when a filter answers by itself (RequestRedirect, DirectResponse). */
  backends: PoolRef[];
  /** The filters other than RequestMirror, in the order declared. */
  filters: IrFilter[];
  /** Key of the pool that gets a copy of each request. */
  mirror?: string | undefined;
  /** Key of the pool that serves when no endpoint of a backend is available. */
  fallback?: string | undefined;
  timeouts?: RouteRule['timeouts'];
  retry?: RouteRule['retry'];
}

export type IrFilter = Exclude<RouteFilter, { type: 'RequestMirror' }>;

/** A pool with its weight among the backends of a rule; the weights of a rule total 100. */
export interface PoolRef {
  pool: string;
  weight: number;
}

/** The endpoints of one service port in all its clusters, and how traffic is shared between those clusters. */
export interface Pool {
  /**
   * A key made of the service, the port and a digest of the distribution; routes that agree in all three share the
   * pool.
   */
  key: string;
  service: string;
  port: number;
  protocol: ServicePort['protocol'];
  healthCheck: HealthCheck;
  /** Session affinity: a cookie that the gateway sets keeps the requests of one client at one endpoint. */
  affinity?: { ttlSeconds: number } | undefined;
  /** True when the pin is strict: health does not move the traffic of this pool. */
  pinned: boolean;
  /** The expected peak load through this gateway, in requests per second; absent when no rule declares any. */
  load?: number | undefined;
  /** The members, sorted by tier, then by cluster. */
  members: Member[];
  /**
   * The objects that serve the pool at the gateway, or are to be created for it; absent until the pool has been matched
   * with the objects that exist.
   */
  objects?: PoolObject[] | undefined;
  /**
   * Clusters, or addresses of clusters, that were members earlier. They are kept until the gateway has been read and is
   * known to send them nothing.
   */
  former?: Member[] | undefined;
}

/** An object at a gateway that serves a pool or a part of it. */
export interface PoolObject {
  /** The object's key. It stays the same when weights, tiers or members of the pool change. */
  key: string;
  /** The gateway's id of the object; absent until the object has been created. */
  remoteId?: string | undefined;
  /** The cluster that the object stands for, at gateways that have one object for each cluster of a pool. */
  cluster?: string | undefined;
  /**
   * The percentage of the pool's traffic that routes send to this object, when routes split the pool between such
   * objects.
   */
  percent?: number | undefined;
}

export interface Member {
  cluster: string;
  /** The weight relative to the other members of the tier; a member with weight 0 gets nothing. */
  weight: number;
  tier: number;
  endpoints: Address[];
}

export interface Address {
  address: string;
  port: number;
  /** True when the address is outside the VPC of the gateway. */
  remote: boolean;
}

/** The share of a pool that a cluster gets. The shares of a pool are integers that total 100. */
export interface Share {
  cluster: string;
  percent: number;
}
