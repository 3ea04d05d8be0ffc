/** Drills rehearse the loss of clusters: when they begin, how they proceed, and what ends them. */

import type { Drill } from '../../../schemas/drill.ts';
import { say } from '../../../schemas/messages/index.ts';
import { declaredDrill } from './begin-drill.ts';
import {
  type Context,
  moved,
  quorumVerdictOf,
  type Step,
  type StepResult,
  stateOf,
  UNCHANGED,
  type Watched,
} from './context.ts';
import type { Ending } from './decision-input.ts';
import { faultOf } from './drill-reading.ts';
import { nextShiftPercent } from './pace.ts';
import { heldApart } from './service-returns.ts';
import { answers, heldFor } from './shifts.ts';
import type { ClusterState, LiveDrill, Traffic } from './traffic.ts';

type DrillEnding = Extract<Ending, { type: 'drill' }>['state'];

/**
 * The step that ends a drill: a failure interrupts it, a stop condition aborts it, and it is over once all of its
 * clusters are back.
 */
export const stopDrill: Step = (context, traffic) => {
  const { drill } = traffic;
  if (drill === undefined) return UNCHANGED;
  const isOurs = (name: string) =>
    traffic.shifts.some((shift) => shift.cluster === name && shift.service === undefined);
  const failing = [...context.clusters.values()]
    .filter((item) => quorumVerdictOf(traffic, item) === 'unhealthy' && !isOurs(item.facts.name))
    .map(({ facts }) => facts.name);
  if (failing.length > 0) return interrupted(context, traffic, failing);
  const reason = stopReason(context, traffic, drill);
  if (reason !== undefined) return withoutDrill(context, traffic, 'aborted', reason);
  return drill.phase === 'returning' ? endReturned(context, traffic, drill) : UNCHANGED;
};

function interrupted(context: Context, traffic: Traffic, failed: readonly string[]): StepResult {
  return withoutDrill(context, traffic, 'interrupted', say('DrillInterrupted', { clusters: failed.join(', ') }).text);
}

/** Ends a drill whose clusters are back, once gateways were verified to have given everything back. */
function endReturned(context: Context, traffic: Traffic, drill: LiveDrill): StepResult {
  const standings = standingsOf(context, traffic, drill);
  const down = standings.filter(({ standing }) => standing === 'down').map(({ cluster }) => cluster);
  if (down.length > 0) return interrupted(context, traffic, down);
  const isWaiting = traffic.serviceReturns?.some(
    (own) => own.service === drill.service && drill.clusters.includes(own.cluster),
  );
  const isBack = standings.every(({ standing }) => standing === 'up') && !isWaiting;
  if (!isBack || context.verifiedAtMs === undefined) return UNCHANGED;
  const back = say('DrillGivenBack').text;
  const why = drill.why === undefined ? back : `${drill.why}; ${back}`;
  return withoutDrill(context, traffic, drill.ending ?? 'passed', why);
}

function standingsOf({ clusters }: Context, traffic: Traffic, drill: LiveDrill): ClusterState[] {
  return drill.clusters.flatMap((name) => {
    const facts = clusters.get(name)?.facts;
    return facts ? [stateOf(traffic, facts)] : [];
  });
}

function stopReason(context: Context, { allocation }: Traffic, drill: LiveDrill): string | undefined {
  const declared = declaredDrill(context, drill.name);
  if (declared === undefined) return say('DrillUndeclared').text;
  const gone = drill.clusters.filter((name) => !context.clusters.has(name));
  if (gone.length > 0) return say('DrillWithoutClusters', { clusters: gone.join(', ') }).text;
  const { onFailingVote, onOverload } = declared.stopConditions;
  const others = [...context.clusters.values()].filter(({ facts }) => !drill.clusters.includes(facts.name));
  const doubtful = onFailingVote ? others.find(hasFailingVote) : undefined;
  if (doubtful) return say('DrillSeenToFail', { clusters: doubtful.facts.name }).text;
  const [hot] = onOverload ? allocation.overloads : [];
  return hot && say('DrillOverload', { clusters: hot.cluster }).text;
}

function hasFailingVote({ tally }: Watched): boolean {
  return tally.votes.some(({ state, isFresh, isSuspect }) => state === 'unhealthy' && isFresh && !isSuspect);
}

/** The step that advances the live drill. */
export const moveDrill: Step = (context, traffic) => {
  const { drill } = traffic;
  if (drill === undefined) return UNCHANGED;
  const declared = declaredDrill(context, drill.name);
  if (declared === undefined) return UNCHANGED;
  if (drill.phase === 'returning') return giveBack(context, traffic, drill);
  return drill.phase === 'moving'
    ? takeOut(context, traffic, drill, declared)
    : hold(context, traffic, drill, declared);
};

function takeOut(context: Context, traffic: Traffic, drill: LiveDrill, declared: Drill): StepResult {
  const { nowMs, decision, drilled } = context.input;
  const isFirst = drill.steppedAtMs < drill.phaseSinceMs;
  const isFollowed = context.verifiedAtMs !== undefined;
  const isOut = drill.currentPercent === 0;
  if (isFollowed && isOut && drilled && faultOf(drilled) === undefined) {
    const verifiedAtMs = drilled.readAtMs;
    return moved({ ...traffic, drill: { ...drill, phase: 'holding', verifiedAtMs, phaseSinceMs: nowMs } });
  }
  if (!isFirst && (isOut || !isFollowed)) {
    const isLate = nowMs - drill.startedAtMs > declared.recoveryTargetSeconds * 1000;
    const seen = isFollowed && drilled ? faultOf(drilled) : undefined;
    const late = say('DrillNotFollowed', { seconds: declared.recoveryTargetSeconds, seen }).text;
    return isLate ? withoutDrill(context, traffic, 'failed', late) : UNCHANGED;
  }
  const pace = { isLive: drill.clusters.some((name) => answers(context, traffic, name)), isFirst };
  const currentPercent = nextShiftPercent(drill.currentPercent, 0, 100, pace);
  return moved({ ...traffic, drill: { ...drill, currentPercent, steppedAtMs: nowMs, decision } });
}

