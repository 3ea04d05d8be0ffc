import type { Voter } from '../../../schemas/failover.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { Probe } from '../../../schemas/probe.ts';
import { msOf } from '../model/time.ts';
import { votersOf } from './voters.ts';
import { freshnessMs, isAhead } from './votes.ts';

/** A voter that says nothing, so that whatever it said before counts for nothing. */
export interface Silence {
  voter: string;
  /** When it was heard last; absent when it never was. */
  sinceMs?: number | undefined;
  /** It has been silent for twice as long as its word counts. */
  isLost: boolean;
}

/** When voters were last heard, by name: in milliseconds since the epoch. */
export type Heard = ReadonlyMap<string, number>;

interface Fleet {
  spec: Pick<FleetSpec, 'voters' | 'health'>;
  updatedAt: string;
}

/**
 * The voters that should speak, since they watch a cluster, and do not, in the order in which they are declared. Whoever has just been
 * declared, or declared anew, has as long to speak as its word would count.
 */
export function silentVoters(
  { spec, updatedAt }: Fleet,
  clusters: readonly { name: string; spec: { probes: Probe[] } }[],
  heard: Heard,
  nowMs: number,
): Silence[] {
  const watching = new Set(clusters.flatMap((cluster) => votersOf(cluster, spec.voters)));
  return spec.voters
    .filter(({ name }) => watching.has(name))
    .flatMap((voter): Silence[] => {
      const sinceMs = lastHeardMs(heard.get(voter.name), nowMs);
      const silentMs = nowMs - Math.max(sinceMs ?? 0, msOf(updatedAt));
      const countsMs = wordCountsMs(voter, spec);
      if (silentMs <= countsMs) return [];
      return [{ voter: voter.name, ...(sinceMs !== undefined && { sinceMs }), isLost: silentMs > 2 * countsMs }];
    });
}

/** A time that is still to come is that of a clock that was ahead, and tells nothing. */
function lastHeardMs(heardMs: number | undefined, nowMs: number): number | undefined {
  return heardMs !== undefined && !isAhead(heardMs, nowMs) ? heardMs : undefined;
}

/** For how long what a voter has said counts. */
function wordCountsMs(voter: Voter, { health }: Fleet['spec']): number {
  return voter.type === 'alert' ? voter.freshnessSeconds * 1000 : freshnessMs(health);
}
