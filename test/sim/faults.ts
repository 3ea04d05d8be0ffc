/** Faults of the product that are planted on purpose, one at a time. test/sim/found.ts says where each of them is found. */

import { ALLOCATION_FAULTS } from './faults/allocation.ts';
import { POLICY_FAULTS } from './faults/policy.ts';
import { PURITY_FAULTS } from './faults/purity.ts';
import { STANDING_FAULTS } from './faults/standings.ts';
import { STATE_FAULTS } from './faults/state.ts';
import { VOTE_FAULTS } from './faults/votes.ts';
import type { Fault } from './plant.ts';

export const FAULTS: readonly Fault[] = [
  ...STANDING_FAULTS,
  ...VOTE_FAULTS,
  ...POLICY_FAULTS,
  ...STATE_FAULTS,
  ...ALLOCATION_FAULTS,
  ...PURITY_FAULTS,
];