/**
 * Holds a drill for its duration. A gateway that gives the clusters something ends it at once; gateways that could not
 * be read at its end are waited for as long as at its beginning.
 */
function hold(context: Context, traffic: Traffic, drill: LiveDrill, declared: Drill): StepResult {
  const { nowMs, drilled } = context.input;
  const { verifiedAtMs = nowMs } = drill;
  if (context.verifiedAtMs !== undefined && drilled && drilled.giving.length > 0) {
    const why = say('DrillCutShort', { fault: faultOf(drilled) ?? '' }).text;
    return returning(context, traffic, drill, { ending: 'failed', why });
  }
  const overMs = verifiedAtMs + declared.durationSeconds * 1000;
  if (nowMs < overMs) return UNCHANGED;
  const isWaiting = drilled === undefined || drilled.unread.length > 0;
  if (isWaiting && nowMs < overMs + declared.recoveryTargetSeconds * 1000) return UNCHANGED;
  return returning(context, traffic, drill, outcomeOf(context, traffic, drill, declared));
}

type DrillOutcome = Required<Pick<LiveDrill, 'ending' | 'why'>>;

/**
 * Judges a drill. It passes only if gateways were read to give its clusters nothing, in time, and the clusters that
 * served instead were found healthy.
 */
function outcomeOf(context: Context, traffic: Traffic, drill: LiveDrill, declared: Drill): DrillOutcome {
  const { nowMs, drilled } = context.input;
  const { verifiedAtMs = nowMs, startedAtMs } = drill;
  const fault = drilled ? faultOf(drilled) : say('DrillUnread').text;
  if (fault !== undefined) return { ending: 'failed', why: say('DrillFaultAtEnd', { fault }).text };
  const unseen = (drilled?.serving ?? []).filter((name) => {
    const item = context.clusters.get(name);
    return item === undefined || quorumVerdictOf(traffic, item) !== 'healthy';
  });
  if (unseen.length > 0) return { ending: 'failed', why: say('DrillUnseen', { clusters: unseen.join(', ') }).text };
  const seconds = (verifiedAtMs - startedAtMs) / 1000;
  const read = say('DrillReadAfter', { clusters: drill.clusters.join(', '), service: drill.service, seconds }).text;
  const targetSeconds = declared.recoveryTargetSeconds;
  if (seconds > targetSeconds) return { ending: 'failed', why: say('DrillTooSlow', { read, targetSeconds }).text };
  return { ending: 'passed', why: read };
}

/** Begins the return of a drill's clusters: they are held at what they have, and return when they have their turn. */
function returning(context: Context, traffic: Traffic, drill: LiveDrill, outcome: DrillOutcome): StepResult {
  const { nowMs, drilled } = context.input;
  const isRead = drilled !== undefined && faultOf(drilled) === undefined;
  const next: LiveDrill = {
    ...drill,
    ...outcome,
    ...(isRead && { lastReadAtMs: drilled.oldestReadAtMs }),
    phase: 'returning',
    phaseSinceMs: nowMs,
  };
  return moved({ ...heldAll(context, traffic, drill, say('DrillOver', { name: drill.name }).text), drill: next });
}

function heldAll(context: Context, traffic: Traffic, { clusters, service }: LiveDrill, reason: string): Traffic {
  return clusters.reduce((so, cluster) => {
    return service === undefined
      ? heldFor(context, so, cluster, reason)
      : heldApart(context, so, { service, cluster }, reason);
  }, traffic);
}

/** Updates the drill to the percentage of the cluster that has the least. */
function giveBack(context: Context, traffic: Traffic, drill: LiveDrill): StepResult {
  const currentPercent = leastOf(traffic, drill.clusters, drill.service);
  if (currentPercent === drill.currentPercent) return UNCHANGED;
  return moved({ ...traffic, drill: { ...drill, currentPercent, decision: context.input.decision } });
}

/**
 * Returns the lowest percentage of their share, or of their share of one service, that the allocation leaves to any of
 * the clusters.
 */
export function leastOf(
  { allocation }: Pick<Traffic, 'allocation'>,
  clusters: readonly string[],
  service?: string,
): number {
  const ofService = allocation.services?.filter((own) => own.service === service) ?? [];
  const own = service === undefined ? allocation.limits : ofService;
  return Math.min(100, ...own.filter(({ cluster }) => clusters.includes(cluster)).map(({ percent }) => percent));
}

/**
 * Returns the traffic without the drill. Clusters that it still keeps out are held at what they have, and return when
 * they have their turn.
 */
export function withoutDrill(context: Context, traffic: Traffic, state: DrillEnding, detail: string): StepResult {
  const { drill, ...rest } = traffic;
  if (drill === undefined) return UNCHANGED;
  const { run, name, clusters, phase } = drill;
  const free = phase === 'returning' ? rest : heldAll(context, rest, drill, `the drill ${name} has ended`);
  const summary = say('DrillEnds', { name, state, detail }).text;
  return moved(free, {
    endings: [{ type: 'drill', run, state, detail }],
    events: [{ type: 'drill.ended', clusters, summary }],
  });
}
