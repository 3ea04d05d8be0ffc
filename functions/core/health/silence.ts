import type { Voter } from '../../../schemas/failover.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { Probe } from '../../../schemas/probe.ts';
import { msOf } from '../model/time.ts';
import { votersOf } from './voters.ts';
import { freshnessMs } from './votes.ts';
import { isAhead } from './vouch.ts';

/** A voter that says nothing, so that nothing it said before counts. */
export interface Silence {
  voter: string;
  /** The time at which it was last heard; absent if it never was. */
  sinceMs?: number | undefined;
  /** True when it has been silent for twice as long as its word counts. */
  isLost: boolean;
}

/** The time at which each voter was last heard, by name, in milliseconds since the epoch. */
export type Heard = ReadonlyMap<string, number>;

interface Fleet {
  spec: Pick<FleetSpec, 'voters' | 'health'>;
  updatedAt: string;
}

/**
 * Returns the voters that watch a cluster but do not speak, in the order of their declaration. After the fleet's
 * declaration has changed, every voter has as long to speak as its word would count.
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

/**
 * Returns the time at which a voter was last heard. A time in the future comes from a clock that ran ahead, and is
 * ignored.
 */
function lastHeardMs(heardMs: number | undefined, nowMs: number): number | undefined {
  return heardMs !== undefined && !isAhead(heardMs, nowMs) ? heardMs : undefined;
}

/** Returns how long a voter's word counts, in milliseconds. */
function wordCountsMs(voter: Voter, { health }: Fleet['spec']): number {
  return voter.type === 'alert' ? voter.freshnessSeconds * 1000 : freshnessMs(health);
}
