import type { Limit, LimitReason } from './types.ts';

/** An allocation as it is stored: the points, and the limits on which they are based. */
export interface SealedAllocation {
  /** Digest of everything that determines the points, except the points that members had before. */
  basis: string;
  /** The limits of clusters, by cluster; clusters without limits are absent. */
  limits: ClusterLimits[];
  /** Limits of single services besides those of their clusters, by service and cluster; absent when there are none. */
  services?: ServiceLimits[] | undefined;
  /** The placements that have limited members, or whose points are not the declared ones, by key. */
  backends: SealedBackend[];
  /** Clusters that have to serve more than their capacity; loads are in requests per second. */
  overloads: { cluster: string; load: number; requestsPerSecond: number }[];
}

export interface ClusterLimits {
  cluster: string;
  /**
   * The points that the cluster has over all backends, as a percentage of those that the declarations alone would give
   * it.
   */
  percent: number;
  limits: Limit[];
}

export interface SealedBackend {
  /** Key of the placement. */
  placement: string;
  /** The service; set only when it has limits of its own. */
  service?: string | undefined;
  /** The pools, each as `service/port`. They tell an edited placement what it was given before. */
  pools: string[];
  /** The clusters, in the order of the placement's members. */
  clusters: string[];
  points: number[];
  /** The reasons that hold the members back, in the same order; null for a member that nothing holds back. */
  reasons: (LimitReason | 'capacity' | null)[];
}

export const NO_ALLOCATION: SealedAllocation = { basis: '', limits: [], backends: [], overloads: [] };

/** The limits of one service at a cluster. */
export interface ServiceLimits extends ClusterLimits {
  service: string;
}
