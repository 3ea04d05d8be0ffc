import type { DrillRun } from '../../../schemas/drill.ts';
import type { LostRequests } from '../../../schemas/drill-report.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { DecisionInput } from '../../core/failover/decision-input.ts';
import type { Traffic } from '../../core/failover/traffic.ts';
import type { Placement } from '../../core/model/fleet-facts.ts';
import { msOf } from '../../core/model/time.ts';

/** The input of the decision and the traffic in force from one moment of a drill until the next. */
export interface DrillPhase {
  atMs: number;
  input: DecisionInput;
  traffic: Traffic;
}

/**
 * Estimates the requests that were lost, without having observed any. `nowMs` is taken as the end of a run that still
 * goes on.
 */
export function lostRequests(run: DrillRun, phases: readonly DrillPhase[], nowMs: number): LostRequests {
  const endMs = run.endedAt === undefined ? nowMs : msOf(run.endedAt);
  const excess = phases.map(({ atMs, traffic }, index) => {
    const untilMs = Math.max(atMs, phases[index + 1]?.atMs ?? endMs);
    const perSecond = traffic.allocation.overloads.reduce((sum, hot) => sum + hot.load - hot.requestsPerSecond, 0);
    return (perSecond * (untilMs - atMs)) / 1000;
  });
  const isKnown = phases.length > 0;
  return {
    ...(isKnown && { aboveCapacity: Math.round(excess.reduce((sum, part) => sum + part, 0)) }),
    notKnown: unknownsOf(run, phases),
  };
}

/** Tells whether a drill takes out any cluster of a placement. */
export function isConcerned({ clusters, service }: DrillRun, placement: Placement): boolean {
  const isMeant = service === undefined || placement.service === service;
  return isMeant && placement.members.some(({ cluster }) => clusters.includes(cluster));
}

function unknownsOf(run: DrillRun, phases: readonly DrillPhase[]): string[] {
  const decided = new Set(run.events.flatMap(({ decision }) => decision ?? []));
  const missing = decided.size - phases.length;
  const placements = (phases.at(-1)?.input.placements ?? []).filter((placement) => isConcerned(run, placement));
  const unmeasured = [...new Set(placements.filter(({ load }) => load === 0).flatMap(({ services }) => services))];
  const capacities = phases.at(-1)?.input.clusters.filter(({ capacity }) => capacity === undefined) ?? [];
  const unlimited = capacities.map(({ name }) => name).filter((name) => !run.clusters.includes(name));
  const until = run.endedAt ?? 'now';
  const said = [
    say('RefusedUnseen', { from: run.startedAt, until }),
    ...(missing > 0 ? [say('DecisionsLost', { count: missing })] : []),
    ...(unmeasured.length > 0 ? [say('NoLoad', { services: unmeasured.join(', ') })] : []),
    ...(unlimited.length > 0 ? [say('NoCapacity', { clusters: unlimited.join(', ') })] : []),
  ];
  return said.map(({ text }) => text);
}
