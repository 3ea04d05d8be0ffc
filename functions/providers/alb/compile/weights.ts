import { toPercents } from '../../../core/allocation/apportion.ts';
import type { Member, Share } from '../../../core/model/ir.ts';
import { compareText } from '../../../core/model/text.ts';

export const MAX_WEIGHT = 100;

export interface WeightedServer {
  address: string;
  port: number;
  remote: boolean;
  weight: number;
}

/** Compares servers by address and port, the order of servers in everything that is compared. */
export function compareServers(a: { address: string; port: number }, b: { address: string; port: number }): number {
  return compareText(a.address, b.address) || a.port - b.port;
}

/**
 * Turns shares of clusters into weights (0 to 100) of servers. Within a server group ALB (scheduler Wrr) hands out
 * requests in proportion to server weights, so a cluster gets the sum of its servers' weights. These sums are exactly k
 * times the shares, for a whole k. k = 1 always fits, because a share is at most 100 and so is a weight; a larger k is
 * chosen when it makes the servers of a cluster more equal. Clusters with a share of 0 get weights of 0; clusters
 * without servers are left out.
 *
 * The result is sorted by address and port. An address that several clusters list gets the sum of their weights, at
 * most 100.
 */
export function serverWeights(members: readonly Member[], shares: readonly Share[]): WeightedServer[] {
  const clusters = members
    .filter((member) => member.endpoints.length > 0)
    .map((member) => {
      return { percent: percentOf(member.cluster, shares), endpoints: distinct(member.endpoints) };
    });
  const scale = bestScale(clusters.map(({ percent, endpoints }) => ({ percent, count: endpoints.length })));
  const servers = clusters.flatMap(({ percent, endpoints }) => {
    const weights = spread(percent * scale, endpoints.length);
    return endpoints.map((endpoint, index) => ({ ...endpoint, weight: weights[index] ?? 0 }));
  });
  return merge(servers);
}

/**
 * Returns what each member gets from `serverWeights`, in percent: the shares of the members that have servers, scaled
 * to a total of 100, or all 0.
 */
export function effectiveShares(members: readonly Member[], shares: readonly Share[]): Share[] {
  const percents = toPercents(
    members.map((member) => (member.endpoints.length > 0 ? percentOf(member.cluster, shares) : 0)),
  );
  return members.map((member, index) => ({ cluster: member.cluster, percent: percents[index] ?? 0 }));
}

function percentOf(cluster: string, shares: readonly Share[]): number {
  return shares.find((share) => share.cluster === cluster)?.percent ?? 0;
}

interface Cluster {
  percent: number;
  count: number;
}

/** Returns the scale that leaves the fewest servers at 0, then makes servers most equal, then is smallest. */
function bestScale(clusters: readonly Cluster[]): number {
  const serving = clusters.filter((cluster) => cluster.percent > 0);
  if (serving.length === 0) return 1;
  const largest = Math.min(...serving.map(({ percent, count }) => Math.floor((MAX_WEIGHT * count) / percent)));
  let best = { scale: 1, cost: cost(serving, 1) };
  for (let scale = 2; scale <= largest; scale++) {
    const candidate = { scale, cost: cost(serving, scale) };
    if (candidate.cost < best.cost) best = candidate;
  }
  return best.scale;
}

/**
 * Returns the cost of a scale. The whole part counts servers at 0. The fraction is the greatest difference between the
 * servers of a cluster, relative to their mean; it is below 1.
 */
function cost(clusters: readonly Cluster[], scale: number): number {
  let idle = 0;
  let unevenness = 0;
  for (const { percent, count } of clusters) {
    const total = percent * scale;
    idle += Math.max(0, count - total);
    if (total % count !== 0) unevenness = Math.max(unevenness, count / (total + count));
  }
  return idle + unevenness;
}

/** Splits `total` into `count` integers that are as equal as possible, larger ones first. */
function spread(total: number, count: number): number[] {
  const floor = Math.floor(total / count);
  const larger = total % count;
  return Array.from({ length: count }, (_, index) => (index < larger ? floor + 1 : floor));
}

function distinct<T extends { address: string; port: number }>(endpoints: readonly T[]): T[] {
  const sorted = [...endpoints].sort(compareServers);
  return sorted.filter((endpoint, index) => {
    const previous = sorted[index - 1];
    return previous === undefined || compareServers(previous, endpoint) !== 0;
  });
}

function merge(servers: readonly WeightedServer[]): WeightedServer[] {
  const merged: WeightedServer[] = [];
  for (const server of [...servers].sort(compareServers)) {
    const last = merged.at(-1);
    if (last === undefined || compareServers(last, server) !== 0) merged.push({ ...server });
    else last.weight = Math.min(MAX_WEIGHT, last.weight + server.weight);
  }
  return merged;
}
