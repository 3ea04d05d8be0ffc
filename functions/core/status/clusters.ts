/** Clusters as the status of their fleet shows them. */

import type { PointsRange, Recommended } from '../../../schemas/decision.ts';
import type { Wait } from '../../../schemas/evacuation.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { StatusCluster } from '../../../schemas/status.ts';
import { clusterPoints } from '../allocation/points.ts';
import { NO_ALLOCATION } from '../allocation/sealed.ts';
import { type Context, stateOf } from '../failover/context.ts';
import type { ClusterState } from '../failover/traffic.ts';
import { newWait, waitsOf } from '../failover/waits.ts';
import type { ClusterFacts, Placement } from '../model/fleet-facts.ts';
import { isoOf } from '../model/time.ts';
import { ageOf, type GatewayStatusInput } from './gateways.ts';

type Points = NonNullable<StatusCluster['points']>;

/** The points of all clusters, by name. */
interface AllPoints {
  backends: ReadonlyMap<string, number>;
  declared: ReadonlyMap<string, PointsRange>;
  intended: ReadonlyMap<string, PointsRange>;
}

export function clusterStatuses(
  context: Context,
  gateways: readonly GatewayStatusInput[],
  recommended: Recommended | undefined,
): StatusCluster[] {
  const { placements, traffic, clusters } = context.input;
  const points = {
    backends: countsOf(placements),
    declared: clusterPoints(placements, { allocation: NO_ALLOCATION }),
    intended: clusterPoints(placements, traffic),
  };
  const advised = new Set(context.acts ? [] : recommended?.clusters.map(({ cluster }) => cluster));
  return clusters.map((facts) => {
    const waits = advised.has(facts.name) ? [newWait('ModeHolds')] : [];
    return clusterStatus(context, facts, waits, pointsOf(facts.name, points, gateways, context.input.nowMs));
  });
}

function clusterStatus(
  context: Context,
  facts: ClusterFacts,
  waits: readonly Wait[],
  points: Points | undefined,
): StatusCluster {
  const { traffic } = context.input;
  const state = stateOf(traffic, facts);
  const waitsFor = [...waitsOf(context, traffic, facts), ...waits];
  const record = context.clusters.get(facts.name)?.record;
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

/**
 * Returns the reason for the cluster's standing. What it waits for comes first, since that tells how the standing ends.
 */
function whyOf({ standing, reason: seen }: ClusterState, waits: StatusCluster['waitsFor']) {
  const [first] = waits;
  const reason = standing === 'down' ? 'Down' : (first?.reason ?? 'Up');
  const message = standing === 'down' ? sentenceOf('Down', {}) : (first?.message ?? sentenceOf('Up', {}));
  return { reason, message: standing !== 'up' && seen !== '' ? `${message} It began so: ${seen}.` : message };
}

function countsOf(placements: readonly Placement[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { members } of placements) {
    for (const { cluster } of members) counts.set(cluster, (counts.get(cluster) ?? 0) + 1);
  }
  return counts;
}

function pointsOf(
  name: string,
  { backends, declared, intended }: AllPoints,
  gateways: readonly GatewayStatusInput[],
  nowMs: number,
): Points | undefined {
  const [count, own, given] = [backends.get(name), declared.get(name), intended.get(name)];
  if (count === undefined || own === undefined || given === undefined) return undefined;
  const read = gateways.flatMap((item) => atGateway(item, name, nowMs));
  return { backends: count, declared: own, intended: given, gateways: read };
}

/**
 * Returns what gateways were read to give a cluster. Pools that could not be read are counted as unknown, and a gateway
 * that was never read is left out.
 */
function atGateway({ gateway, reading }: GatewayStatusInput, name: string, nowMs: number): Points['gateways'] {
  const own = reading?.clusters.find(({ cluster }) => cluster === name);
  if (own === undefined) return [];
  const { pools, unknownPools, minPercent, maxPercent } = own;
  const verified = pools > unknownPools ? { verified: { minPercent, maxPercent } } : {};
  return [{ gateway, ...verified, unknownPools, ...ageOf(reading?.poolsReadAt, nowMs) }];
}
