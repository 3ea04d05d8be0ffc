import { say } from '../../../schemas/messages/index.ts';
import type { QuotaUse } from '../../../schemas/plan.ts';
import { afterReading } from '../../core/gateway/drift.ts';
import type { Json } from '../../core/gateway/provider-object.ts';
import {
  clusterPoints,
  type Deviation,
  keptDeviations,
  keptPoints,
  noReading,
  type Reading,
} from '../../core/gateway/reading.ts';
import { isoOf } from '../../core/model/time.ts';
import type { Deps } from '../../deps.ts';
import { type GatewayContext, withServing } from './context.ts';
import type { ReadFault } from './outcome.ts';
import type { ReconcilePlan } from './reconcile-plan.ts';
import type { Run } from './run.ts';

/** The result of one read of the gateway. */
interface Read {
  planned: ReconcilePlan;
  /** The time at which the read began. */
  readMs: number;
  /**
   * True when everything of this run has been written before the read, so that remaining differences are not as
   * written.
   */
  isReadBack: boolean;
}

/**
 * Stores the result of a read, which is the source of everything that is shown of the gateway. Returns the deviations
 * as they were recorded.
 */
export async function recordRead(deps: Deps, run: Run, context: GatewayContext, read: Read): Promise<Deviation[]> {
  const { fleet, gateway, lease } = run;
  const { resource, scope, baseline } = context;
  const { planned } = read;
  const isWhole = scope === 'full';
  const reading = readingOf(context, read);
  if (isWhole && read.isReadBack) {
    const present = new Set(planned.observed.objects.map(({ key }) => key));
    const pools = withServing(context, planned.config, (key) => present.has(key));
    await deps.store.putPools(fleet, gateway, pools, lease.current());
  }
  const after = afterReading(baseline, {
    objects: planned.observed.objects,
    isWhole,
    desired: planned.desired,
    open: planned.all.changes,
    drifted: planned.left,
    orphaned: planned.orphaned,
    policy: resource.spec.drift,
  });
  await deps.store.putBaseline(fleet, gateway, after, lease.current());
  await deps.store.putReading(reading, keptPoints(planned.points), lease.current());
  return reading.deviations;
}

function readingOf(context: GatewayContext, { planned, readMs, isReadBack }: Read): Reading {
  const { last, scope, traffic } = context;
  const readAt = isoOf(readMs);
  const { observed, orphans, points } = planned;
  const found = isReadBack ? planned.deviations.map(notAsWritten) : planned.deviations;
  const { failure: _, ...known } = last;
  const kept = {
    ...known,
    poolsReadAt: readAt,
    trafficVersion: traffic.version,
    clusters: clusterPoints(points, planned.config.pools),
  };
  if (scope === 'pools') {
    return {
      ...kept,
      ...keptDeviations([...last.deviations.filter(isNotRead), ...found, ...missing(context, planned, readAt)]),
    };
  }
  return {
    ...kept,
    readAt,
    facts: observed.facts as Json,
    address: observed.address ?? last.address,
    ...keptDeviations(found),
    orphans,
    foreign: observed.foreign,
    quotas: fullestFirst(planned.quotas),
  };
}

/**
 * Tells whether a run with scope `pools` has not read the object of a deviation: it only reads objects that serve
 * pools, and looks for nothing to delete.
 */
function isNotRead({ pool, verb }: Deviation): boolean {
  return pool === undefined || verb === 'delete';
}

/** Marks a pending deviation as different from what was written. */
function notAsWritten(deviation: Deviation): Deviation {
  return deviation.reason === 'Pending' ? { ...deviation, reason: 'NotAsWritten' } : deviation;
}

/** Returns deviations for objects that do not exist. A failover creates none; that is left to the next full run. */
function missing({ last }: GatewayContext, { desired, observed, config }: ReconcilePlan, readAt: string): Deviation[] {
  const present = new Set(observed.objects.map(({ kind, key }) => `${kind} ${key}`));
  const clusters = new Map(config.pools.map(({ key, members }) => [key, members.map(({ cluster }) => cluster)]));
  return desired
    .filter(({ kind, key }) => !present.has(`${kind} ${key}`))
    .map(({ kind, key, pool = '' }) => ({
      kind,
      key,
      verb: 'create',
      detail: say('NotThere').text,
      reason: 'Pending',
      changes: [],
      isPoints: true,
      pool,
      clusters: clusters.get(pool) ?? [],
      routes: [],
      since: last.deviations.find((item) => item.kind === kind && item.key === key)?.since ?? readAt,
    }));
}

function fullestFirst(quotas: readonly QuotaUse[]): QuotaUse[] {
  const fill = ({ used, allowed }: QuotaUse) => used / Math.max(1, allowed);
  return quotas
    .map(({ quota, used, allowed }) => ({ quota, used, allowed }))
    .sort((a, b) => fill(b) - fill(a) || a.quota.localeCompare(b.quota, 'en'));
}

/** Records that the gateway could not be read. The last reading is kept and is shown with its age. */
export async function recordReadFault(
  { store, clock }: Deps,
  { fleet, gateway, lease }: Run,
  fault: ReadFault,
): Promise<void> {
  const last = (await store.reading(fleet, gateway)) ?? noReading(fleet, gateway);
  const at = isoOf(clock.now());
  await store.putReading(
    { ...last, failure: { since: last.failure?.since ?? at, at, ...fault } },
    undefined,
    lease.current(),
  );
}
