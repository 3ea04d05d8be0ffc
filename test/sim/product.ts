/** The part of the product that the simulator drives; besides this it takes only types of declarations from it. */

import { placementShares } from '../../functions/core/allocation/points.ts';
import { decide } from '../../functions/core/failover/decide.ts';
import { distrust, unknownHealth, withObservation } from '../../functions/core/health/record.ts';
import type { HealthRecord } from '../../functions/core/health/types.ts';

export { ORDERS, TRANSITIONS } from '../../functions/core/failover/standing.ts';
export { VOTE_RULES } from '../../functions/core/health/votes.ts';
export type { HealthRecord };
export { distrust, unknownHealth };

/** The functions that production runs; a fault is planted by replacing one of them, or a table that they go by. */
export interface Product {
  withObservation: typeof withObservation;
  decide: typeof decide;
  sharesOf: typeof placementShares;
}

export const PRODUCT: Product = { withObservation, decide, sharesOf: placementShares };
