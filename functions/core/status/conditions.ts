import type { HealthState } from '../../../schemas/cluster.ts';
import type { Condition } from '../../../schemas/common.ts';
import type { Automation } from '../../../schemas/fleet.ts';
import type { LossOutcome } from '../../../schemas/loss-readiness.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { QuotaUse } from '../../../schemas/plan.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { nameOfLoss } from '../allocation/losses.ts';
import type { Reading } from '../gateway/reading.ts';
import type { Silence } from '../health/silence.ts';
import { whyOf } from '../incidents/losses.ts';
import type { Written } from '../model/resource.ts';
import { isoOf } from '../model/time.ts';

interface StatedCondition {
  status: Condition['status'];
  reason: string;
  message: string;
  at: string;
}

function condition(type: string, resource: Written, { status, reason, message, at }: StatedCondition): Condition {
  return { type, status, reason, message, observedRevision: resource.revision, lastTransitionTime: at };
}

/**
 * Returns the conditions that are true of everything that was written, since a write that would make them false is
 * refused.
 */
export function writtenConditions(resource: Written): Condition[] {
  const at = resource.updatedAt;
  return [
    condition('Accepted', resource, { status: 'True', reason: 'Accepted', message: say('DeclarationValid').text, at }),
    condition('ResolvedRefs', resource, {
      status: 'True',
      reason: 'ResolvedRefs',
      message: say('RefsExist').text,
      at,
    }),
  ];
}

/** Tells whether somebody has changed managed objects at the gateway, as far as it was read. */
export function drifted(resource: Written, reading: Reading | undefined): Condition {
  const found = (reading?.deviations ?? []).filter(({ reason }) => reason === 'Drifted' || reason === 'Adopted');
  const [first] = [...found].sort((a, b) => (a.since < b.since ? -1 : 1));
  const observed = reading?.readAt === undefined ? {} : { observedAt: reading.readAt };
  if (first === undefined) {
    const message = say('NothingChangedByHand').text;
    const at = resource.createdAt;
    return { ...condition('Drifted', resource, { status: 'False', reason: 'AsVerified', message, at }), ...observed };
  }
  const message = say('ChangedByHand', { count: found.length }).text;
  const reason = found.every((item) => item.reason === 'Adopted') ? 'Adopted' : 'ChangedAtGateway';
  return { ...condition('Drifted', resource, { status: 'True', reason, message, at: first.since }), ...observed };
}

/** Tells whether the quotas of the gateway have room. `near` holds the quotas that have little left. */
export function withinQuotas(resource: Written, near: readonly QuotaUse[], at: string | undefined): Condition {
  const since = at ?? resource.updatedAt;
  if (near.length === 0) {
    const message = say('QuotasHaveRoom').text;
    return condition('WithinQuotas', resource, { status: 'True', reason: 'Room', message, at: since });
  }
  const message = near.map(({ quota, used, allowed }) => `${quota}: ${used} of ${allowed}.`).join(' ');
  const isExceeded = near.some(({ used, allowed }) => used > allowed);
  const state = isExceeded
    ? { status: 'False' as const, reason: 'Exceeded' }
    : { status: 'True' as const, reason: 'NearQuota' };
  return condition('WithinQuotas', resource, { ...state, message, at: since });
}

/** Tells whether failing clusters are withdrawn without asking people. */
export function automated(resource: Written, automation: Automation): Condition {
  return condition('Automated', resource, { ...AUTOMATED[automation], at: resource.updatedAt });
}

/** Tells whether the policy of a fleet can do its job. `warnings` are objections that do not forbid it. */
export function policyCondition(resource: Written, warnings: readonly Issue[]): Condition {
  const at = resource.updatedAt;
  if (warnings.length === 0) {
    const message = say('PolicySound').text;
    return condition('PolicySound', resource, { status: 'True', reason: 'Sound', message, at });
  }
  const message = warnings.map((warning) => say('OneFault', warning).text).join(' ');
  return condition('PolicySound', resource, { status: 'False', reason: 'Doubtful', message, at });
}

