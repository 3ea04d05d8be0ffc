/**
 * Input and output of the allocation of points. A point is a percent of a backend's traffic: the points of a backend
 * are integers that total 100.
 */

/**
 * The reason why a member of a backend may not have all the points it would get. docs/adr/0024 says what each reason
 * leaves to the member, and when it is relaxed.
 */
export type LimitReason =
  | 'isolated'
  | 'down'
  | 'grace'
  | 'gate'
  | 'joining'
  | 'consent'
  | 'mode'
  | 'drained'
  | 'dwell'
  | 'impaired'
  | 'turn'
  | 'ramp'
  | 'drill';

export type Limit =
  /** Leaves nothing to the member. `sinceMs` is when the cluster was found down, in epoch milliseconds. */
  | { reason: 'down'; sinceMs: number }
  /** Leaves nothing to the member. */
  | { reason: 'isolated' | 'joining' | 'impaired' }
  /** Leaves the points that the member had. */
  | { reason: 'consent' | 'mode' | 'dwell' | 'turn' | 'grace' | 'gate' }
  /** Leaves `percent` (0 to 100) of the member's entitlement; a ramp never leaves less than the member had. */
  | { reason: 'drained' | 'ramp' | 'drill'; percent: number };

/** A cluster that may serve a backend. */
export interface BackendMember {
  cluster: string;
  /** The weight relative to the other members of the tier; a member with weight 0 gets nothing. */
  weight: number;
  tier: number;
  /** The points that gateways were last told to give the member. */
  had: number;
  /** The limits that hold the member back: each reason at most once, in any order. */
  limits: readonly Limit[];
}

/**
 * A placement, as the allocation sees it: pools that have equal members, weights, tiers and pins, and are therefore
 * given the same points. Routes and records call it a backend, as the Gateway API does.
 */
export interface Backend {
  id: string;
  /** Requests per second of all its pools together; 0 when nothing is declared. */
  load: number;
  /** True when the backend is pinned: health, shifts and capacity do not move its traffic; only an isolation does. */
  isPinned: boolean;
  /** At most 100 members, sorted by tier, then by cluster; no cluster appears twice. */
  members: readonly BackendMember[];
}

/** The load that a cluster can serve. A cluster without an entry can serve any load. */
export interface Capacity {
  cluster: string;
  /** The most requests per second, above 0. */
  requestsPerSecond: number;
  /**
   * True when the cluster went down lately while it carried more than its capacity. It is given more than its capacity
   * again only after everything else has been relaxed.
   */
  hasFallen: boolean;
}

export interface AllocationInput {
  backends: readonly Backend[];
  /**
   * The capacities of clusters whose capacity binds; clusters behind a closed gate are left out. No cluster appears
   * twice.
   */
  capacities: readonly Capacity[];
  /** The percentage of each capacity that is kept free at first, 0 to 90. */
  headroomPercent: number;
  /**
   * Members of a backend that went down within this many milliseconds before the one that went down last may have a
   * common cause.
   */
  correlationWindowMs: number;
}

/** The points of one backend. */
export interface Allocated {
  id: string;
  /**
   * Points in the order of the members. They total 100, or are all 0 when no member has a weight and is not isolated.
   */
  points: readonly number[];
  /**
   * Reasons in the order of the members: the limit that still holds a member back, or the reason why points moved away
   * from it; undefined for a member that has no fewer points than declared.
   */
  reasons: readonly (LimitReason | 'capacity' | undefined)[];
}

export interface Allocation {
  /** The backends, in the order of the input. */
  backends: readonly Allocated[];
  /** Clusters that have to serve more than their capacity, by name. An excess smaller than one point does not count. */
  overloads: readonly { cluster: string; load: number; requestsPerSecond: number }[];
}
