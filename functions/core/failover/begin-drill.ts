/** Begins drills: by their windows or because a person asks, once nothing speaks against it. */

import type { Drill } from '../../../schemas/drill.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
import { isRefused } from '../allocation/safety.ts';
import {
  type Context,
  moved,
  quorumVerdictOf,
  ruleResult,
  type Step,
  type StepResult,
  type Trace,
  UNCHANGED,
} from './context.ts';
import { neverEmpty } from './never-empty.ts';
import { safetyOf } from './outcome.ts';
import { clustersAt, emptyPlace } from './places.ts';
import { targetText } from './shifts.ts';
import type { LiveDrill, Traffic } from './traffic.ts';
import { isFrozen, windowStartMs } from './windows.ts';

/**
 * The step that begins declared drills by themselves: once in each of their windows, when nothing speaks against it.
 */
export const beginScheduled: Step = (context, traffic) => {
  if (traffic.drill !== undefined || !context.acts) return UNCHANGED;
  const { policy, nowMs, decision } = context.input;
  for (const drill of policy.drills) {
    const startMs = openSinceMs(drill, nowMs);
    const last = traffic.rehearsed?.find((item) => item.drill === drill.name);
    if (startMs === undefined || (last && last.atMs >= startMs)) continue;
    const begun = beginDrill(context, traffic, drill, decision.replace(/^[a-z]+_/, 'drl_'));
    if (begun.type === 'moved') return begun;
  }
  return UNCHANGED;
};

/** Begins a drill, with its first step yet to come; refuses it when something speaks against it. */
export function beginDrill(context: Context, traffic: Traffic, drill: Drill, run: string): StepResult {
  const { nowMs, decision, actor } = context.input;
  const clusters = clustersAt(context.input.clusters, drill).map(({ name }) => name);
  const live: LiveDrill = {
    run,
    name: drill.name,
    clusters,
    ...(drill.service !== undefined && { service: drill.service }),
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
  const summary = `The drill ${drill.name} takes ${drilledText(live)} out.`;
  const others = (traffic.rehearsed ?? []).filter((item) => item.drill !== drill.name);
  const begun = { ...traffic, drill: live, rehearsed: [...others, { drill: drill.name, atMs: nowMs }] };
  return moved(begun, { rules, events: [{ type: 'drill.started', clusters, summary }] });
}

function judgeBegin(
  context: Context,
  traffic: Traffic,
  drill: Drill,
  live: LiveDrill,
): Pick<Trace, 'rules'> & { isAllowed: boolean } {
  const rules = preconditionsOf(context, traffic, drill).map(({ rule, passed, holds, fails }) =>
    ruleResult(rule, passed, (passed ? holds : fails).text, drill.cluster),
  );
  if (rules.some(({ passed }) => !passed)) return { isAllowed: false, rules };
  const after = { ...traffic, drill: { ...live, currentPercent: 0 } };
  const safety = [...neverEmpty(context, traffic, after), ...safetyOf(context, traffic, after).rules];
  return { isAllowed: !isRefused(safety), rules: [...rules, ...safety] };
}

function preconditionsOf(context: Context, traffic: Traffic, drill: Drill): DrillPrecondition[] {
  const { nowMs, policy } = context.input;
  const unfit = [...context.clusters.values()]
    .filter((item) => quorumVerdictOf(traffic, item) !== 'healthy')
    .map(({ facts }) => facts.name);
  const named = clustersAt(context.input.clusters, drill).map(({ name }) => name);
  const { limits, services = [] } = traffic.allocation;
  const out = [...limits.map(({ cluster }) => cluster), ...services.map(targetText)];
  const isServed =
    drill.service === undefined ||
    context.input.placements.some((placement) => {
      const isMember = ({ cluster }: { cluster: string }) => named.includes(cluster);
      return placement.service === drill.service && placement.members.some(isMember);
    });
  return [
    {
      rule: 'cluster',
      passed: named.length > 0,
      holds: say('FleetHas', { clusters: named.join(', ') }),
      fails: emptyPlace(drill).message,
    },
    {
      rule: 'service',
      passed: isServed,
      holds: drill.service === undefined ? say('AllServicesOut') : say('ServedThere', { service: drill.service }),
      fails: say('NoRouteLeads', { service: drill.service }),
    },
    {
      rule: 'window',
      passed: drill.windows.length === 0 || openSinceMs(drill, nowMs) !== undefined,
      holds: say('WindowOpen'),
      fails: say('NoWindowOpen'),
    },
    {
      rule: 'one-at-a-time',
      passed: traffic.drill === undefined,
      holds: say('NoOtherDrill'),
      fails: say('OtherDrill', { drill: traffic.drill?.name }),
    },
    {
      rule: 'health',
      passed: unfit.length === 0,
      holds: say('AllHealthy'),
      fails: say('NotHealthy', { clusters: unfit.join(', ') }),
    },
    {
      rule: 'withdrawals',
      passed: out.length === 0,
      holds: say('NothingHeldBack'),
      fails: say('HeldBack', { clusters: out.join(', ') }),
    },
    {
      rule: 'freeze',
      passed: !isFrozen(policy.failover.freezeWindows, nowMs),
      holds: say('NoFreeze'),
      fails: say('FreezeForbidsDrill'),
    },
    {
      rule: 'verified',
      passed: context.verifiedAtMs !== undefined,
      holds: say('GatewaysFollow'),
      fails: say('GatewaysUnverified'),
    },
  ];
}

function openSinceMs({ windows }: Drill, nowMs: number): number | undefined {
  return windows.map((window) => windowStartMs(window, nowMs)).find((startMs) => startMs !== undefined);
}

export function declaredDrill({ input }: Context, name: string): Drill | undefined {
  return input.policy.drills.find((drill) => drill.name === name);
}

/** Returns what a drill takes out, for people. */
function drilledText({ clusters, service }: Pick<LiveDrill, 'clusters' | 'service'>): string {
  return targetText({ cluster: clusters.join(', '), service });
}

/** A condition that must hold for a drill to begin, and the words for when it holds and when it fails. */
interface DrillPrecondition {
  rule: string;
  passed: boolean;
  holds: Message;
  fails: Message;
}
