/** Faults in how observations become votes, and votes become findings. */

import { blinded, type Fault, forgetful, replaced, seen, watched } from '../plant.ts';
import { VOTE_RULES } from '../product.ts';

export const VOTE_FAULTS: readonly Fault[] = [
  replaced('vote isFresh', 'stale votes count', [VOTE_RULES, 'isFresh'], () => true),
  replaced('vote isSuspect', 'suspect votes count', [VOTE_RULES, 'isSuspect'], () => false),
  replaced('vote quorumOf', 'one vote is a quorum', [VOTE_RULES, 'quorumOf'], () => 1),
  replaced('vote quorumOf', 'all voters have to agree', [VOTE_RULES, 'quorumOf'], (voters) => voters),
  replaced('vote isSufficient', 'the view of a gateway is enough', [VOTE_RULES, 'isSufficient'], () => true),
  seen('observation outcome', 'inconclusive observations are failures', (observation) =>
    observation.outcome === 'inconclusive' ? { ...observation, outcome: 'fail' } : observation,
  ),
  forgetful('observation windows', 'an edit of the policy forgets what was seen'),
  watched('policy health.failureThreshold', 'one failure is enough', { failureThreshold: 1 }),
  watched('policy health.failureThreshold', 'ten failures are few', { failureThreshold: 10, failureWindow: 10 }),
  watched('policy health.failureWindow', 'failures are remembered for long', { failureWindow: 20 }),
  watched('policy health.successThreshold', 'one success is enough', { successThreshold: 1, recoveryWindow: 1 }),
  watched('policy health.recoveryWindow', 'strays do not matter after an outage', { recoveryWindow: 1 }),
  watched('policy health.recoveryWindow', 'strays matter for long after an outage', { recoveryWindow: 20 }),
  blinded('policy health.intervalSeconds', 'votes are fresh for long, as if rounds were rare', ({ health }) => ({
    health: { ...health, intervalSeconds: 600 },
  })),
  blinded('policy health.timeoutSeconds', 'votes are fresh for long, as if answers took long', ({ health }) => ({
    health: { ...health, timeoutSeconds: 600 },
  })),
];
