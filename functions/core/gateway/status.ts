/** Computes the status of a resource at its gateways from what was last read back, with the time of that reading. */

import type { Condition } from '../../../schemas/common.ts';
import { say } from '../../../schemas/messages/index.ts';
import { type ReasonArguments, type ReasonCode, sentenceOf } from '../../../schemas/reasons.ts';
import type { Written } from '../model/resource.ts';
import { isoOf, msOf } from '../model/time.ts';
import { DEVIATION_REASONS, type Deviation, type Reading } from './reading.ts';

/** The time after which a change without progress is reported as `NoProgress`, in milliseconds. */
export const NO_PROGRESS_MS = 30_000;

/**
 * The time after which a reading is reported as `Stale`, in milliseconds. A gateway is normally read every 30 s, at the
 * latest with the next run of the schedule (every minute).
 */
export const STALE_MS = 180_000;

/** The known state of one gateway. */
export interface StatusInput {
  gateway: string;
  reading: Reading | undefined;
  /** The time since which the gateway has been as desired; present only while it is, and when the time is known. */
  since?: string | undefined;
  /** The outcome of the last run; present while the gateway does not follow. */
  attempt?: { reason: string; message: string; at: string } | undefined;
}

/** The known state of one resource at one gateway. */
export interface ProgrammedInput extends StatusInput {
  /**
   * A revision of the resource: the last complete read was compared with it or a later one; undefined when there is
   * none.
   */
  comparedRevision: number | undefined;
  /** The time since which a change of the resource has been waiting. */
  waitingSince?: string | undefined;
  /** The deviations of the gateway that concern the resource. */
  deviations: readonly Deviation[];
}

/** The known state of the traffic of one resource at one gateway. */
export interface FollowingInput extends StatusInput {
  /** The time since which a decided or declared change of points has been waiting. */
  waitingSince?: string | undefined;
  /** The clusters whose points differ from those that they should have; undefined when their points are unknown. */
  lagging: readonly string[] | undefined;
  /** The deviations of the gateway that concern the points of the resource. */
  deviations: readonly Deviation[];
  /**
   * The deviations of objects that carry the resource. While there are any, the destination of its requests is
   * uncertain.
   */
  altered: readonly Deviation[];
}

export interface ConditionState {
  status: Condition['status'];
  reason: ReasonCode;
  arguments: ReasonArguments;
  /** The time since which the state has held, as far as it is known. */
  at: string;
  /** The time at which the facts behind the state were read. */
  observedAt?: string | undefined;
}

/** Tells whether all objects of the resource are at one gateway as declared. */
export function programmedAt(resource: Written, input: ProgrammedInput, nowMs: number): ConditionState {
  const { reading, comparedRevision, deviations } = input;
  const observedAt = reading?.readAt;
  const isHeldAgainst = comparedRevision !== undefined && comparedRevision >= resource.revision;
  // The change certainly waits, whether or not the gateway can be read.
  if (!isHeldAgainst && observedAt !== undefined) {
    return { ...waiting(input, input.waitingSince ?? resource.updatedAt, nowMs), observedAt };
  }
  const unknown = unknownState(resource, input, observedAt, nowMs);
  if (unknown) return unknown;
  const objects = deviations.filter(({ isPoints, reason }) => !isPoints && reason !== 'Adopted');
  return deviating(objects, input, nowMs) ?? asRead('Programmed', input, observedAt ?? resource.updatedAt);
}

/** Tells whether the clusters have the points of the resource that they should have at one gateway. */
export function followingAt(resource: Written, input: FollowingInput, nowMs: number): ConditionState {
  const { reading, lagging, waitingSince } = input;
  const readAt = reading?.poolsReadAt ?? reading?.readAt;
  const unknown = unknownState(resource, input, readAt, nowMs);
  const isBehind = waitingSince !== undefined || (lagging !== undefined && lagging.length > 0);
  if (unknown && !(isBehind && readAt !== undefined)) return unknown;
  const fault = unknown ? undefined : faultOf(input, nowMs);
  if (fault && fault.reason !== 'Pending') return fault;
  if (isBehind || lagging === undefined) {
    return { ...waiting(input, waitingSince ?? readAt ?? resource.updatedAt, nowMs), observedAt: readAt };
  }
  return fault ?? asRead('Following', input, readAt ?? resource.updatedAt);
}

/** Returns what keeps the points from being as desired, or from being known; undefined when nothing does. */
function faultOf({ deviations, altered, ...input }: FollowingInput, nowMs: number): ConditionState | undefined {
  const found = deviating(deviations, input, nowMs);
  if (found && found.reason !== 'Pending') return found;
  const hidden = deviating(altered, input, nowMs);
  if (hidden) return hidden.status === 'True' ? { ...hidden, status: 'Unknown' } : hidden;
  return found;
}

function asRead(reason: 'Programmed' | 'Following', { since }: StatusInput, readAt: string): ConditionState {
  return { status: 'True', reason, arguments: { readAt }, at: since ?? readAt, observedAt: readAt };
}

