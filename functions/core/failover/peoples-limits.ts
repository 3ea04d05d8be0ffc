/** Tells the limits that people ask for from those that automation asks for. */

import type { Limit, LimitReason } from '../allocation/types.ts';
import type { Traffic } from './traffic.ts';

/** Returns the limits that people ask for on a cluster as a whole, or on `service` alone where it is given. */
export function peoplesLimits({ shifts, drill }: Traffic, cluster: string, service?: string): Limit[] {
  const own = shifts.filter((shift) => shift.cluster === cluster && shift.service === service);
  const ofShifts = own.flatMap(({ mode, currentPercent }): Limit[] => {
    if (mode === 'isolate') return [{ reason: 'isolated' }];
    return mode === 'drain' && currentPercent < 100 ? [{ reason: 'drained', percent: currentPercent }] : [];
  });
  if (drill === undefined || drill.phase === 'returning' || drill.service !== service) return ofShifts;
  const { clusters, currentPercent: percent } = drill;
  return clusters.includes(cluster) && percent < 100 ? [...ofShifts, { reason: 'drill', percent }] : ofShifts;
}

/**
 * Returns the limit by which a cluster keeps what it has. A cluster that merely waits (`turn`, `dwell`) takes over from
 * those that people have drained; others (`mode`) do not.
 */
export function keeping(limits: readonly Limit[]): Limit {
  const reasons = new Set(limits.map(({ reason }) => reason));
  if (!limits.every(({ reason }) => WAITING.has(reason))) return { reason: 'mode' };
  return { reason: reasons.has('dwell') ? 'dwell' : 'turn' };
}

const WAITING: ReadonlySet<LimitReason> = new Set<LimitReason>(['turn', 'ramp', 'dwell']);

const OF_PEOPLE: ReadonlySet<LimitReason> = new Set<LimitReason>(['drained', 'isolated', 'drill']);

/** Tells whether people ask for the limit; automation asks for all others. */
export function isOfPeople({ reason }: Limit): boolean {
  return OF_PEOPLE.has(reason);
}

export function isOfAutomation(limit: Limit): boolean {
  return !isOfPeople(limit);
}
