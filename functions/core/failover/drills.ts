/** Rehearsals of the loss of a cluster: when they begin, how they go, and what ends them. */

import type { Drill } from '../../../schemas/drill.ts';
import {
  type Context,
  findingOf,
  moved,
  result,
  type Step,
  type StepResult,
  stateOf,
  type Trace,
  UNCHANGED,
  type Watched,
} from './context.ts';
import { safetyOf } from './outcome.ts';
import { nextShiftPercent } from './pace.ts';
import { answers, heldFor } from './shifts.ts';
import type { Ending } from './situation.ts';
import type { LiveDrill, Traffic } from './traffic.ts';
import { isFrozen, windowStartMs } from './windows.ts';

type DrillEnding = Extract<Ending, { type: 'drill' }>['state'];

/** A failure interrupts a drill, and a stop condition aborts it. */
export const stopDrill: Step = (context, traffic) => {
  const { drill } = traffic;
  if (drill === undefined) return UNCHANGED;
  const isOurs = (name: string) => traffic.shifts.some(({ cluster }) => cluster === name);
  const failing = [...context.clusters.values()]
    .filter((item) => findingOf(traffic, item) === 'unhealthy' && !isOurs(item.facts.name))
    .map(({ facts }) => facts.name);
  if (failing.length > 0) return withoutDrill(context, traffic, 'interrupted', `${failing.join(', ')} failed`);
  const reason = stopReason(context, traffic, drill);
  return reason === undefined ? UNCHANGED : withoutDrill(context, traffic, 'aborted', reason);
};

function stopReason(context: Context, { allocation }: Traffic, drill: LiveDrill): string | undefined {
  const declared = declaredDrill(context, drill.name);
  if (declared === undefined || !context.clusters.has(drill.cluster)) return 'it is not declared any more';
  const { onFailingVote, onOverload } = declared.stopConditions;
  const others = [...context.clusters.values()].filter(({ facts }) => facts.name !== drill.cluster);
  const doubtful = onFailingVote ? others.find(hasFailingVote) : undefined;
  if (doubtful) return `a voter sees ${doubtful.facts.name} fail`;
  const [hot] = onOverload ? allocation.overloads : [];
  return hot === undefined ? undefined : `${hot.cluster} would have to serve more than its capacity`;
}

function hasFailingVote({ tally }: Watched): boolean {
  return tally.votes.some(({ state, isFresh, isSuspect }) => state === 'unhealthy' && isFresh && !isSuspect);
}

/** The next step of the drill that is under way. */
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
  const { nowMs, decision } = context.situation;
  const { verifiedAtMs } = context;
  const isFirst = drill.steppedAtMs < drill.phaseSinceMs;
  if (verifiedAtMs === undefined && !isFirst) {
    const isLate = nowMs - drill.startedAtMs > declared.recoveryTargetSeconds * 1000;
    const late = `the gateways did not follow within ${declared.recoveryTargetSeconds} s`;
    return isLate ? withoutDrill(context, traffic, 'failed', late) : UNCHANGED;
  }
  if (drill.currentPercent === 0) {
    return moved({ ...traffic, drill: { ...drill, phase: 'holding', verifiedAtMs, phaseSinceMs: nowMs } });
  }
  const pace = { isLive: answers(context, traffic, drill.cluster), isFirst };
  const currentPercent = nextShiftPercent(drill.currentPercent, 0, 100, pace);
  return moved({ ...traffic, drill: { ...drill, currentPercent, steppedAtMs: nowMs, decision } });
}

function hold(context: Context, traffic: Traffic, drill: LiveDrill, declared: Drill): StepResult {
  const { nowMs } = context.situation;
  const { verifiedAtMs = nowMs, startedAtMs } = drill;
  if (nowMs - verifiedAtMs < declared.durationSeconds * 1000) return UNCHANGED;
  const isMet = verifiedAtMs - startedAtMs <= declared.recoveryTargetSeconds * 1000;
  const { name, cluster } = drill;
  const returning = { ...drill, phase: 'returning', phaseSinceMs: nowMs, ending: isMet ? 'passed' : 'failed' } as const;
  const over = { ...heldFor(context, traffic, cluster, `the drill ${name} is over`), drill: returning };
  const back = giveBack(context, over, returning);
  return back.type === 'moved' ? back : moved(over);
}

/** The drill is told how far its cluster has come, and is over when that is up, or down. */
function giveBack(context: Context, traffic: Traffic, drill: LiveDrill): StepResult {
  const facts = context.clusters.get(drill.cluster)?.facts;
  const standing = facts && stateOf(traffic, facts).standing;
  if (standing === 'down') return withoutDrill(context, traffic, 'interrupted', `${drill.cluster} failed`);
  if (standing === 'up') return withoutDrill(context, traffic, drill.ending ?? 'passed', 'all of its share is back');
  const limits = traffic.allocation.limits.find(({ cluster }) => cluster === drill.cluster);
  const currentPercent = limits?.percent ?? drill.currentPercent;
  if (currentPercent === drill.currentPercent) return UNCHANGED;
  return moved({ ...traffic, drill: { ...drill, currentPercent, decision: context.situation.decision } });
}

