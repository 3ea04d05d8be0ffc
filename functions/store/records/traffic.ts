/** How traffic is shared besides what people declared, and why. */

import * as z from 'zod';
import { WithdrawalCause } from '../../../schemas/cluster.ts';
import { Percent } from '../../../schemas/common.ts';
import { Decision } from '../../../schemas/decision.ts';
import { SafetyRuleName } from '../../../schemas/failover.ts';
import type { AutomationState, Traffic } from '../../core/traffic.ts';
import { recordType } from '../record-type.ts';
import { ObservationWithoutVoter } from './health.ts';

const Count = z.int().min(0);

const Shares = z.array(z.object({ cluster: z.string(), percent: Percent }));

const StoredAutomation: z.ZodType<AutomationState> = z.object({
  outages: z.array(
    z.object({
      cluster: z.string(),
      uid: z.string(),
      phase: z.enum(['joining', 'out', 'returning']),
      percent: Percent,
      sinceMs: z.number(),
      reason: z.string(),
      decision: z.string(),
      heldUntilMs: z.number(),
      returnSinceMs: z.number().optional(),
      steppedAtMs: z.number().optional(),
      isApproved: z.boolean().optional(),
    }),
  ),
  episodes: z.array(z.object({ cluster: z.string(), uid: z.string(), atMs: z.number() })),
  panics: z.array(
    z.object({
      placement: z.string(),
      mode: z.enum(['hold', 'base', 'reject']),
      sinceMs: z.number(),
      shares: Shares,
    }),
  ),
  halt: z.object({ sinceMs: z.number(), clusters: z.array(z.string()), reason: z.string() }).optional(),
  blocked: z.array(z.object({ cluster: z.string(), rule: z.string(), sinceMs: z.number() })),
  resumedAtMs: z.number().optional(),
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
  ending: z.enum(['passed', 'failed', 'aborted']).optional(),
});

const StoredTraffic: z.ZodType<Traffic> = z.object({
  version: Count,
  head: z.object({ decision: z.string(), hash: z.string() }).optional(),
  withdrawals: z.array(
    z.object({
      cluster: z.string(),
      percent: Percent,
      cause: WithdrawalCause,
      sinceMs: z.number(),
      reason: z.string(),
      decision: z.string(),
    }),
  ),
  allocations: z.array(z.object({ placement: z.string(), cause: z.enum(['capacity', 'panic']), shares: Shares })),
  automation: StoredAutomation,
  recommended: StoredAutomation.optional(),
  shifts: z.array(
    z.object({
      ...override,
      cluster: z.string(),
      percent: Percent,
      stepPercent: Percent,
      stepSeconds: Count,
      phase: z.enum(['moving', 'draining', 'applied', 'returning']),
      currentPercent: Percent,
      phaseSinceMs: z.number(),
      steppedAtMs: z.number(),
      decision: z.string(),
      endedBy: z.string().optional(),
    }),
  ),
  breakGlasses: z.array(z.object({ ...override, rules: z.array(SafetyRuleName) })),
  drill: StoredDrill.optional(),
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
function automationOf(withdrawals: readonly FirstWithdrawal[]): AutomationState {
  const outages = withdrawals.map((item) => ({
    ...item,
    uid: '',
    phase: 'out' as const,
    percent: 0,
    heldUntilMs: item.sinceMs,
  }));
  return { outages, episodes: [], panics: [], blocked: [] };
}

const TrafficWithoutAutomation = z
  .looseObject({
    version: Count,
    withdrawals: z.array(FirstWithdrawal),
    recommended: z.array(FirstWithdrawal).optional(),
  })
  .transform(({ withdrawals, recommended, ...traffic }) => ({
    ...traffic,
    withdrawals: withdrawals.map((item) => ({ ...item, percent: 0, cause: 'failure' })),
    allocations: [],
    automation: automationOf(withdrawals),
    ...(recommended && { recommended: automationOf(recommended) }),
    shifts: [],
    breakGlasses: [],
  }));

/** Releases without versions wrote both shapes. */
const TrafficOfFirstVersion = z.union([z.looseObject({ automation: z.looseObject({}) }), TrafficWithoutAutomation]);

export const trafficRecord = recordType('traffic state', StoredTraffic, [TrafficOfFirstVersion]);

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
