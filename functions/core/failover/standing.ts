/**
 * The standings of clusters, and the transitions by which evidence, time and people change them. docs/failover.md
 * explains the table of transitions to people.
 */

import type { FailureCause } from '../../../schemas/cluster.ts';
import { say } from '../../../schemas/messages/index.ts';
import { cooldownMs, MEMORY_MS } from './pace.ts';
import type { BrakeName, ClusterState, Dwell, Standing } from './traffic.ts';

/** The verdict of a quorum of a cluster's voters; unknown when there is no quorum. */
export type QuorumVerdict = 'healthy' | 'unhealthy' | 'unknown';

/** The inputs of a transition besides the state itself. */
export interface TransitionInput {
  nowMs: number;
  decision: string;
  /** The reason for the change, for people. */
  reason: string;
  cause?: FailureCause | undefined;
  cooldownSeconds: number;
  /** The time after which a ramping cluster about which nothing is known is held again, in milliseconds. */
  doubtMs: number;
  /** The brake that keeps a failing cluster in; undefined when there is none. */
  brake: { name: BrakeName; untilMs?: number | undefined; reason: string } | undefined;
  /** True when a closed gate keeps the cluster's traffic where it is. */
  isGateClosed: boolean;
  /** True when the cluster carries more than its capacity. */
  isOverloaded: boolean;
  /** True when it has in every backend what it would have if it were up. */
  hasEntitlement: boolean;
}

type Brake = NonNullable<TransitionInput['brake']>;

/** Returns the next state of a cluster; the same object when nothing changes. */
export type Transition = (state: ClusterState, now: TransitionInput) => ClusterState;

const stays: Transition = (state) => state;

/** The transition that each verdict causes in each standing. */
export const TRANSITIONS: Record<Standing, Record<QuorumVerdict, Transition>> = {
  up: { healthy: stays, unhealthy: fail, unknown: stays },
  suspected: { healthy: clear, unhealthy: awaitBrake, unknown: stays },
  down: { healthy: recover, unhealthy: leave, unknown: leave },
  held: { healthy: dwell, unhealthy: fail, unknown: pause },
  ramping: { healthy: trust, unhealthy: fail, unknown: doubt },
  joining: { healthy: join, unhealthy: stays, unknown: stays },
};

/** The transition that each order by a person causes in a standing. A standing that is absent ignores the order. */
export const ORDERS: Record<'resume' | 'dismiss' | 'restore', Partial<Record<Standing, Transition>>> = {
  resume: { suspected: goDown, up: believe },
  dismiss: { suspected: dismiss },
  restore: { held: approve },
};

/** Returns the state with another standing. Fields that only the previous standing needed are dropped. */
export function withStanding(
  { cluster, uid, failuresMs, fallsMs, removedAtMs, recoveredAtMs, dismissedUntilMs, cause, heat }: ClusterState,
  standing: Standing,
  { nowMs, decision, reason }: Pick<TransitionInput, 'nowMs' | 'decision' | 'reason'>,
  changes: Partial<ClusterState> = {},
): ClusterState {
  return {
    cluster,
    uid,
    standing,
    sinceMs: nowMs,
    reason,
    decision,
    failuresMs,
    fallsMs,
    ...(removedAtMs !== undefined && { removedAtMs }),
    ...(recoveredAtMs !== undefined && { recoveredAtMs }),
    ...(dismissedUntilMs !== undefined && { dismissedUntilMs }),
    ...(cause && { cause }),
    ...(heat && { heat }),
    ...changes,
  };
}

/**
 * Returns a held state. With `wait` it has to dwell before it may take its turn; without, it waits for its turn only.
 */
export function held(state: ClusterState, now: Pick<TransitionInput, 'nowMs' | 'decision' | 'reason'>, wait?: Dwell) {
  return withStanding(state, 'held', now, wait ? { dwell: wait } : { isApproved: true });
}

function fail(state: ClusterState, now: TransitionInput): ClusterState {
  if (state.dismissedUntilMs !== undefined && now.nowMs < state.dismissedUntilMs) return state;
  return now.brake === undefined ? goDown(state, now) : suspect(state, now, now.brake);
}

function suspect(state: ClusterState, now: TransitionInput, { name, untilMs, reason: why }: Brake): ClusterState {
  const reason = `${now.reason}; ${why}`;
  const failed = withFailure(state, now);
  const brake = { name, ...(untilMs !== undefined && { untilMs }) };
  return withStanding(failed, 'suspected', { ...now, reason }, { brake, ...waitAnew(failed, now) });
}

/** A cluster that fails while it dwells has to stay healthy for the whole time again. */
function waitAnew(state: ClusterState, { nowMs, cooldownSeconds }: TransitionInput): Partial<ClusterState> {
  const untilMs = nowMs + cooldownMs(state.failuresMs.length, cooldownSeconds);
  return { ...waitOf(state), ...(state.dwell && { dwell: { untilMs, servedMs: 0 } }) };
}

/** Returns what a cluster on its way back has yet to wait for; nothing for a cluster that was up. */
function waitOf({ dwell, isApproved, ramp }: ClusterState): Partial<ClusterState> {
  return { ...(dwell && { dwell }), ...(isApproved && { isApproved }), ...(ramp && { ramp }) };
}