/** The drill is over: a cluster that it still keeps out is held at what it has, and returns when it has its turn. */
export function withoutDrill(context: Context, traffic: Traffic, state: DrillEnding, detail: string): StepResult {
  const { drill, ...rest } = traffic;
  if (drill === undefined) return UNCHANGED;
  const { run, name, cluster, phase } = drill;
  const free = phase === 'returning' ? rest : heldFor(context, rest, cluster, `the drill ${name} has ended`);
  const summary = `The drill ${name} has ${state}: ${detail}.`;
  return moved(free, {
    endings: [{ type: 'drill', run, state, detail }],
    events: [{ type: 'drill.ended', clusters: [cluster], summary }],
  });
}

/** Once in each window, when nothing speaks against it. */
export const beginScheduled: Step = (context, traffic) => {
  if (traffic.drill !== undefined || !context.acts) return UNCHANGED;
  const { policy, nowMs, decision } = context.situation;
  for (const drill of policy.drills) {
    const startMs = openSinceMs(drill, nowMs);
    const last = traffic.rehearsed?.find((item) => item.drill === drill.name);
    if (startMs === undefined || (last && last.atMs >= startMs)) continue;
    const begun = beginDrill(context, traffic, drill, decision.replace(/^[a-z]+_/, 'drl_'));
    if (begun.type === 'moved') return begun;
  }
  return UNCHANGED;
};

/** The drill with its first step to come; refused when something speaks against it. */
export function beginDrill(context: Context, traffic: Traffic, drill: Drill, run: string): StepResult {
  const { nowMs, decision, actor } = context.situation;
  const live: LiveDrill = {
    run,
    name: drill.name,
    cluster: drill.cluster,
    actor,
    phase: 'moving',
    currentPercent: 100,
    startedAtMs: nowMs,
    phaseSinceMs: nowMs,
    steppedAtMs: nowMs - 1,
    decision,
  };
  const { isAllowed, rules } = judgeBegin(context, traffic, drill, live);
  if (!isAllowed) return { type: 'refused', trace: { rules } };
  const summary = `The drill ${drill.name} takes ${drill.cluster} out.`;
  const others = (traffic.rehearsed ?? []).filter((item) => item.drill !== drill.name);
  const begun = { ...traffic, drill: live, rehearsed: [...others, { drill: drill.name, atMs: nowMs }] };
  return moved(begun, { rules, events: [{ type: 'drill.started', clusters: [drill.cluster], summary }] });
}

function judgeBegin(
  context: Context,
  traffic: Traffic,
  drill: Drill,
  live: LiveDrill,
): Pick<Trace, 'rules'> & { isAllowed: boolean } {
  const rules = preconditionsOf(context, traffic, drill).map(({ rule, passed, holds, fails }) =>
    result(rule, passed, passed ? holds : fails, drill.cluster),
  );
  if (rules.some(({ passed }) => !passed)) return { isAllowed: false, rules };
  const safety = safetyOf(context, traffic, { ...traffic, drill: { ...live, currentPercent: 0 } });
  return { isAllowed: !safety.isRefused, rules: [...rules, ...safety.rules] };
}

/** What must be so for a drill to begin, in the words for when it is and for when it is not. */
interface DrillPrecondition {
  rule: string;
  passed: boolean;
  holds: string;
  fails: string;
}

function preconditionsOf(context: Context, traffic: Traffic, drill: Drill): DrillPrecondition[] {
  const { nowMs, policy } = context.situation;
  const unfit = [...context.clusters.values()]
    .filter((item) => findingOf(traffic, item) !== 'healthy')
    .map(({ facts }) => facts.name);
  const out = traffic.allocation.limits.map(({ cluster }) => cluster);
  return [
    {
      rule: 'cluster',
      passed: context.clusters.has(drill.cluster),
      holds: `${drill.cluster} is a cluster of the fleet`,
      fails: `there is no cluster ${drill.cluster} in the fleet any more`,
    },
    {
      rule: 'window',
      passed: drill.windows.length === 0 || openSinceMs(drill, nowMs) !== undefined,
      holds: 'one of its windows is open',
      fails: 'none of its windows is open now',
    },
    {
      rule: 'one-at-a-time',
      passed: traffic.drill === undefined,
      holds: 'no other drill is under way',
      fails: `the drill ${traffic.drill?.name} is under way and has to end first`,
    },
    {
      rule: 'health',
      passed: unfit.length === 0,
      holds: 'all clusters are healthy',
      fails: `not healthy: ${unfit.join(', ')}`,
    },
    {
      rule: 'withdrawals',
      passed: out.length === 0,
      holds: 'nothing holds any cluster back',
      fails: `held back: ${out.join(', ')}`,
    },
    {
      rule: 'freeze',
      passed: !isFrozen(policy.failover.freezeWindows, nowMs),
      holds: 'no freeze window is open',
      fails: 'a freeze window is open, in which no drill begins',
    },
    {
      rule: 'verified',
      passed: context.verifiedAtMs !== undefined,
      holds: 'the gateways follow the traffic',
      fails: 'the gateways have not been verified to follow the traffic yet',
    },
  ];
}

function openSinceMs({ windows }: Drill, nowMs: number): number | undefined {
  return windows.map((window) => windowStartMs(window, nowMs)).find((startMs) => startMs !== undefined);
}

export function declaredDrill({ situation }: Context, name: string): Drill | undefined {
  return situation.policy.drills.find((drill) => drill.name === name);
}
