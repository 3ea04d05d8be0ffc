/** How traffic is shared besides what people declared, and why. */

import * as z from 'zod';
import { FailureCause } from '../../../schemas/cluster.ts';
import { Percent } from '../../../schemas/common.ts';
import { Decision } from '../../../schemas/decision.ts';
import { SafetyRuleName } from '../../../schemas/failover.ts';
import type { Limit } from '../../core/allocation/types.ts';
import { type ClusterState, NO_ALLOCATION, type SealedAllocation, type Traffic } from '../../core/failover/traffic.ts';
import { recordType } from '../record-type.ts';
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

const StoredAllocation: z.ZodType<SealedAllocation> = z.object({
  basis: z.string(),
  limits: z.array(z.object({ cluster: z.string(), percent: Percent, limits: z.array(StoredLimit) })),
  backends: z.array(
    z.object({
      placement: z.string(),
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
  recoveredAtMs: z.number().optional(),
  seenFailingAtMs: z.number().optional(),
  cause: FailureCause.optional(),
  dwell: z.object({ untilMs: z.number(), servedMs: z.number(), sinceMs: z.number().optional() }).optional(),
  isApproved: z.boolean().optional(),
  ramp: z.object({ percent: Percent, steppedAtMs: z.number(), doubtedSinceMs: z.number().optional() }).optional(),
  brake: z.object({ name: z.enum(['correlation', 'max-removed']), untilMs: z.number() }).optional(),
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
  cluster: z.string(),
  actor: z.string(),
  phase: z.enum(['moving', 'holding', 'returning']),
  currentPercent: Percent,
  startedAtMs: z.number(),
  verifiedAtMs: z.number().optional(),
  phaseSinceMs: z.number(),
  steppedAtMs: z.number(),
  decision: z.string(),
  ending: z.enum(['passed', 'failed']).optional(),
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
  goneRemovalsMs: z.array(z.number()).optional(),
  rehearsed: z.array(z.object({ drill: z.string(), atMs: z.number() })).optional(),
});

/** Of the first version: a cluster is out, as a whole, or it is not. */
const FirstWithdrawal = z.looseObject({
  cluster: z.string(),
  sinceMs: z.number(),
  reason: z.string(),
  decision: z.string(),
});
type FirstWithdrawal = z.output<typeof FirstWithdrawal>;

/** It did not say which cluster of the name it was. */
function outagesOf(withdrawals: readonly FirstWithdrawal[]) {
  const outages = withdrawals.map((item) => ({
    ...item,
    uid: '',
    phase: 'out' as const,
    percent: 0,
    heldUntilMs: item.sinceMs,
  }));
  return { outages, episodes: [] };
}

const TrafficWithoutAutomation = z
  .looseObject({ version: Count, withdrawals: z.array(FirstWithdrawal) })
  .transform(({ withdrawals, ...traffic }) => ({
    ...traffic,
    automation: outagesOf(withdrawals),
    shifts: [],
    breakGlasses: [],
  }));

/** Releases without versions wrote both shapes. */
const TrafficOfFirstVersion = z.union([z.looseObject({ automation: z.looseObject({}) }), TrafficWithoutAutomation]);

/** Of the second version: a chain of withdrawals, panics and halts, of which only what is known of clusters goes on. */
const OutageOfChain = z.object({
  cluster: z.string(),
  uid: z.string(),
  phase: z.enum(['joining', 'out', 'returning']),
  percent: Percent,
  sinceMs: z.number(),
  reason: z.string(),
  decision: z.string(),
  heldUntilMs: z.number(),
  isApproved: z.boolean().optional(),
});

const ShiftOfChain = z.looseObject({
  percent: Percent,
  phase: z.enum(['moving', 'draining', 'applied', 'returning']),
});

const TrafficOfChain = z
  .looseObject({
    automation: z.object({
      outages: z.array(OutageOfChain),
      episodes: z.array(z.object({ cluster: z.string(), uid: z.string(), atMs: z.number() })),
    }),
    shifts: z.array(ShiftOfChain),
    drill: z.looseObject({ phase: z.string() }).optional(),
  })
  .transform(({ automation, shifts, drill, withdrawals: _, allocations: __, recommended: ___, ...traffic }) => ({
    ...traffic,
    clusters: automation.outages.map((outage) => stateOfOutage(outage, automation.episodes)),
    allocation: {
      ...NO_ALLOCATION,
      limits: automation.outages.map((outage) => ({
        cluster: outage.cluster,
        percent: outage.percent,
        limits: [limitOfOutage(outage)],
      })),
    },
    shifts: shifts
      .filter(({ phase }) => phase !== 'returning')
      .map((shift) => ({ ...shift, mode: shift.percent === 100 ? 'keep' : 'drain' })),
    ...(drill && { drill }),
  }));

function limitOfOutage({ phase, percent, sinceMs }: z.output<typeof OutageOfChain>): Limit {
  if (phase === 'out') return { reason: 'down', sinceMs };
  return phase === 'joining' ? { reason: 'joining' } : { reason: 'ramp', percent };
}

const STANDINGS = { joining: 'joining', out: 'down', returning: 'held' } as const;

function stateOfOutage(
  { cluster, uid, phase, sinceMs, reason, decision, heldUntilMs, isApproved }: z.output<typeof OutageOfChain>,
  episodes: readonly { cluster: string; atMs: number }[],
): ClusterState {
  const failuresMs = episodes.filter((item) => item.cluster === cluster).map(({ atMs }) => atMs);
  const standing = STANDINGS[phase];
  return {
    cluster,
    uid,
    standing,
    sinceMs,
    reason,
    decision,
    failuresMs: standing === 'joining' || failuresMs.length > 0 ? failuresMs : [sinceMs],
    fallsMs: [],
    ...(standing !== 'joining' && { removedAtMs: sinceMs }),
    ...(standing === 'held' && { dwell: { untilMs: heldUntilMs, servedMs: 0 } }),
    ...(isApproved !== undefined && { isApproved }),
  };
}

export const trafficRecord = recordType('traffic state', StoredTraffic, [TrafficOfFirstVersion, TrafficOfChain]);

/** Of the first version: it was neither numbered nor sealed, and nothing was kept of what it was taken upon. */
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

/** Releases without versions wrote both shapes. */
const DecisionOfFirstVersion = z.union([z.looseObject({ hash: z.string() }), DecisionWithoutSeal]);

export const decisionRecord = recordType<Decision>('decision', Decision, [DecisionOfFirstVersion]);
