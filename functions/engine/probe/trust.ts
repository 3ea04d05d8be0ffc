import type { Observation } from '../../../schemas/cluster.ts';
import { type Seen, seemsBlind } from '../../core/health/trust.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps } from '../../deps.ts';
import { answers, probesFrom } from '../observe.ts';
import type { Lanes } from './lanes.ts';

/** An observation, as far as its prober may be believed. */
export interface Weighed {
  observation: Observation;
  /** Present when the prober itself seems to be at fault: its votes are void until then. */
  suspectUntilMs?: number | undefined;
}

/** What one invocation makes of what it sees itself, of all fleets together. */
export interface Trust {
  /** What was seen of a cluster straight from here. */
  note(cluster: Resource<'cluster'>, failed: boolean): void;
  /** Whether to believe an observation that began at `startedMs`. */
  weigh(fleet: Resource<'fleet'>, observation: Observation, startedMs: number): Promise<Weighed>;
}

interface ControlCheck {
  startedMs: number;
  answered: Promise<boolean>;
}

export function createTrust(deps: Deps, lanes: Lanes): Trust {
  const seen = new Map<string, Seen>();
  const checks = new Map<string, ControlCheck>();

  /** A check speaks for probes that were sent before it began: the network may have gone since. One that failed speaks for an interval. */
  const controlsAnswer = async ({ name, spec }: Resource<'fleet'>, startedMs: number): Promise<boolean> => {
    const targets = probesFrom(spec.controlTargets, 'edge');
    if (targets.length === 0) return true;
    const { intervalSeconds, timeoutSeconds } = spec.health;
    const last = checks.get(name);
    if (last && last.startedMs >= startedMs) return await last.answered;
    if (last && deps.clock.now() - last.startedMs < intervalSeconds * 1000 && !(await last.answered)) return false;
    const probes = targets.map((probe) =>
      lanes.run(() => answers(deps, probe, timeoutSeconds * 1000), { isUrgent: true }),
    );
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
        ? 'most targets of several fleets fail at once'
        : (await controlsAnswer(fleet, startedMs))
          ? undefined
          : 'a control target does not answer';
      if (reason === undefined) return { observation };
      return suspected(fleet, observation, reason, deps.clock.now());
    },
  };
}

/** A failure that counts for nothing: its prober is suspect until the next round has told anew. */
export function suspected(
  { spec }: Resource<'fleet'>,
  { cause: _, ...observation }: Observation,
  reason: string,
  nowMs: number,
): Required<Weighed> & { suspectUntilMs: number } {
  const { intervalSeconds, timeoutSeconds } = spec.health;
  return {
    observation: { ...observation, outcome: 'inconclusive', detail: `${observation.detail}; ${reason}` },
    suspectUntilMs: nowMs + (intervalSeconds + timeoutSeconds) * 1000,
  };
}

/** Across fleets: clusters of two fleets at one site fail together. */
function faultDomainOf(fleet: string, name: string, { site, region, zone }: Resource<'cluster'>['spec']): string {
  return site ?? (region === undefined ? `${fleet}/${name}` : `${region}/${zone ?? ''}`);
}
