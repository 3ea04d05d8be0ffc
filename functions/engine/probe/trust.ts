import type { Observation } from '../../../schemas/cluster.ts';
import { say } from '../../../schemas/messages/index.ts';
import { type ProbedTarget, seemsBlind } from '../../core/health/trust.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps } from '../../deps.ts';
import type { Limit } from '../../limit.ts';
import { answers, probesFrom } from '../observe.ts';

/** An observation, weighed by how far its prober can be believed. */
export interface WeighedObservation {
  observation: Observation;
  /** The time until which the votes of the prober are void. Present when the prober itself seems to be at fault. */
  suspectUntilMs?: number | undefined;
}

/** Judges whether the control plane's own observations can be believed, across all fleets of one invocation. */
export interface Trust {
  /** Notes the result of an observation of a cluster made directly from here. */
  note(cluster: Resource<'cluster'>, failed: boolean): void;
  /** Weighs an observation that began at `startedMs`. */
  weigh(fleet: Resource<'fleet'>, observation: Observation, startedMs: number): Promise<WeighedObservation>;
}

interface ControlCheck {
  startedMs: number;
  answered: Promise<boolean>;
}

export function createTrust(deps: Deps, slots: Limit): Trust {
  const seen = new Map<string, ProbedTarget>();
  const checks = new Map<string, ControlCheck>();

  /**
   * Tells whether the control targets of a fleet answer. A check that succeeded covers only probes that were sent
   * before it began, because the network may have failed since; a check that failed also covers probes of the following
   * interval.
   */
  const controlsAnswer = async ({ name, spec }: Resource<'fleet'>, startedMs: number): Promise<boolean> => {
    const targets = probesFrom(spec.controlTargets, 'edge');
    if (targets.length === 0) return true;
    const { intervalSeconds, timeoutSeconds } = spec.health;
    const last = checks.get(name);
    if (last && last.startedMs >= startedMs) return await last.answered;
    if (last && deps.clock.now() - last.startedMs < intervalSeconds * 1000 && !(await last.answered)) return false;
    const probes = targets.map((probe) => slots(() => answers(deps, probe, timeoutSeconds * 1000), true));
    const answered = Promise.all(probes).then((each) => each.every(Boolean));
    checks.set(name, { startedMs: deps.clock.now(), answered });
    return await answered;
  };

  return {
    note: ({ fleet, name, spec }, failed) => {
      seen.set(`${fleet}/${name}`, { fleet, faultDomain: faultDomainOf(fleet, name, spec), failed });
    },
    weigh: async (fleet, observation, startedMs) => {
      if (observation.outcome !== 'fail') return { observation };
      const reason = seemsBlind([...seen.values()])
        ? say('ManyFleetsFail').text
        : (await controlsAnswer(fleet, startedMs))
          ? undefined
          : say('ControlSilent').text;
      if (reason === undefined) return { observation };
      return suspected(fleet, observation, reason, deps.clock.now());
    },
  };
}

/** Turns a failure into an inconclusive observation; the prober is suspect until the next round has reported. */
export function suspected(
  { spec }: Resource<'fleet'>,
  { cause: _, ...observation }: Observation,
  reason: string,
  nowMs: number,
): Required<WeighedObservation> & { suspectUntilMs: number } {
  const { intervalSeconds, timeoutSeconds } = spec.health;
  return {
    observation: { ...observation, outcome: 'inconclusive', detail: `${observation.detail}; ${reason}` },
    suspectUntilMs: nowMs + (intervalSeconds + timeoutSeconds) * 1000,
  };
}

/**
 * Returns the fault domain of a cluster. It is shared across fleets, because clusters of two fleets at one site fail
 * together.
 */
function faultDomainOf(fleet: string, name: string, { site, region, zone }: Resource<'cluster'>['spec']): string {
  return site ?? (region === undefined ? `${fleet}/${name}` : `${region}/${zone ?? ''}`);
}
