/** A fleet, as far as its traffic is concerned. */

import type { FleetSpec } from '../../../schemas/fleet.ts';

export type Policy = Pick<
  FleetSpec,
  'automation' | 'health' | 'voters' | 'controlTargets' | 'failover' | 'safety' | 'drills'
>;

/** A cluster, as far as decisions are concerned. */
export interface ClusterFacts {
  name: string;
  uid: string;
  /** What fails together: its data centre, or its region and zone, or itself. */
  site: string;
  /** Where its site is. */
  city?: string | undefined;
  /** In requests per second; absent: unlimited. */
  capacity?: number | undefined;
  joins: 'when-healthy' | 'at-once';
  createdAtMs: number;
  /** Names of the voters that watch it; none: nothing can be known of it. */
  voters: string[];
}

/** All pools of a fleet with the same members, weights and tiers: what happens to one of them happens to all. */
export interface Placement {
  /** Digest of members and pin; followed by the service where that stands apart. */
  key: string;
  /** All of its pools are of this service, which people move by itself. */
  service?: string | undefined;
  members: { cluster: string; weight: number; tier: number }[];
  pinned: boolean;
  /** In requests per second, of all its pools together; 0 where nothing is declared. */
  load: number;
  /** Some of the services, for people. */
  services: string[];
  /** The service and port of each of its pools. */
  pools: string[];
}
