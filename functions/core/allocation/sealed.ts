import type { Limit, LimitReason } from './types.ts';

/** Points as they were allocated, with what they were allocated by. */
export interface SealedAllocation {
  /** Digest of all that the points follow from, but for what members had. */
  basis: string;
  /** By cluster; those without limits are absent. */
  limits: ClusterLimits[];
  /** What holds services back by themselves, besides their clusters; by service and cluster. Absent where there is nothing. */
  services?: ServiceLimits[] | undefined;
  /** Of placements that have limited members, or whose points are not the declared ones; by key. */
  backends: SealedBackend[];
  /** Clusters that have to serve more than their capacity. */
  overloads: { cluster: string; load: number; requestsPerSecond: number }[];
}

export interface ClusterLimits {
  cluster: string;
  /** What it has of what it would have by the declarations alone, over all backends. */
  percent: number;
  limits: Limit[];
}

export interface SealedBackend {
  /** Key of the placement. */
  placement: string;
  /** Of a placement of a service that stands apart. */
  service?: string | undefined;
  /** Service and port of each of its pools: a placement that is edited goes on from what they were given. */
  pools: string[];
  /** In the order of its members. */
  clusters: string[];
  points: number[];
  /** What holds each of them back. */
  reasons: (LimitReason | 'capacity' | null)[];
}

export const NO_ALLOCATION: SealedAllocation = { basis: '', limits: [], backends: [], overloads: [] };

/** What one service may have of a cluster. */
export interface ServiceLimits extends ClusterLimits {
  service: string;
}
