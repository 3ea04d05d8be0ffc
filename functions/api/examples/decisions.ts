/** The example of a decision, and of its inputs. */

import type { Vote } from '../../../schemas/cluster.ts';
import type { Decision } from '../../../schemas/decision.ts';

const SINCE = '2026-11-23T07:00:00.000Z';
const OBSERVED = '2026-11-23T07:02:05.000Z';
const DECIDED = '2026-11-23T07:02:06.000Z';

export const vote: Vote = {
  voter: 'edge',
  state: 'healthy',
  since: SINCE,
  failures: 0,
  consecutiveFailures: 0,
  consecutiveSuccesses: 20,
  observedAt: OBSERVED,
  isFresh: true,
  isSuspect: false,
  detail: 'http: 200',
};

export const failure = {
  voter: 'edge',
  observedAt: OBSERVED,
  outcome: 'fail',
  cause: 'Cluster',
  latencyMs: 2000,
  detail: 'http: no answer in 2 s',
} as const;

/** The decision that follows from three observations like `failure`. */
export const decision: Decision = {
  id: 'dec_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  fleet: 'shop',
  version: 7,
  decidedAt: DECIDED,
  automation: 'automatic',
  actor: 'automation',
  outcome: 'applied',
  changes: [
    {
      cluster: 'hangzhou-a',
      action: 'withdraw',
      reason: 'unhealthy: 1 of 1 voters see it fail',
      fromPercent: 100,
      toPercent: 0,
      points: { before: { minPercent: 70, maxPercent: 70 }, after: { minPercent: 0, maxPercent: 0 } },
      health: { state: 'unhealthy', since: OBSERVED },
      cause: 'Cluster',
      votes: [
        { ...vote, state: 'unhealthy', failures: 3, consecutiveFailures: 3, consecutiveSuccesses: 0, cause: 'Cluster' },
      ],
      evidence: [failure],
    },
  ],
  rules: [{ rule: 'quorum', cluster: 'hangzhou-a', passed: true, detail: '1 of 1 voters see it fail; 1 needed' }],
  flags: ['evacuate'],
  withdrawnBefore: [],
  withdrawnAfter: ['hangzhou-a'],
  inputsDigest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  previousHash: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
  hash: 'fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13',
};
