import type { HealthState } from '../../schemas/cluster.ts';
import type { Condition } from '../../schemas/common.ts';
import type { Automation } from '../../schemas/fleet.ts';
import type { DriftPolicy } from '../../schemas/gateway.ts';
import type { QuotaUse } from '../../schemas/plan.ts';
import type { Issue } from '../../schemas/problem.ts';

/** What conditions need to know of a resource. */
export interface Written {
  revision: number;
  createdAt: string;
  updatedAt: string;
}

/** How far one gateway has come with one resource. */
export interface Progress {
  gateway: string;
  /** What the gateway was last verified to follow. */
  programmed?: { revision: number; verifiedAt: string } | undefined;
  /** The last attempt to make it follow. */
  attempt?: { reason: string; message: string; at: string } | undefined;
}

interface Verdict {
  status: Condition['status'];
  reason: string;
  message: string;
  at: string;
}

function condition(type: string, resource: Written, { status, reason, message, at }: Verdict): Condition {
  return { type, status, reason, message, observedRevision: resource.revision, lastTransitionTime: at };
}

/** True of everything that was written: a write that would make them false is refused. */
export function writtenConditions(resource: Written): Condition[] {
  const at = resource.updatedAt;
  return [
    condition('Accepted', resource, { status: 'True', reason: 'Accepted', message: 'The declaration is valid.', at }),
    condition('ResolvedRefs', resource, {
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'Everything that it refers to exists.',
      at,
    }),
  ];
}

/** Whether one gateway is verified to follow the resource as it is now. */
export function programmedBy(resource: Written, progress: Progress): Condition {
  return condition('Programmed', resource, verdictOf(resource, progress));
}

/** Whether all gateways that should follow the resource are verified to do so. */
export function programmedByAll(resource: Written, progress: readonly Progress[]): Condition {
  const verdicts = progress.map((item) => ({ gateway: item.gateway, ...verdictOf(resource, item) }));
  const missing = verdicts.filter((verdict) => verdict.status !== 'True');
  const [first] = missing;
  if (verdicts.length === 0) {
    const message = 'The fleet has no gateway.';
    return condition('Programmed', resource, {
      status: 'Unknown',
      reason: 'NoGateway',
      message,
      at: resource.updatedAt,
    });
  }
  if (first === undefined) {
    const at =
      verdicts
        .map((verdict) => verdict.at)
        .sort()
        .at(-1) ?? resource.updatedAt;
    return condition('Programmed', resource, { ...PROGRAMMED, at });
  }
  const message = missing.map((verdict) => `${verdict.gateway}: ${verdict.message}`).join(' ');
  return condition('Programmed', resource, { status: 'False', reason: first.reason, message, at: first.at });
}

const PROGRAMMED = {
  status: 'True',
  reason: 'Programmed',
  message: 'Pushed, read back and found equal.',
} as const;

function verdictOf(resource: Written, { programmed, attempt }: Progress): Verdict {
  if (programmed && programmed.revision >= resource.revision) return { ...PROGRAMMED, at: programmed.verifiedAt };
  if (attempt) return { status: 'False', reason: attempt.reason, message: attempt.message, at: attempt.at };
  return { status: 'False', reason: 'Pending', message: 'Not pushed yet.', at: resource.updatedAt };
}

/** Whether the gateway has what was last verified there, as far as is known. */
export function drifted(
  resource: Written,
  drift: { since: string; total: number } | undefined,
  policy: DriftPolicy,
): Condition {
  if (drift === undefined) {
    const message = 'Nobody has changed what was verified.';
    return condition('Drifted', resource, { status: 'False', reason: 'AsVerified', message, at: resource.createdAt });
  }
  const message = `Objects that somebody changed at the gateway: ${drift.total}.`;
  const reason = policy === 'adopt' ? 'Adopted' : 'ChangedAtGateway';
  return condition('Drifted', resource, { status: 'True', reason, message, at: drift.since });
}

/** Whether the quotas of the gateway have room; `near`: those that have little. */
export function withinQuotas(resource: Written, near: readonly QuotaUse[], at: string | undefined): Condition {
  const since = at ?? resource.updatedAt;
  if (near.length === 0) {
    const message = 'All quotas have room.';
    return condition('WithinQuotas', resource, { status: 'True', reason: 'Room', message, at: since });
  }
  const message = near.map(({ quota, used, allowed }) => `${quota}: ${used} of ${allowed}.`).join(' ');
  const isExceeded = near.some(({ used, allowed }) => used > allowed);
  const verdict = isExceeded
    ? { status: 'False' as const, reason: 'Exceeded' }
    : { status: 'True' as const, reason: 'NearQuota' };
  return condition('WithinQuotas', resource, { ...verdict, message, at: since });
}

/** Whether failing clusters are withdrawn without asking. */
export function automated(resource: Written, automation: Automation): Condition {
  return condition('Automated', resource, { ...AUTOMATED[automation], at: resource.updatedAt });
}

/** Whether the policy of a fleet can do what it is for; `warnings`: what speaks against it and does not forbid it. */
export function policyCondition(resource: Written, warnings: readonly Issue[]): Condition {
  const at = resource.updatedAt;
  if (warnings.length === 0) {
    const message = 'Nothing speaks against the policy.';
    return condition('PolicySound', resource, { status: 'True', reason: 'Sound', message, at });
  }
  const message = warnings.map(({ pointer, detail }) => `${pointer}: ${detail}.`).join(' ');
  return condition('PolicySound', resource, { status: 'False', reason: 'Doubtful', message, at });
}

const AUTOMATED: Record<Automation, Omit<Verdict, 'at'>> = {
  automatic: { status: 'True', reason: 'Automatic', message: 'Failing clusters are withdrawn and restored.' },
  recommend: { status: 'False', reason: 'Recommending', message: 'Decisions are recorded; nothing is moved.' },
  paused: { status: 'False', reason: 'Paused', message: 'Automation is paused; nothing is moved.' },
};

/** What is known of the health of a cluster; `since` is absent while nothing is. */
export function healthy(resource: Written, state: HealthState, since: string | undefined): Condition {
  return condition('Healthy', resource, { ...HEALTHY[state], at: since ?? resource.createdAt });
}

const HEALTHY: Record<HealthState, Omit<Verdict, 'at'>> = {
  healthy: { status: 'True', reason: 'Healthy', message: 'Its probes succeed.' },
  unhealthy: { status: 'False', reason: 'Unhealthy', message: 'Its probes fail.' },
  unknown: { status: 'Unknown', reason: 'Unknown', message: 'Too few observations yet, or no probes.' },
};

/** Whether a cluster takes part in serving, with all of its share. */
export function serving(
  resource: Written,
  withdrawal: { since: string; reason: string; percent: number } | undefined,
): Condition {
  const verdict: Verdict = withdrawal
    ? {
        status: 'False',
        reason: withdrawal.percent === 0 ? 'Withdrawn' : 'Reduced',
        message: withdrawal.reason,
        at: withdrawal.since,
      }
    : { status: 'True', reason: 'Serving', message: 'It may get traffic.', at: resource.createdAt };
  return condition('Serving', resource, verdict);
}