/**
 * Returns a state when that of the gateway is not known: it cannot be read, has never been read, or was last
 * read too long ago. Otherwise returns undefined.
 */
function unknownState(
  resource: Written,
  { reading, attempt }: StatusInput,
  readAt: string | undefined,
  nowMs: number,
): ConditionState | undefined {
  const { failure } = reading ?? {};
  const readMs = readAt === undefined ? Number.NEGATIVE_INFINITY : msOf(readAt);
  if (failure !== undefined && nowMs - readMs >= NO_PROGRESS_MS) {
    const { since, action, code } = failure;
    const given = { since, action, code, ...(readAt !== undefined && { readAt }) };
    return { status: 'Unknown', reason: 'NotReadable', arguments: given, at: since, observedAt: readAt };
  }
  if (readAt === undefined) {
    if (attempt?.reason === 'Provisioning') {
      return { status: 'False', reason: 'Provisioning', arguments: { step: attempt.message }, at: attempt.at };
    }
    return { status: 'False', reason: 'NeverRead', arguments: {}, at: resource.updatedAt };
  }
  if (nowMs - readMs >= STALE_MS) {
    const given = { readAt };
    return { status: 'Unknown', reason: 'Stale', arguments: given, at: isoOf(readMs + STALE_MS), observedAt: readAt };
  }
  return undefined;
}

function waiting({ attempt }: StatusInput, waitingSince: string, nowMs: number): ConditionState {
  const cause = attempt && `${attempt.reason}: ${attempt.message.replace(/\.$/, '')}`;
  const state = { status: 'False', at: waitingSince } as const;
  if (nowMs - msOf(waitingSince) < NO_PROGRESS_MS) {
    return { ...state, reason: 'Pending', arguments: { waitingSince, ...(cause && { cause }) } };
  }
  return { ...state, reason: 'NoProgress', arguments: { waitingSince, cause: cause ?? say('NobodyTookItUp').text } };
}

/**
 * Returns the rank of a deviation, lowest for the gravest. A refusal on which others depend ranks before those that
 * depend on it.
 */
function gravityOf({ reason, refusal }: Deviation): number {
  return DEVIATION_REASONS.indexOf(reason) + (refusal?.code === 'DependsOnRefused' ? 0.5 : 0);
}

/**
 * Returns the state for the gravest deviation; undefined when there is none. Accepted drift is not a fault, so its
 * status is `True`.
 */
function deviating(deviations: readonly Deviation[], input: StatusInput, nowMs: number): ConditionState | undefined {
  const [first] = [...deviations].sort((a, b) => gravityOf(a) - gravityOf(b));
  if (first === undefined) return undefined;
  const { reason, since, refusal, verb, kind, key } = first;
  const observedAt = input.reading?.readAt;
  const same = deviations.filter((item) => item.reason === reason);
  if (reason === 'Pending') return { ...waiting(input, since, nowMs), observedAt };
  const detail =
    refusal?.detail ?? (reason === 'Shadowed' ? first.detail : `${verb} of ${kind} ${key} (${first.detail})`);
  const given = { objects: same.length, detail, ...(refusal && { code: refusal.code }) };
  return { status: reason === 'Adopted' ? 'True' : 'False', reason, arguments: given, at: since, observedAt };
}

/** Returns the condition for its state at one gateway. */
export function conditionOf(
  type: 'Programmed' | 'Following' | 'Observed',
  { revision }: Written,
  state: ConditionState,
): Condition {
  const { status, reason, at, observedAt } = state;
  return {
    type,
    status,
    reason,
    message: sentenceOf(reason, state.arguments),
    arguments: state.arguments,
    observedRevision: revision,
    lastTransitionTime: at,
    ...(observedAt !== undefined && { observedAt }),
  };
}

/**
 * Returns one condition for all gateways: it is as good as the worst of them, and its reading is as old as the oldest.
 */
export function summaryOf(
  type: 'Programmed' | 'Following',
  resource: Written,
  states: readonly (ConditionState & { gateway: string })[],
): Condition {
  const missing = states.filter(({ status }) => status !== 'True');
  const worst = missing.find(({ status }) => status === 'False') ?? missing[0];
  if (states.length === 0) {
    return conditionOf(type, resource, {
      status: 'Unknown',
      reason: 'NoGateway',
      arguments: {},
      at: resource.updatedAt,
    });
  }
  const observedAt = oldest(states.map((state) => state.observedAt));
  if (worst === undefined) {
    const at =
      states
        .map((state) => state.at)
        .sort()
        .at(-1) ?? resource.updatedAt;
    return conditionOf(type, resource, { status: 'True', reason: type, arguments: {}, at, observedAt });
  }
  const told = missing.map((state) => `${state.gateway}: ${sentenceOf(state.reason, state.arguments)}`);
  return { ...conditionOf(type, resource, { ...worst, observedAt }), message: told.join(' ') };
}

function oldest(times: readonly (string | undefined)[]): string | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length < times.length ? undefined : known.sort()[0];
}
