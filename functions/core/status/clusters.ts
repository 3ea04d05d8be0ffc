/** A cluster as the status of its fleet shows it. */

import { sentenceOf } from '../../../schemas/reasons.ts';
import type { StatusCluster } from '../../../schemas/status.ts';
import { declaredPoints } from '../allocation/bounds.ts';
import { givenPoints } from '../allocation/points.ts';
import { type Context, stateOf } from '../failover/context.ts';
import type { ClusterFacts, Placement } from '../failover/situation.ts';
import type { ClusterState, SealedAllocation } from '../failover/traffic.ts';
import { isoOf } from '../time.ts';
import { ageOf, type GatewaySight } from './gateways.ts';
import { told, waitsOf } from './waits.ts';

type Points = NonNullable<StatusCluster['points']>;

export function clusterStatus(context: Context, facts: ClusterFacts, gateways: readonly GatewaySight[]): StatusCluster {
  const { traffic, nowMs } = context.situation;
  const state = stateOf(traffic, facts);
  const waitsFor = [...waitsOf(context, traffic, facts), ...modeWait(context, facts)];
  const record = context.clusters.get(facts.name)?.record;
  const points = pointsOf(context, facts.name, gateways, nowMs);
  return {
    cluster: facts.name,
    site: facts.site,
    ...(facts.city !== undefined && { city: facts.city }),
    standing: state.standing,
    ...(state.sinceMs > 0 && { since: isoOf(state.sinceMs) }),
    ...whyOf(state, waitsFor),
    waitsFor,
    health: { state: record?.state ?? 'unknown', ...(record && { since: isoOf(record.sinceMs) }) },
    ...(points && { points }),
  };
}

/** Why it stands where it does; what it waits for says how that ends. */
function whyOf({ standing, reason: seen }: ClusterState, waits: StatusCluster['waitsFor']) {
  const [first] = waits;
  const reason = standing === 'down' ? 'Down' : (first?.reason ?? 'Up');
  const message = standing === 'down' ? sentenceOf('Down', {}) : (first?.message ?? sentenceOf('Up', {}));
  return { reason, message: standing !== 'up' && seen !== '' ? `${message} It began so: ${seen}.` : message };
}

/** Something else is recommended of it, and nobody acts. */
function modeWait({ situation, acts }: Context, { name }: ClusterFacts): StatusCluster['waitsFor'] {
  const { traffic, placements } = situation;
  const { allocation, recommended } = traffic;
  if (acts || recommended === undefined) return [];
  const differs = membershipsOf(placements, name).some(({ placement, index }) => {
    return givenPoints(placement, allocation)[index] !== givenPoints(placement, recommended)[index];
  });
  return differs ? [told('ModeHolds')] : [];
}

function pointsOf(
  { situation }: Context,
  name: string,
  gateways: readonly GatewaySight[],
  nowMs: number,
): Points | undefined {
  const own = membershipsOf(situation.placements, name);
  const declared = rangeOf(own.map(({ placement, index }) => declaredPoints(placement.members)[index] ?? 0));
  const given = (allocation: SealedAllocation) =>
    rangeOf(own.map(({ placement, index }) => givenPoints(placement, allocation)[index] ?? 0));
  const intended = given(situation.traffic.allocation);
  if (declared === undefined || intended === undefined) return undefined;
  return {
    backends: own.length,
    declared,
    intended,
    gateways: gateways.flatMap((item) => atGateway(item, name, nowMs)),
  };
}

function membershipsOf(placements: readonly Placement[], name: string): { placement: Placement; index: number }[] {
  return placements.flatMap((placement) => {
    const index = placement.members.findIndex(({ cluster }) => cluster === name);
    return index === -1 ? [] : [{ placement, index }];
  });
}

function rangeOf(points: readonly number[]): Points['declared'] | undefined {
  if (points.length === 0) return undefined;
  let [minPercent, maxPercent] = [100, 0];
  for (const own of points) {
    minPercent = Math.min(minPercent, own);
    maxPercent = Math.max(maxPercent, own);
  }
  return { minPercent, maxPercent };
}

/** What was read, and nothing else: pools that could not be told are counted, and a gateway that was never read says nothing. */
function atGateway({ gateway, reading }: GatewaySight, name: string, nowMs: number): Points['gateways'] {
  const own = reading?.clusters.find(({ cluster }) => cluster === name);
  if (own === undefined) return [];
  const { pools, unknownPools, minPercent, maxPercent } = own;
  const verified = pools > unknownPools ? { verified: { minPercent, maxPercent } } : {};
  return [{ gateway, ...verified, unknownPools, ...ageOf(reading?.poolsReadAt, nowMs) }];
}
