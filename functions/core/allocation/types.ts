/** What the allocation of points goes by, and what it gives. Points are percent of the traffic of a backend: integers that total 100. */

/** Why a member of a backend may not have all that it would get. docs/adr/0024 says what each of them leaves to it, and when it is relaxed. */
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
  /** Nothing; `sinceMs`: when the cluster was found down. */
  | { reason: 'down'; sinceMs: number }
  /** Nothing. */
  | { reason: 'isolated' | 'joining' | 'impaired' }
  /** What it had. */
  | { reason: 'consent' | 'mode' | 'dwell' | 'turn' | 'grace' | 'gate' }
  /** `percent` of its entitlement, 0 to 100; of a ramp, never less than what it had. */
  | { reason: 'drained' | 'ramp' | 'drill'; percent: number };

/** A cluster that may serve a backend. */
export interface BackendMember {
  cluster: string;
  /** Relative to the other members of its tier; 0: gets nothing. */
  weight: number;
  tier: number;
  /** The points that gateways were last given. */
  had: number;
  /** Each reason at most once, in any order. */
  limits: readonly Limit[];
}

/** Pools that have equal members, weights, tiers and pins, and so are given the same points. */
export interface Backend {
  id: string;
  /** Requests per second, of all its pools together; 0 where nothing is declared. */
  load: number;
  /** Health, shifts and capacity do not move it; only an isolation does. */
  isPinned: boolean;
  /** At most 100, by tier and then by name of the cluster; no cluster twice. */
  members: readonly BackendMember[];
}

/** What a cluster can serve; one that is not named here can serve anything. */
export interface Capacity {
  cluster: string;
  /** Above 0. */
  requestsPerSecond: number;
  /** It went down lately while it carried more than its capacity: that is relaxed after everything else. */
  hasFallen: boolean;
}

export interface AllocationInput {
  backends: readonly Backend[];
  /** Of clusters whose capacity binds; those behind a closed gate are left out. No cluster twice. */
  capacities: readonly Capacity[];
  /** 0 to 90. */
  headroomPercent: number;
  /** Clusters that went down within it of the newest of a backend may have a common cause. */
  correlationWindowMs: number;
}

/** The points of one backend. */
export interface Allocated {
  id: string;
  /** In the order of the members. They total 100, or are all 0 where there is no member that has a weight and is not isolated. */
  points: readonly number[];
  /** In the order of the members: what still holds a member back, or what moved points away from it; undefined for one that nothing does. */
  reasons: readonly (LimitReason | 'capacity' | undefined)[];
}

export interface Allocation {
  /** In the order of the input. */
  backends: readonly Allocated[];
  /** Clusters that have to serve more than their capacity, by name; a part of a point is no overload. */
  overloads: readonly { cluster: string; load: number; requestsPerSecond: number }[];
}
