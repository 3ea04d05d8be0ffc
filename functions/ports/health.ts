/** Health records of clusters, and observations. */

import type { Observation } from '../../schemas/cluster.ts';
import type { HealthRecord } from '../core/health/types.ts';
import type { Lease } from './coordination.ts';
import type { Selection } from './lists.ts';
import type { Page, PageRequest } from './pages.ts';

/** The health record of a cluster, and the observation that led to it, if one did. */
export interface HealthUpdate {
  record: HealthRecord;
  observation?: Observation | undefined;
}

export interface HealthStore {
  /** Returns the health records of all clusters, or of those with names in [from, to], including what voters vouch for. */
  health(fleet: string, names?: { from: string; to: string }): Promise<HealthRecord[]>;
  /**
   * Appends the observations and replaces the records, at most 49, in one transaction. Returns false when a record is not at
   * `version - 1`, or when a lease is given and it is lost.
   */
  putHealth(evidence: readonly HealthUpdate[], lease?: Lease): Promise<boolean>;
  /** Returns the observations of a cluster, newest first. */
  observations(
    fleet: string,
    cluster: string,
    page: PageRequest,
    selection?: Selection<Observation>,
  ): Promise<Page<Observation>>;
}
