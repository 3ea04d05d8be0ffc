/** Rehearsals of the loss of a cluster: when they begin, how they go, and what ends them. */

import type { Drill } from '../../schemas/drill.ts';
import { mayStep } from './returns.ts';
import { isRefused } from './safety.ts';
import { attempt, overloadsOf, safetyOf, settle } from './settle.ts';
import { answers } from './shifts.ts';
import type { Ending } from './situation.ts';
import type { LiveDrill, Traffic } from './traffic.ts';
import { isFit, note, type View, type Watched } from './view.ts';
import { windowStartMs } from './windows.ts';

type DrillEnding = Extract<Ending, { type: 'drill' }>['state'];

/** A failure interrupts a drill, and a stop condition aborts it: the cluster is back at once. */
export function stopDrill(view: View, traffic: Traffic): Traffic {
  const { drill } = traffic;
  if (drill === undefined) return traffic;
  const { rules, clusters } = view;
  const failing = [...clusters.values()]
    .filter(({ tally }) => tally.verdict === 'unhealthy')
    .map(({ facts }) => facts.name);
  const isOurs = (name: string) => traffic.shifts.some(({ cluster }) => cluster === name);
  const surprising = failing.filter((name) => !isOurs(name));
  if (rules.interruptsDrill(surprising)) {
    return endDrill(view, traffic, 'interrupted', `${surprising.join(', ')} failed`);
  }
  const reason = stopReason(view, traffic, drill);
  return reason === undefined ? traffic : endDrill(view, traffic, 'aborted', reason);
}

function stopReason(view: View, traffic: Traffic, drill: LiveDrill): string | undefined {
  const declared = declaredDrill(view, drill.name);
  if (declared === undefined || !view.clusters.has(drill.cluster)) return 'it is not declared any more';
  const { onFailingVote, onOverload } = declared.stopConditions;
  const doubtful = [...view.clusters.values()].find(
    (item) => item.facts.name !== drill.cluster && hasFailingVote(item),
  );
  if (onFailingVote && doubtful) return `a voter sees ${doubtful.facts.name} fail`;
  const [hot] = onOverload ? overloadsOf(view, traffic) : [];
  return hot === undefined ? undefined : `${hot} would have to serve more than its capacity`;
}

function hasFailingVote({ tally }: Watched): boolean {
  return tally.votes.some(({ state, isFresh, isSuspect }) => state === 'unhealthy' && isFresh && !isSuspect);
}

/** The next step of the drill that is under way, or the begin of one whose window is open. */
export function moveDrill(view: View, traffic: Traffic): Traffic {
  const { drill } = traffic;
  if (drill === undefined) return view.acts ? beginScheduled(view, traffic) : traffic;
  const declared = declaredDrill(view, drill.name);
  if (declared === undefined) return traffic;
  if (drill.phase === 'moving') return takeOut(view, traffic, drill, declared);
  if (drill.phase === 'holding') return hold(view, traffic, drill, declared);
  return giveBack(view, traffic, drill);
}

function takeOut(view: View, traffic: Traffic, drill: LiveDrill, declared: Drill): Traffic {
  const { situation, rules, notes } = view;
  const { nowMs, verifiedAtMs, decision } = situation;
  const isLate = nowMs - drill.startedAtMs > declared.recoveryTargetSeconds * 1000;
  const isFirst = drill.steppedAtMs < drill.phaseSinceMs;
  if (!rules.isVerified(verifiedAtMs) && !isFirst) {
    const late = `the gateways did not follow within ${declared.recoveryTargetSeconds} s`;
    return isLate ? endDrill(view, traffic, 'failed', late) : traffic;
  }
  if (drill.currentPercent === 0) {
    return { ...traffic, drill: { ...drill, phase: 'holding', verifiedAtMs, phaseSinceMs: nowMs } };
  }
  const pace = { isLive: answers(view, drill.cluster), isFirst };
  const currentPercent = rules.nextShiftPercent(drill.currentPercent, 0, 100, pace);
  notes.reasons.set(drill.cluster, `drill ${drill.name}`);
  const moved = { ...traffic, drill: { ...drill, currentPercent, steppedAtMs: nowMs, decision } };
  return attempt(view, traffic, { traffic: moved, cluster: drill.cluster }) ?? traffic;
}

function hold({ situation }: View, traffic: Traffic, drill: LiveDrill, declared: Drill): Traffic {
  const { nowMs } = situation;
  const { verifiedAtMs = nowMs, startedAtMs } = drill;
  if (nowMs - verifiedAtMs < declared.durationSeconds * 1000) return traffic;
  const isMet = verifiedAtMs - startedAtMs <= declared.recoveryTargetSeconds * 1000;
  return {
    ...traffic,
    drill: { ...drill, phase: 'returning', phaseSinceMs: nowMs, ending: isMet ? 'passed' : 'failed' },
  };
}

