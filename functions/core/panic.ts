import type { FailoverPolicy } from '../../schemas/failover.ts';
import { effectiveShares } from './distribution.ts';
import type { Share } from './ir.ts';
import type { Placement } from './situation.ts';
import { NO_TRAFFIC, type Panic, type Withdrawal } from './traffic.ts';

/** Points above the threshold at which a panic is left again. */
const HYSTERESIS = 10;

/** R13: whether so little is left that health is not gone by. */
export function isPanic(leftPercent: number, thresholdPercent: number, wasPanic: boolean): boolean {
  const leaveAt = Math.min(100, thresholdPercent + HYSTERESIS);
  return thresholdPercent > 0 && leftPercent < (wasPanic ? leaveAt : thresholdPercent);
}

/**
 * Percent of the capacity of a placement that failures have left. Where not every member says what it can serve, all count alike. Clusters
 * that people have taken out, and those that have not joined yet, are not counted.
 */
export function capacityLeftPercent(
  { members }: Placement,
  withdrawals: readonly Withdrawal[],
  capacities: ReadonlyMap<string, number>,
): number {
  const causeOf = (cluster: string) => withdrawals.find((item) => item.cluster === cluster)?.cause;
  const counted = members.filter(({ cluster, weight }) => {
    const cause = causeOf(cluster);
    return weight > 0 && (cause === undefined || cause === 'failure' || cause === 'return');
  });
  const areDeclared = counted.every(({ cluster }) => capacities.has(cluster));
  const sum = (list: typeof counted) =>
    list.reduce((total, { cluster }) => total + (areDeclared ? (capacities.get(cluster) ?? 0) : 1), 0);
  const all = sum(counted);
  return all === 0 ? 100 : (100 * sum(counted.filter(({ cluster }) => causeOf(cluster) !== 'failure'))) / all;
}

/** What a panic keeps: the last shares, the declared ones, or none. */
export function panicShares(
  mode: FailoverPolicy['panic']['mode'],
  placement: Placement,
  last: readonly Share[],
): Share[] {
  if (mode === 'reject') return [];
  return mode === 'hold' ? [...last] : effectiveShares(placement, NO_TRAFFIC);
}

/**
 * What is in force during a panic: its shares, less what people have taken out by shifts. Undefined, and so by withdrawals, when all that it
 * keeps has failed while another member has not.
 */
export function panicAllocation(
  { mode, shares }: Panic,
  { members }: Placement,
  withdrawals: readonly Withdrawal[],
): Share[] | undefined {
  if (mode === 'reject') return [];
  const kept = shares.map(({ cluster, percent }) => ({ cluster, weight: percent, tier: 0 }));
  const shifted = withdrawals.filter(({ cause }) => cause === 'shift');
  const result = effectiveShares({ members: kept, pinned: false }, { withdrawals: shifted, allocations: [] });
  const isOut = (name: string) => withdrawals.some(({ cluster, percent }) => cluster === name && percent === 0);
  const hasOther = members.some(({ cluster, weight }) => weight > 0 && !isOut(cluster));
  return hasOther && result.every(({ cluster, percent }) => percent === 0 || isOut(cluster)) ? undefined : result;
}
