import type { SimulatedCourse } from '../../../schemas/simulation.ts';
import type { DecisionInput } from '../failover/decision-input.ts';
import { type SimulationRun, directionChanges, isReported, loadsOf, type Phase, type SimulatedDecision } from './what-if.ts';

/** The most decisions and phases that are shown. */
const MAX_SHOWN = 200;

/** Returns the result of a simulation in the form of the API, without `pushes`. */
export function simulatedCourseOf(input: DecisionInput, course: SimulationRun, service?: string): Omit<SimulatedCourse, 'pushes'> {
  const { decisions, phases, found, endMs, evaluations } = course;
  const failed = decisions.flatMap(({ rules }) => rules).filter(isInTheWay);
  const names = input.clusters.map(({ name }) => name);
  return {
    simulatedSeconds: seconds(endMs),
    evaluations,
    decisions: decisions.slice(0, MAX_SHOWN).map(decisionOf),
    phases: phases.slice(0, MAX_SHOWN).map((phase) => phaseOf(input, phase, service)),
    loads: loadsIn(input, phases),
    detections: found.map(({ cluster, failedAtMs, foundAtMs, servedUntilMs }) => ({
      cluster,
      failedAtSeconds: seconds(failedAtMs),
      ...(foundAtMs !== undefined && { detectionSeconds: seconds(foundAtMs - failedAtMs) }),
      ...(servedUntilMs !== undefined && { movedSeconds: seconds(servedUntilMs - failedAtMs) }),
    })),
    blockingRules: [...new Set(failed.map(({ rule }) => rule))].sort(),
    directionChanges: Object.fromEntries(names.map((name) => [name, directionChanges(decisions, name)])),
  };
}

function seconds(ms: number): number {
  return ms / 1000;
}

function isInTheWay({ passed, overriddenBy }: SimulatedDecision['rules'][number]): boolean {
  return !passed && overriddenBy === undefined;
}

function decisionOf({ atMs, outcome, changes, rules, flags }: SimulatedDecision): SimulatedCourse['decisions'][number] {
  return {
    atSeconds: seconds(atMs),
    outcome,
    changes: changes.map(({ cluster, action, fromPercent, toPercent, reason }) => ({
      cluster,
      action,
      fromPercent,
      toPercent,
      reason,
    })),
    failedRules: rules.filter(({ passed }) => !passed),
    flags,
  };
}

function phaseOf(
  { placements }: DecisionInput,
  { atMs, shares }: Phase,
  service: string | undefined,
): SimulatedCourse['phases'][number] {
  const told = placements.flatMap((placement, index) => {
    const { services } = placement;
    return isReported(placement, service) ? [{ services, clusters: shares[index] ?? [] }] : [];
  });
  return { atSeconds: seconds(atMs), shares: told };
}

function loadsIn(input: DecisionInput, phases: readonly Phase[]): SimulatedCourse['loads'] {
  const loads = phases.map((phase) => ({ atMs: phase.atMs, loads: loadsOf(input, phase) }));
  return input.clusters.map(({ name: cluster, capacity }) => {
    const of = (index: number) => loads.at(index)?.loads.get(cluster) ?? 0;
    const most = Math.max(...loads.map((_, index) => of(index)));
    const at = loads.find((_, index) => of(index) === most);
    return {
      cluster,
      ...(capacity !== undefined && { capacity }),
      most,
      mostAtSeconds: seconds(at?.atMs ?? 0),
      atEnd: of(-1),
      isOverloaded: capacity !== undefined && most > capacity,
    };
  });
}
