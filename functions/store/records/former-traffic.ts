/** Traffic states as former releases wrote them, and their migrations. */

import * as z from 'zod';
import { Percent } from '../../../schemas/common.ts';
import { type ClusterLimits, NO_ALLOCATION } from '../../core/allocation/sealed.ts';
import type { Limit } from '../../core/allocation/types.ts';
import type { ClusterState } from '../../core/failover/traffic.ts';

/** A withdrawal of the first version, in which a cluster was either out as a whole or not at all. */
const FirstWithdrawal = z.looseObject({
  cluster: z.string(),
  sinceMs: z.number(),
  reason: z.string(),
  decision: z.string(),
});
type FirstWithdrawal = z.output<typeof FirstWithdrawal>;

/** Converts withdrawals to outages. The uid is empty, because a withdrawal did not contain that of its cluster. */
function outagesOf(withdrawals: readonly FirstWithdrawal[]) {
  const outages = withdrawals.map((item) => ({
    ...item,
    uid: '',
    phase: 'out' as const,
    percent: 0,
    heldUntilMs: item.sinceMs,
  }));
  return { outages, episodes: [] };
}

const TrafficWithoutAutomation = z
  .looseObject({ version: z.int().min(0), withdrawals: z.array(FirstWithdrawal) })
  .transform(({ withdrawals, ...traffic }) => ({
    ...traffic,
    automation: outagesOf(withdrawals),
    shifts: [],
    breakGlasses: [],
  }));

/** The traffic state of the first version. Releases without versions wrote both shapes. */
export const TrafficOfFirstVersion = z.union([
  z.looseObject({ automation: z.looseObject({}) }),
  TrafficWithoutAutomation,
]);

/**
 * An outage of the second version, which was a chain of withdrawals, panics and halts. What it recorded about clusters
 * is kept, and each cluster keeps its percentage.
 */
const OutageOfChain = z.object({
  cluster: z.string(),
  uid: z.string(),
  phase: z.enum(['joining', 'out', 'returning']),
  percent: Percent,
  sinceMs: z.number(),
  reason: z.string(),
  decision: z.string(),
  heldUntilMs: z.number(),
  isApproved: z.boolean().optional(),
});
type OutageOfChain = z.output<typeof OutageOfChain>;

/**
 * A shift or a drill of the second version, which took a part of one cluster's share and gave it back step by step at
 * its end.
 */
const Taken = z.looseObject({
  name: z.string(),
  cluster: z.string(),
  currentPercent: Percent,
  phaseSinceMs: z.number(),
  decision: z.string(),
});
type Taken = z.output<typeof Taken>;

const ShiftOfChain = Taken.extend({
  percent: Percent,
  phase: z.enum(['moving', 'draining', 'applied', 'returning']),
});

const DrillOfChain = Taken.extend({ phase: z.enum(['moving', 'holding', 'returning']) });

export const TrafficOfChain = z
  .looseObject({
    automation: z.object({
      outages: z.array(OutageOfChain),
      episodes: z.array(z.object({ cluster: z.string(), uid: z.string(), atMs: z.number() })),
    }),
    shifts: z.array(ShiftOfChain),
    drill: DrillOfChain.optional(),
  })
  .transform(({ automation, shifts, drill, withdrawals: _, allocations: __, recommended: ___, ...traffic }) => {
    const { outages, episodes } = automation;
    const live = shifts.filter(({ phase }) => phase !== 'returning');
    const isOut = new Set(outages.map(({ cluster }) => cluster));
    const ended = shifts.filter(({ phase, cluster }) => phase === 'returning' && !isOut.has(cluster));
    const returning = drill?.phase === 'returning' && !isOut.has(drill.cluster) ? [...ended, drill] : ended;
    return {
      ...traffic,
      clusters: [
        ...outages.map((outage) => stateOfOutage(outage, episodes)),
        ...[...new Map(returning.map((taken) => [taken.cluster, taken])).values()].map(stateOfTaken),
      ],
      allocation: {
        ...NO_ALLOCATION,
        limits: limitsOfChain([
          ...outages.map((outage) => [outage.cluster, limitOfOutage(outage)] as const),
          ...returning.map(({ cluster, currentPercent: percent }) => [cluster, { reason: 'ramp', percent }] as const),
          ...live.map(({ cluster, currentPercent: percent }) => [cluster, { reason: 'drained', percent }] as const),
          ...(drill && drill.phase !== 'returning'
            ? [[drill.cluster, { reason: 'drill', percent: drill.currentPercent }] as const]
            : []),
        ]),
      },
      shifts: live.map((shift) => ({ ...shift, mode: shift.percent === 100 ? 'keep' : 'drain' })),
      ...(drill && { drill }),
    };
  });

/** Migrates a traffic state of the third version, in which a drill had one cluster only. */
export const TrafficWithDrillOfOneCluster = z
  .looseObject({ drill: z.looseObject({ cluster: z.string() }).optional() })
  .transform(({ drill, ...traffic }) => {
    if (drill === undefined) return traffic;
    const { cluster, ...rest } = drill;
    return { ...traffic, drill: { ...rest, clusters: [cluster] } };
  });

/** Returns the limits of each cluster. The tightest limit is the percentage that the cluster had. */
function limitsOfChain(limits: readonly (readonly [cluster: string, limit: Limit])[]): ClusterLimits[] {
  const byCluster = Map.groupBy(limits, ([cluster]) => cluster);
  return [...byCluster].flatMap(([cluster, own]) => {
    const tight = own.map(([, limit]) => limit).filter((limit) => partOf(limit) < 100);
    return tight.length === 0 ? [] : [{ cluster, percent: Math.min(...tight.map(partOf)), limits: tight }];
  });
}

function partOf(limit: Limit): number {
  return 'percent' in limit ? limit.percent : 0;
}

function limitOfOutage({ phase, percent, sinceMs }: OutageOfChain): Limit {
  if (phase === 'out') return { reason: 'down', sinceMs };
  return phase === 'joining' ? { reason: 'joining' } : { reason: 'ramp', percent };
}

/**
 * Returns the state of a cluster whose shift or drill has ended. It is held until its turn, and for no other reason.
 */
function stateOfTaken({ name, cluster, phaseSinceMs, decision }: Taken): ClusterState {
  const reason = `${name} has ended`;
  return { cluster, uid: '', standing: 'held', sinceMs: phaseSinceMs, reason, decision, failuresMs: [], fallsMs: [] };
}

const STANDINGS = { joining: 'joining', out: 'down', returning: 'held' } as const;

function stateOfOutage(
  { cluster, uid, phase, sinceMs, reason, decision, heldUntilMs, isApproved }: OutageOfChain,
  episodes: readonly { cluster: string; atMs: number }[],
): ClusterState {
  const failuresMs = episodes.filter((item) => item.cluster === cluster).map(({ atMs }) => atMs);
  const standing = STANDINGS[phase];
  return {
    cluster,
    uid,
    standing,
    sinceMs,
    reason,
    decision,
    failuresMs: standing === 'joining' || failuresMs.length > 0 ? failuresMs : [sinceMs],
    fallsMs: [],
    ...(standing !== 'joining' && { removedAtMs: sinceMs }),
    ...(standing === 'held' && { dwell: { untilMs: heldUntilMs, servedMs: 0 } }),
    ...(isApproved !== undefined && { isApproved }),
  };
}