function giveBack(view: View, traffic: Traffic, drill: LiveDrill): Traffic {
  const { situation, rules, notes } = view;
  const { nowMs, policy, decision } = situation;
  const { cluster, name, ending = 'passed' } = drill;
  if (!mayStep(view, traffic, cluster)) return traffic;
  const percent = rules.nextRampPercent(drill.currentPercent, nowMs - drill.steppedAtMs, policy.failover.failback);
  if (percent === drill.currentPercent) return traffic;
  notes.reasons.set(cluster, `the drill ${name} is over`);
  const moved = { ...traffic, drill: { ...drill, currentPercent: percent, steppedAtMs: nowMs, decision } };
  const after = attempt(view, traffic, { traffic: percent >= 100 ? without(traffic) : moved, cluster, isReturn: true });
  if (after === undefined) return traffic;
  notes.hasStepped = true;
  if (percent >= 100) noteEnd(view, drill, ending, 'all of its share is back');
  return after;
}

/** Its cluster is back at once. */
export function endDrill(view: View, traffic: Traffic, state: DrillEnding, detail: string): Traffic {
  const { drill } = traffic;
  if (drill === undefined) return traffic;
  view.notes.reasons.set(drill.cluster, `the drill ${drill.name} was ended: ${detail}`);
  noteEnd(view, drill, state, detail);
  return settle(view, without(traffic));
}

function without({ drill: _, ...traffic }: Traffic): Traffic {
  return traffic;
}

function noteEnd({ notes }: View, { run, name, cluster }: LiveDrill, state: DrillEnding, detail: string): void {
  notes.endings.push({ type: 'drill', run, state, detail });
  notes.events.push({
    type: 'drill.ended',
    clusters: [cluster],
    summary: `The drill ${name} has ${state}: ${detail}.`,
  });
}

/** Once in each window, when nothing speaks against it. */
function beginScheduled(view: View, traffic: Traffic): Traffic {
  const { policy, nowMs, decision } = view.situation;
  for (const drill of policy.drills) {
    const startMs = openSinceMs(drill, nowMs);
    const last = traffic.rehearsed?.find((item) => item.drill === drill.name);
    if (startMs === undefined || (last && last.atMs >= startMs)) continue;
    const begun = beginDrill(view, traffic, drill, decision.replace(/^[a-z]+_/, 'drl_'));
    if (begun) return begun;
  }
  return traffic;
}

/** The drill with its first step; undefined when something speaks against it, which is noted. */
export function beginDrill(view: View, traffic: Traffic, drill: Drill, run: string): Traffic | undefined {
  const { nowMs, decision, actor } = view.situation;
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
  if (!isAllowed(view, traffic, drill, live)) return undefined;
  const summary = `The drill ${drill.name} takes ${drill.cluster} out.`;
  view.notes.events.push({ type: 'drill.started', clusters: [drill.cluster], summary });
  const others = (traffic.rehearsed ?? []).filter((item) => item.drill !== drill.name);
  return { ...traffic, drill: live, rehearsed: [...others, { drill: drill.name, atMs: nowMs }] };
}

function isAllowed(view: View, traffic: Traffic, drill: Drill, live: LiveDrill): boolean {
  const conditions = preconditionsOf(view, traffic, drill);
  for (const { rule, passed, holds, fails } of conditions)
    note(view, rule, passed, passed ? holds : fails, drill.cluster);
  if (conditions.some(({ passed }) => !passed)) return false;
  const outcome = settle(view, { ...traffic, drill: { ...live, currentPercent: 0 } });
  const results = safetyOf(view, traffic, outcome, undefined);
  view.notes.rules.push(...results);
  return !isRefused(results);
}

/** What must be so for a drill to begin, in the words for when it is and for when it is not. */
interface DrillPrecondition {
  rule: string;
  passed: boolean;
  holds: string;
  fails: string;
}

function preconditionsOf(view: View, traffic: Traffic, drill: Drill): DrillPrecondition[] {
  const { situation, rules, clusters } = view;
  const { nowMs, policy, verifiedAtMs } = situation;
  const unfit = [...clusters.values()].filter((item) => !isFit(item)).map(({ facts }) => facts.name);
  const out = traffic.withdrawals.map(({ cluster }) => cluster);
  const { cluster, windows } = drill;
  const { halt } = traffic.automation;
  return [
    {
      rule: 'cluster',
      passed: clusters.has(cluster),
      holds: `${cluster} is a cluster of the fleet`,
      fails: `there is no cluster ${cluster} in the fleet any more`,
    },
    {
      rule: 'window',
      passed: windows.length === 0 || openSinceMs(drill, nowMs) !== undefined,
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
      rule: 'correlation',
      passed: halt === undefined,
      holds: 'automation has not halted',
      fails: 'automation has halted and has to be resumed first',
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
      holds: 'all clusters are in',
      fails: `withdrawn: ${out.join(', ')}`,
    },
    {
      rule: 'freeze',
      passed: !rules.isFrozen(policy.failover.freezeWindows, nowMs),
      holds: 'no freeze window is open',
      fails: 'a freeze window is open, in which no drill begins',
    },
    {
      rule: 'verified',
      passed: rules.isVerified(verifiedAtMs),
      holds: 'the gateways follow the traffic',
      fails: 'the gateways have not been verified to follow the traffic yet',
    },
  ];
}

function openSinceMs({ windows }: Drill, nowMs: number): number | undefined {
  return windows.map((window) => windowStartMs(window, nowMs)).find((startMs) => startMs !== undefined);
}

export function declaredDrill({ situation }: View, name: string): Drill | undefined {
  return situation.policy.drills.find((drill) => drill.name === name);
}