/** Tells whether every voter that should speak does. */
export function votersHeard(resource: Written, silent: readonly Silence[]): Condition {
  if (silent.length === 0) {
    const message = say('NoVoterSilent').text;
    return condition('VotersHeard', resource, { status: 'True', reason: 'Heard', message, at: resource.createdAt });
  }
  const told = silent.map(({ voter, sinceMs }) => {
    return (
      sinceMs === undefined ? say('NeverHeard', { voter }) : say('NotHeardSince', { voter, since: isoOf(sinceMs) })
    ).text;
  });
  const times = silent.map(({ sinceMs }) => (sinceMs === undefined ? resource.updatedAt : isoOf(sinceMs)));
  const reason = silent.some(({ isLost }) => isLost) ? 'Lost' : 'Silent';
  const at = times.sort()[0] ?? resource.updatedAt;
  return condition('VotersHeard', resource, { status: 'False', reason, message: `${told.join('; ')}.`, at });
}

/**
 * Tells whether the fleet could do without any one cluster, site or city, with one condition for each kind of loss that
 * it can have.
 */
export function survivesLosses(resource: Written, assessment: Assessed | undefined): Condition[] {
  return (['cluster', 'site', 'city'] as const).flatMap((kind) => {
    const losses = (assessment?.losses ?? []).filter(({ type }) => type === kind);
    const type = `SurvivesLossOf${kind[0]?.toUpperCase()}${kind.slice(1)}`;
    const observed = assessment && { observedAt: isoOf(assessment.atMs) };
    const [first, ...others] = losses.filter(({ survives }) => !survives);
    if (losses.length === 0) return [];
    const at =
      losses
        .map(({ since }) => since)
        .sort()
        .at(-1) ?? resource.updatedAt;
    if (first === undefined && assessment?.skipped) {
      const message = say('LossesNotWorkedOut', { count: assessment.skipped }).text;
      return [
        { ...condition(type, resource, { status: 'Unknown', reason: 'NotAllWorkedOut', message, at }), ...observed },
      ];
    }
    if (first === undefined) {
      const message = say('LossBorne', { kind }).text;
      return [{ ...condition(type, resource, { status: 'True', reason: 'Survives', message, at }), ...observed }];
    }
    const given = { loss: nameOfLoss(first), why: whyOf(first), others: others.length };
    const message = say('LossUnborne', given).text;
    const state = { status: 'False' as const, reason: 'WouldNot', message, at: first.since };
    return [{ ...condition(type, resource, state), ...observed }];
  });
}

interface Assessed {
  atMs: number;
  losses: readonly LossOutcome[];
  skipped: number;
}

const AUTOMATED: Record<Automation, Omit<StatedCondition, 'at'>> = {
  automatic: { status: 'True', reason: 'Automatic', message: say('AutomationActs').text },
  recommend: { status: 'False', reason: 'Recommending', message: say('AutomationRecommends').text },
  paused: { status: 'False', reason: 'Paused', message: say('AutomationPaused').text },
};

/** Tells what is known about the health of a cluster; `since` is undefined while nothing is. */
export function healthy(resource: Written, state: HealthState, since: string | undefined): Condition {
  return condition('Healthy', resource, { ...HEALTHY[state], at: since ?? resource.createdAt });
}

const HEALTHY: Record<HealthState, Omit<StatedCondition, 'at'>> = {
  healthy: { status: 'True', reason: 'Healthy', message: say('ProbesSucceed').text },
  unhealthy: { status: 'False', reason: 'Unhealthy', message: say('ProbesFail').text },
  unknown: { status: 'Unknown', reason: 'Unknown', message: say('HealthUnknown').text },
};

/**
 * Tells whether a cluster has all of its share. `most` is the largest percentage that it was read to have of any pool;
 * undefined when that is not known.
 */
export function serving(
  resource: Written,
  withdrawal: { since: string; reason: string; percent: number } | undefined,
  most: number | undefined,
): Condition {
  if (withdrawal === undefined) {
    const message = say('MayGetTraffic').text;
    return condition('Serving', resource, { status: 'True', reason: 'Serving', message, at: resource.createdAt });
  }
  const { percent, reason: why, since: at } = withdrawal;
  if (percent > 0) return condition('Serving', resource, { status: 'False', reason: 'Reduced', message: why, at });
  if (most === 0) return condition('Serving', resource, { status: 'False', reason: 'Withdrawn', message: why, at });
  const message =
    most === undefined ? say('WithdrawnUnread', { why }) : say('WithdrawnAndServed', { why, percent: most });
  return condition('Serving', resource, { status: 'False', reason: 'StillServing', message: message.text, at });
}
