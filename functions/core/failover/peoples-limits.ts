/** What people ask for, and what automation asks for. */

import type { Limit, LimitReason } from '../allocation/types.ts';
import type { Traffic } from './traffic.ts';

/** What people ask for of a cluster; of one service of it alone where that is named. */
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

/** The limit by which a cluster keeps what it has: one that only waits takes over from those that people have drained, others do not. */
export function keeping(limits: readonly Limit[]): Limit {
  const reasons = new Set(limits.map(({ reason }) => reason));
  if (!limits.every(({ reason }) => WAITING.has(reason))) return { reason: 'mode' };
  return { reason: reasons.has('dwell') ? 'dwell' : 'turn' };
}

const WAITING: ReadonlySet<LimitReason> = new Set<LimitReason>(['turn', 'ramp', 'dwell']);

const OF_PEOPLE: ReadonlySet<LimitReason> = new Set<LimitReason>(['drained', 'isolated', 'drill']);

/** People ask for it; automation asks for all others. */
export function isOfPeople({ reason }: Limit): boolean {
  return OF_PEOPLE.has(reason);
}

export function isOfAutomation(limit: Limit): boolean {
  return !isOfPeople(limit);
}
