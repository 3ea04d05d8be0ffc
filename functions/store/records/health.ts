/** Records of what voters have observed of clusters. */

import * as z from 'zod';
import { FailureCause, HealthState, Observation } from '../../../schemas/cluster.ts';
import type { HealthRecord } from '../../core/health/types.ts';
import { repeated } from '../../core/health/window.ts';
import { recordType } from '../record-type.ts';

const Count = z.int().min(0);

/** The voter of observations from before there were voters. It is the default voter of a fleet now. */
export const FIRST_VOTER = 'edge';

/**
 * Migrates an observation of the first version, which may lack its voter: the first releases did not write it, but
 * later releases without versions did.
 */
export const ObservationWithoutVoter = z
  .looseObject({})
  .transform((observation) => ({ voter: FIRST_VOTER, ...observation }));

export const observationRecord = recordType<Observation>('observation', Observation, [ObservationWithoutVoter]);

const StoredVoter = z.object({
  voter: z.string(),
  state: HealthState,
  sinceMs: z.number(),
  slowSinceMs: z.number().optional(),
  outcomes: z.string(),
  observedAtMs: z.number(),
  vouchedAtMs: z.number().optional(),
  suspectUntilMs: z.number(),
  last: z.object({ outcome: z.enum(['ok', 'fail']), cause: FailureCause.optional(), detail: z.string() }),
});

const StoredAlerts = z.object({
  voter: z.string(),
  heartbeatAtMs: z.number(),
  alerts: z.array(
    z.object({
      fingerprint: z.string(),
      name: z.string(),
      sinceMs: z.number(),
      startsAtMs: z.number(),
      endedAtMs: z.number().optional(),
    }),
  ),
});

const StoredHealth: z.ZodType<HealthRecord> = z.object({
  fleet: z.string(),
  cluster: z.string(),
  uid: z.string(),
  version: Count,
  state: HealthState,
  sinceMs: z.number(),
  cause: FailureCause.optional(),
  firstHealthyAtMs: z.number().optional(),
  votes: z.array(StoredVoter),
  alerts: z.array(StoredAlerts).optional(),
  recent: z.array(Observation),
});

/** Migrates a health record of the first version, in which a single prober determined the health of the cluster. */
const HealthWithoutVotes = z
  .looseObject({
    version: Count,
    state: HealthState,
    sinceMs: z.number(),
    consecutiveFailures: Count,
    consecutiveSuccesses: Count,
    observedAtMs: z.number(),
    recent: z.array(ObservationWithoutVoter.pipe(Observation)),
  })
  .transform(({ consecutiveFailures, consecutiveSuccesses, observedAtMs, ...record }) => {
    const { state, sinceMs, recent } = record;
    const [last] = recent;
    const vote = {
      ...{ voter: FIRST_VOTER, state, sinceMs, consecutiveFailures, consecutiveSuccesses, observedAtMs },
      suspectUntilMs: 0,
      last: { outcome: last?.outcome ?? 'ok', detail: last?.detail ?? '' },
    };
    return {
      ...record,
      // The cluster has been checked before, so it is not new to its fleet.
      ...(state !== 'unknown' && { firstHealthyAtMs: sinceMs }),
      votes: recent.length === 0 ? [] : [vote],
    };
  });

/** The health record of the first version. Releases without versions wrote both shapes. */
const HealthOfFirstVersion = z.union([z.looseObject({ votes: z.array(z.unknown()) }), HealthWithoutVotes]);

/** Migrates a health record of the second version, in which voters kept only the number of equal outcomes in a row. */
const HealthWithCounts = z
  .looseObject({
    votes: z.array(z.looseObject({ consecutiveFailures: Count, consecutiveSuccesses: Count })),
  })
  .transform(({ votes, ...record }) => ({
    ...record,
    votes: votes.map(({ consecutiveFailures, consecutiveSuccesses, ...vote }) => ({
      ...vote,
      outcomes: repeated('f', consecutiveFailures) || repeated('o', consecutiveSuccesses),
    })),
  }));

export const healthRecord = recordType('health record', StoredHealth, [HealthOfFirstVersion, HealthWithCounts]);