function goDown(state: ClusterState, now: TransitionInput): ClusterState {
  const { nowMs, cause, isGateClosed } = now;
  const { recoveredAtMs: _, cause: __, dismissedUntilMs: ___, ...rest } = withFailure(state, now);
  const removal = isGateClosed ? { isGated: true } : { removedAtMs: nowMs };
  return withStanding(rest, 'down', now, { ...removal, ...(cause && { cause }) });
}

/** Takes out a cluster that a gate has kept in once the gate opens, unless a brake speaks against it then. */
function leave(state: ClusterState, now: TransitionInput): ClusterState {
  if (!state.isGated || now.isGateClosed) return state;
  if (now.brake !== undefined) return suspect(state, now, now.brake);
  const { isGated: _, ...rest } = state;
  return { ...rest, removedAtMs: now.nowMs };
}

/** Records a failure, unless the cluster is suspected or down and its failure is known already. */
function withFailure(state: ClusterState, { nowMs, isOverloaded }: TransitionInput): ClusterState {
  if (state.standing === 'suspected' || state.standing === 'down') return state;
  const failuresMs = [...state.failuresMs.filter((atMs) => nowMs - atMs < MEMORY_MS), nowMs];
  return { ...state, failuresMs, fallsMs: isOverloaded ? [...state.fallsMs, nowMs] : state.fallsMs };
}

function clear(state: ClusterState, now: TransitionInput): ClusterState {
  return trusted(state, { ...now, reason: say('AnswersAgain').text });
}

/** Returns a suspected cluster to the standing that it had before. */
function trusted(state: ClusterState, now: TransitionInput, changes: Partial<ClusterState> = {}): ClusterState {
  const isHeld = state.dwell !== undefined || state.isApproved === true;
  const standing = state.ramp ? 'ramping' : isHeld ? 'held' : 'up';
  return withStanding(state, standing, now, { ...waitOf(state), ...changes });
}

/** Takes out a suspected cluster whose brake has ended, unless another brake holds it. */
function awaitBrake(state: ClusterState, now: TransitionInput): ClusterState {
  const { brake } = now;
  if (brake === undefined) return goDown(state, { ...now, reason: say('BrakeEnded', { reason: now.reason }).text });
  const { name, untilMs } = state.brake ?? {};
  const isHeld = name === brake.name && (untilMs === brake.untilMs || now.nowMs < (untilMs ?? 0));
  return isHeld ? state : { ...suspect(state, now, brake), sinceMs: state.sinceMs };
}

/**
 * A cluster that recovers with its whole share, as after all clusters had failed together, goes up at once. Any other
 * is held until its cooldown is over and it has been healthy for the dwell time.
 */
function recover(state: ClusterState, now: TransitionInput): ClusterState {
  const back = { ...state, recoveredAtMs: now.nowMs };
  if (now.hasEntitlement) return withStanding(back, 'up', { ...now, reason: say('AnswersWithShare').text });
  const outSinceMs = Math.max(state.sinceMs, state.leftAtMs ?? 0);
  const untilMs = outSinceMs + cooldownMs(state.failuresMs.length, now.cooldownSeconds);
  return held(back, { ...now, reason: say('AnswersAgain').text }, { untilMs, servedMs: 0, sinceMs: now.nowMs });
}

/** Resumes a dwell that was paused. */
function dwell(state: ClusterState, { nowMs }: TransitionInput): ClusterState {
  if (state.dwell === undefined || state.dwell.sinceMs !== undefined) return state;
  return { ...state, dwell: { ...state.dwell, sinceMs: nowMs } };
}

/** Pauses a dwell: time in which nobody can say that the cluster is healthy does not count. */
function pause(state: ClusterState, { nowMs }: TransitionInput): ClusterState {
  if (state.dwell?.sinceMs === undefined) return state;
  const { sinceMs, servedMs, untilMs } = state.dwell;
  return { ...state, dwell: { untilMs, servedMs: servedMs + nowMs - sinceMs } };
}

function trust(state: ClusterState): ClusterState {
  if (state.ramp?.doubtedSinceMs === undefined) return state;
  const { doubtedSinceMs: _, ...ramp } = state.ramp;
  return { ...state, ramp };
}

function doubt(state: ClusterState, now: TransitionInput): ClusterState {
  if (state.ramp === undefined) return state;
  const { doubtedSinceMs } = state.ramp;
  if (doubtedSinceMs === undefined) return { ...state, ramp: { ...state.ramp, doubtedSinceMs: now.nowMs } };
  if (now.nowMs - doubtedSinceMs < now.doubtMs) return state;
  const reason = say('UnknownTooLong').text;
  return held(state, { ...now, reason }, { untilMs: now.nowMs, servedMs: 0 });
}

function join(state: ClusterState, now: TransitionInput): ClusterState {
  return held(state, { ...now, reason: say('FoundHealthy').text });
}

function dismiss(state: ClusterState, now: TransitionInput): ClusterState {
  const dismissedUntilMs = now.nowMs + MEMORY_MS;
  return trusted(state, now, { dismissedUntilMs });
}

/** Takes back a dismissal, so that the voters' findings count again. */
function believe(state: ClusterState): ClusterState {
  if (state.dismissedUntilMs === undefined) return state;
  const { dismissedUntilMs: _, ...rest } = state;
  return rest;
}

function approve(state: ClusterState, now: TransitionInput): ClusterState {
  const waitsForNobody = state.isApproved === true && state.dwell === undefined;
  return waitsForNobody ? state : held(state, now);
}
