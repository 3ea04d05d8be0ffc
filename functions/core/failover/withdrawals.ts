/** Withdrawals are what currently holds clusters back, as people see it. */

import type { ClusterStanding, WithdrawalCause } from '../../../schemas/cluster.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { ClusterLimits } from '../allocation/sealed.ts';
import { isoOf } from '../model/time.ts';
import type { ClusterState, LiveDrill, LiveShift, Standing, Traffic } from './traffic.ts';

/** A cluster that gets less than its share, of one service or of all. */
export interface Withdrawal {
  cluster: string;
  /** The only service that is held back; absent when the whole cluster is. */
  service?: string;
  /** The percentage that it has of what the declarations give it: 0 to 99. */
  percent: number;
  cause: WithdrawalCause;
  sinceMs: number;
  reason: string;
  /** The id of the decision that began the withdrawal. */
  decision: string;
}

type Shown = Pick<Traffic, 'allocation' | 'clusters' | 'shifts' | 'drill'>;

/** Returns the withdrawals of whole clusters, in the order of the allocation's limits. */
export function withdrawalsOf(traffic: Shown): Withdrawal[] {
  return traffic.allocation.limits.flatMap((limits) => {
    const { cluster, percent } = limits;
    const why = whyOf(limits, traffic);
    return percent < 100 && why ? [{ cluster, percent, ...why }] : [];
  });
}

/** Returns the clusters that get less of one service than the declarations give them. */
export function serviceWithdrawalsOf(
  { allocation, shifts, drill, serviceReturns = [] }: Traffic,
  service: string,
): Withdrawal[] {
  const own = (allocation.services ?? []).filter((item) => item.service === service && item.percent < 100);
  return own.flatMap(({ cluster, percent }) => {
    const isOwn = (item: { cluster: string; service?: string | undefined }) =>
      item.cluster === cluster && item.service === service;
    const shift = shifts.find(isOwn);
    const left = serviceReturns.find(isOwn);
    const drilled = drill?.service === service && drill.clusters.includes(cluster) ? ofDrill(drill) : undefined;
    const why = shift ? ofShift(shift) : left ? { ...left, cause: 'return' as const } : drilled;
    return why
      ? [
          {
            cluster,
            percent,
            cause: why.cause,
            sinceMs: why.sinceMs,
            reason: why.reason,
            decision: why.decision,
            service,
          },
        ]
      : [];
  });
}

const CAUSES: Partial<Record<Standing, WithdrawalCause>> = {
  down: 'failure',
  joining: 'joining',
  held: 'return',
  ramping: 'return',
};

type Why = Omit<Withdrawal, 'cluster' | 'percent' | 'service'>;

/** Returns the reason of a withdrawal. People come first, since what they ask for ends only when they say so. */
function whyOf({ cluster, limits }: ClusterLimits, { clusters, shifts, drill }: Shown): Why | undefined {
  const shift = shifts.find((item) => item.cluster === cluster && item.service === undefined && item.mode !== 'keep');
  const isDown = limits.some(({ reason }) => reason === 'down');
  const state = clusters.find((item) => item.cluster === cluster);
  if (shift && !isDown) return ofShift(shift);
  if (state) return ofState(state);
  return drill?.clusters.includes(cluster) && drill.service === undefined ? ofDrill(drill) : undefined;
}

function ofShift({ createdAtMs, name, reason, decision }: LiveShift): Why {
  return { cause: 'shift', sinceMs: createdAtMs, reason: `shift ${name}: ${reason}`, decision };
}

function ofDrill({ startedAtMs, name, decision }: LiveDrill): Why {
  return { cause: 'drill', sinceMs: startedAtMs, reason: `drill ${name}`, decision };
}

function ofState({ standing, sinceMs, reason, decision, impairedSinceMs }: ClusterState): Why | undefined {
  if (impairedSinceMs !== undefined && standing !== 'down') {
    return {
      cause: 'impaired',
      sinceMs: impairedSinceMs,
      reason: say('TooSlow').text,
      decision,
    };
  }
  const cause = CAUSES[standing];
  return cause && { cause, sinceMs, reason, decision };
}

/** Returns the standing of a cluster as people see it. */
export function standingShown({ clusters, allocation, recommended }: Traffic, cluster: string): ClusterStanding {
  const state = clusters.find((item) => item.cluster === cluster);
  if (state === undefined) return { state: 'up' };
  const { standing, sinceMs, reason, brake } = state;
  const limits = (recommended ?? allocation).limits.find((item) => item.cluster === cluster)?.limits ?? [];
  const waitsFor = limits.flatMap(({ reason: wait }) => {
    return wait === 'dwell' || wait === 'consent' || wait === 'turn' ? [wait] : [];
  });
  return {
    state: standing,
    ...(sinceMs > 0 && { since: isoOf(sinceMs) }),
    ...(reason !== '' && { reason }),
    ...(standing === 'held' && { waitsFor }),
    ...(brake?.untilMs !== undefined && { untilAtMost: isoOf(brake.untilMs) }),
  };
}
