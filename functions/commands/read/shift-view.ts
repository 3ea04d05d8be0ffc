import type { Cluster } from '../../../schemas/cluster.ts';
import type { Condition } from '../../../schemas/common.ts';
import { type ReasonCode, sentenceOf } from '../../../schemas/reasons.ts';
import type { Shift } from '../../../schemas/shift.ts';
import { clusterPoints, type Reading, wholePoints } from '../../core/gateway/reading.ts';
import type { Store } from '../../deps.ts';

/** Returns the points of a cluster that were read at each gateway. */
export function clusterAtGateways(
  cluster: string,
  gateways: readonly string[],
  readings: readonly Reading[],
): Cluster['gateways'] {
  return gateways.flatMap((gateway) => {
    const reading = readings.find((item) => item.gateway === gateway);
    const points = reading?.clusters.find((item) => item.cluster === cluster);
    if (points === undefined) return [];
    const { cluster: _, ...counted } = points;
    return [{ gateway, ...counted, ...(reading?.poolsReadAt && { readAt: reading.poolsReadAt }) }];
  });
}

/** Adds to shifts what was read at gateways. A shift is shown as applied only once gateways follow it. */
export async function showShifts(store: Store, fleet: string, shifts: readonly Shift[]): Promise<Shift[]> {
  if (shifts.length === 0) return [];
  const [gateways, readings] = await Promise.all([store.all('gateway', fleet), store.readings(fleet)]);
  const names = gateways.map(({ name }) => name);
  return await Promise.all(
    shifts.map(async (shift) => {
      if (shift.state === 'ended') return shift;
      const read = await readingsOf(store, readings, shift);
      const at = clusterAtGateways(shift.cluster, names, read);
      const condition = followingOf(shift, at, read);
      const state = shift.state === 'applied' && condition.status !== 'True' ? 'moving' : shift.state;
      return { ...shift, state, conditions: [condition], gateways: at };
    }),
  );
}

/** Returns the readings reduced to the service of a shift. */
async function readingsOf(store: Store, readings: readonly Reading[], { fleet, service }: Shift): Promise<Reading[]> {
  if (service === undefined) return [...readings];
  return await Promise.all(
    readings.map(async (reading) => {
      const [pools, points] = await Promise.all([
        store.pools(fleet, reading.gateway),
        store.points(fleet, reading.gateway),
      ]);
      const own = pools.filter((pool) => pool.service === service);
      const keys = new Set(own.map(({ key }) => key));
      const deviations = reading.deviations.filter(({ pool }) => pool === undefined || keys.has(pool));
      return { ...reading, clusters: clusterPoints(wholePoints(points, own), own), deviations };
    }),
  );
}

function followingOf(shift: Shift, at: Cluster['gateways'], readings: readonly Reading[]): Condition {
  const { cluster, percent, state, updatedAt } = shift;
  const leavesNothing = percent === 0 && state !== 'returning';
  const [served] = at.filter(({ maxPercent }) => leavesNothing && maxPercent > 0);
  const lagging = readings.find(({ deviations }) =>
    deviations.some(({ isPoints, clusters }) => isPoints && clusters?.includes(cluster)),
  );
  const observedAt = at.map(({ readAt }) => readAt).sort()[0];
  const told = (
    status: Condition['status'],
    reason: ReasonCode,
    given: Record<string, string | number>,
  ): Condition => ({
    type: 'Following',
    status,
    reason,
    message: sentenceOf(reason, given),
    arguments: given,
    observedRevision: 0,
    lastTransitionTime: updatedAt,
    ...(observedAt !== undefined && { observedAt }),
  });
  if (state === 'moving') return told('False', 'Pending', { waitingSince: updatedAt });
  if (served) return told('False', 'StillServing', { cluster, gateway: served.gateway, percent: served.maxPercent });
  const [unknown] = at.filter(({ unknownPools }) => leavesNothing && unknownPools > 0);
  if (unknown) return told('Unknown', 'NotTold', { cluster, gateway: unknown.gateway, pools: unknown.unknownPools });
  if (lagging) return told('False', 'Pending', { waitingSince: updatedAt, gateway: lagging.gateway });
  return told('True', 'Following', {});
}
