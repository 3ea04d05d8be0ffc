/** The facts about a fleet and its clusters on which decisions about traffic are based. */

import type { FleetSpec } from '../../../schemas/fleet.ts';

export type Policy = Pick<
  FleetSpec,
  'automation' | 'health' | 'voters' | 'controlTargets' | 'failover' | 'safety' | 'drills'
>;

/** The facts about a cluster on which decisions are based. */
export interface ClusterFacts {
  name: string;
  uid: string;
  /** The failure domain: the cluster's data centre, or else its region and zone, or else the cluster itself. */
  site: string;
  /** The city in which the site is. */
  city?: string | undefined;
  /** Requests per second; absent when the capacity is unlimited. */
  capacity?: number | undefined;
  joins: 'when-healthy' | 'at-once';
  createdAtMs: number;
  /** Names of the voters that watch the cluster. Without voters, nothing can be known about its health. */
  voters: string[];
}

/** All pools of a fleet that have the same members, weights and tiers, and therefore always get the same shares. */
export interface Placement {
  /** Digest of the members and the pin, followed by `/` and the service when `service` is set. */
  key: string;
  /**
   * The service of all its pools; set only for a service that has limits of its own, such as a shift of that service.
   */
  service?: string | undefined;
  members: { cluster: string; weight: number; tier: number }[];
  pinned: boolean;
  /** Requests per second of all its pools together; 0 when nothing is declared. */
  load: number;
  /** Names of some of its services, for display. */
  services: string[];
  /** The pools, each as `service/port`. */
  pools: string[];
}
