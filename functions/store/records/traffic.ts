/** Records of the traffic state and of the decisions that led to it. */

import * as z from 'zod';
import { FailureCause } from '../../../schemas/cluster.ts';
import { Percent } from '../../../schemas/common.ts';
import { Decision } from '../../../schemas/decision.ts';
import { GateAnswer, SafetyRuleName } from '../../../schemas/failover.ts';
import type { SealedAllocation } from '../../core/allocation/sealed.ts';
import type { Limit } from '../../core/allocation/types.ts';
import type { ClusterState, ServiceReturn, Traffic } from '../../core/failover/traffic.ts';
import { recordType } from '../record-type.ts';
import { TrafficOfChain, TrafficOfFirstVersion, TrafficWithDrillOfOneCluster } from './former-traffic.ts';
import { ObservationWithoutVoter } from './health.ts';

const Count = z.int().min(0);

const Reason = z.enum([
  'isolated',
  'down',
  'grace',
  'gate',
  'joining',
  'consent',
  'mode',
  'drained',
  'dwell',
  'impaired',
  'turn',
  'ramp',
  'drill',
]);

const StoredLimit: z.ZodType<Limit> = z.union([
  z.object({ reason: z.literal('down'), sinceMs: z.number() }),
  z.object({ reason: z.enum(['drained', 'ramp', 'drill']), percent: Percent }),
  z.object({
    reason: z.enum(['isolated', 'joining', 'impaired', 'consent', 'mode', 'dwell', 'turn', 'grace', 'gate']),
  }),
]);

const limited = { cluster: z.string(), percent: Percent, limits: z.array(StoredLimit) };

const StoredAllocation: z.ZodType<SealedAllocation> = z.object({
  basis: z.string(),
  limits: z.array(z.object(limited)),
  services: z.array(z.object({ service: z.string(), ...limited })).optional(),
  backends: z.array(
    z.object({
      placement: z.string(),
      service: z.string().optional(),
      pools: z.array(z.string()),
      clusters: z.array(z.string()),
      points: z.array(Percent),
      reasons: z.array(z.union([Reason, z.literal('capacity'), z.null()])),
    }),
  ),
  overloads: z.array(z.object({ cluster: z.string(), load: z.number(), requestsPerSecond: z.number() })),
});

const StoredCluster: z.ZodType<ClusterState> = z.object({
  cluster: z.string(),
  uid: z.string(),
  standing: z.enum(['up', 'suspected', 'down', 'held', 'ramping', 'joining']),
  sinceMs: z.number(),
  reason: z.string(),
  decision: z.string(),
  failuresMs: z.array(z.number()),
  fallsMs: z.array(z.number()),
  removedAtMs: z.number().optional(),
  leftAtMs: z.number().optional(),
  isGated: z.boolean().optional(),
  recoveredAtMs: z.number().optional(),
  seenFailingAtMs: z.number().optional(),
  cause: FailureCause.optional(),
  dwell: z.object({ untilMs: z.number(), servedMs: z.number(), sinceMs: z.number().optional() }).optional(),
  isApproved: z.boolean().optional(),
  ramp: z.object({ percent: Percent, steppedAtMs: z.number(), doubtedSinceMs: z.number().optional() }).optional(),
  brake: z
    .object({ name: z.enum(['correlation', 'data-gate', 'max-removed']), untilMs: z.number().optional() })
    .optional(),
  dismissedUntilMs: z.number().optional(),
  impairedSinceMs: z.number().optional(),
  heat: z.object({ untilMs: z.number().optional() }).optional(),
});

const override = {
  name: z.string(),
  id: z.string(),
  owner: z.string(),
  reason: z.string(),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
};

const StoredDrill = z.object({
  run: z.string(),
  name: z.string(),
  clusters: z.array(z.string()),
  service: z.string().optional(),
  actor: z.string(),
  phase: z.enum(['moving', 'holding', 'returning']),
  currentPercent: Percent,
  startedAtMs: z.number(),
  verifiedAtMs: z.number().optional(),
  lastReadAtMs: z.number().optional(),
  phaseSinceMs: z.number(),
  steppedAtMs: z.number(),
  decision: z.string(),
  ending: z.enum(['passed', 'failed']).optional(),
  why: z.string().optional(),
});

const StoredServiceReturn: z.ZodType<ServiceReturn> = z.object({
  service: z.string(),
  cluster: z.string(),
  shift: z.string().optional(),
  sinceMs: z.number(),
  reason: z.string(),
  decision: z.string(),
  ramp: z.object({ percent: Percent, steppedAtMs: z.number() }).optional(),
});

const StoredTraffic: z.ZodType<Traffic> = z.object({
  version: Count,
  head: z.object({ decision: z.string(), hash: z.string() }).optional(),
  clusters: z.array(StoredCluster),
  allocation: StoredAllocation,
  recommended: StoredAllocation.optional(),
  shifts: z.array(
    z.object({
      ...override,
      cluster: z.string(),
      service: z.string().optional(),
      mode: z.enum(['drain', 'isolate', 'keep']),
      percent: Percent,
      stepPercent: Percent,
      stepSeconds: Count,
      phase: z.enum(['moving', 'draining', 'applied']),
      currentPercent: Percent,
      phaseSinceMs: z.number(),
      steppedAtMs: z.number(),
      decision: z.string(),
    }),
  ),
  breakGlasses: z.array(z.object({ ...override, rules: z.array(SafetyRuleName) })),
  drill: StoredDrill.optional(),
  serviceReturns: z.array(StoredServiceReturn).optional(),
  goneRemovalsMs: z.array(z.number()).optional(),
  rehearsed: z.array(z.object({ drill: z.string(), atMs: z.number() })).optional(),
  gateQuestions: z
    .array(
      z.object({
        city: z.string(),
        way: z.enum(['leave', 'regain']),
        id: z.string(),
        askedAtMs: z.number(),
        answer: z.object({ answer: GateAnswer, by: z.string(), atMs: z.number() }).optional(),
      }),
    )
    .optional(),
});

export const trafficRecord = recordType('traffic state', StoredTraffic, [
  TrafficOfFirstVersion,
  TrafficOfChain,
  TrafficWithDrillOfOneCluster,
]);

/** Migrates a decision of the first version, which was neither numbered nor sealed, and whose inputs were not kept. */
const DecisionWithoutSeal = z
  .looseObject({
    changes: z.array(
      z.looseObject({ action: z.enum(['withdraw', 'restore']), evidence: z.array(ObservationWithoutVoter) }),
    ),
  })
  .transform(({ changes, ...decision }) => ({
    ...decision,
    version: 0,
    actor: 'automation',
    changes: changes.map((change) => ({
      ...change,
      fromPercent: change.action === 'withdraw' ? 100 : 0,
      toPercent: change.action === 'withdraw' ? 0 : 100,
      votes: [],
    })),
    rules: [],
    flags: [],
    inputsDigest: '',
    previousHash: '',
    hash: '',
  }));

/** The decision of the first version. Releases without versions wrote both shapes. */
const DecisionOfFirstVersion = z.union([z.looseObject({ hash: z.string() }), DecisionWithoutSeal]);

export const decisionRecord = recordType<Decision>('decision', Decision, [DecisionOfFirstVersion]);
