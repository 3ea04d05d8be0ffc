import { effectiveShares, toPercents } from '../../core/distribution.ts';
import type { Address, Member, Pool, Share } from '../../core/ir.ts';
import { compareText } from '../../core/precedence.ts';
import { NO_TRAFFIC } from '../../core/traffic.ts';

/** What becomes one service at the gateway: routes give it `percent` of the pool, and it shares that equally between its addresses. */
export interface Slot {
  /** The cluster that it stands for; `all` where one service stands for the whole pool. */
  name: string;
  percent: number;
  /** `address:port`, sorted. */
  addresses: string[];
}

/** Endpoints of one cluster, and what the cluster shall have of the pool. */
interface Source {
  cluster: string;
  addresses: string[];
  declared: number;
  wanted: number;
}

/**
 * The services of a pool while `shares` are in force. Their percentages are the declared ones, whatever the shares, so that routes need
 * not change: a cluster that gets nothing lends its service to those that take over. `real`: what each cluster gets from this;
 * addresses weigh equally, so it may only come near to the shares.
 *
 * A cookie holds a client to one address of one service, so a pool with affinity has one service only.
 */
export function slotsOf(pool: Pool, shares: readonly Share[]): { slots: Slot[]; real: Share[] } {
  const sources = sourcesOf(pool, shares);
  const own = pool.affinity ? [] : sources.filter((source) => source.declared > 0 && source.wanted > 0);
  const lent: Pick<Slot, 'name' | 'percent'>[] = pool.affinity
    ? [{ name: 'all', percent: 100 }]
    : sources
        .filter((source) => source.declared > 0 && source.wanted === 0)
        .map(({ cluster, declared }) => ({ name: cluster, percent: declared }));
  const real = new Map(own.map((source) => [source.cluster, source.declared]));
  const slots: Slot[] = own.map(({ cluster, declared, addresses }) => ({
    name: cluster,
    percent: declared,
    addresses,
  }));
  // Each takes what the ones before it have left over, so that their errors do not add up.
  for (const { name, percent } of lent.sort((a, b) => b.percent - a.percent)) {
    const needs = sources.map((source) => Math.max(0, source.wanted - (real.get(source.cluster) ?? 0)));
    const parts = nearest(sources, needs);
    const count = parts.reduce((sum, part) => sum + part.addresses.length, 0);
    for (const { cluster, addresses } of parts) {
      real.set(cluster, (real.get(cluster) ?? 0) + (percent * addresses.length) / count);
    }
    slots.push({ name, percent, addresses: sorted(parts.flatMap((part) => part.addresses)) });
  }
  const percents = toPercents(pool.members.map((member) => real.get(member.cluster) ?? 0));
  return {
    slots: slots.filter((slot) => slot.addresses.length > 0).sort((a, b) => compareText(a.name, b.name)),
    real: pool.members.map(({ cluster }, index) => ({ cluster, percent: percents[index] ?? 0 })),
  };
}

/** When no cluster shall serve, all serve as declared: an address that may answer is better than none. */
function sourcesOf(pool: Pool, shares: readonly Share[]): Source[] {
  const members = pool.members.filter((member) => member.endpoints.length > 0);
  const declared = effectiveShares({ ...pool, members }, NO_TRAFFIC);
  const wanted = toPercents(members.map((member) => percentOf(member.cluster, shares)));
  const nobody = wanted.every((percent) => percent === 0);
  return members.map((member, index) => ({
    cluster: member.cluster,
    addresses: addressesOf(member),
    declared: percentOf(member.cluster, declared),
    wanted: nobody ? percentOf(member.cluster, declared) : (wanted[index] ?? 0),
  }));
}

function percentOf(cluster: string, shares: readonly Share[]): number {
  return shares.find((share) => share.cluster === cluster)?.percent ?? 0;
}

function addressesOf({ endpoints }: Member): string[] {
  return sorted(endpoints.map(({ address, port }: Address) => `${address}:${port}`));
}

function sorted(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].sort(compareText);
}

/**
 * So many addresses of each source that their numbers are nearest to the proportion of the needs (least squares); of equally near ones
 * the most, because more addresses carry more.
 */
function nearest(sources: readonly Source[], needs: readonly number[]): Pick<Source, 'cluster' | 'addresses'>[] {
  const able = sources
    .map(({ cluster, addresses }, index) => ({ cluster, addresses, need: needs[index] ?? 0 }))
    .filter(({ need }) => need > 0);
  const total = able.reduce((sum, { need }) => sum + need, 0);
  const most = able.reduce((sum, { addresses }) => sum + addresses.length, 0);
  const parts = able.map(({ need, addresses }) => ({ proportion: need / total, limit: addresses.length }));
  let best: { counts: number[]; error: number } = { counts: [], error: Number.POSITIVE_INFINITY };
  for (let count = most; count > 0; count--) {
    const counts = apportion(parts, count);
    const error = errorOf(counts, parts);
    if (error < best.error - 1e-9) best = { counts, error };
  }
  return able
    .map(({ cluster, addresses }, index) => ({ cluster, addresses: addresses.slice(0, best.counts[index] ?? 0) }))
    .filter(({ addresses }) => addresses.length > 0);
}

interface Part {
  proportion: number;
  limit: number;
}

/** `count` in whole numbers near the proportions and within the limits: largest remainder first, earlier ones first on a tie. */
function apportion(parts: readonly Part[], count: number): number[] {
  const counts = parts.map(({ proportion, limit }) => Math.min(limit, Math.floor(proportion * count)));
  for (let left = count - sum(counts); left > 0; left--) {
    let next = -1;
    let largest = Number.NEGATIVE_INFINITY;
    parts.forEach(({ proportion, limit }, index) => {
      const have = counts[index] ?? 0;
      const remainder = proportion * count - have;
      if (have < limit && remainder > largest + 1e-9) [next, largest] = [index, remainder];
    });
    counts[next] = (counts[next] ?? 0) + 1;
  }
  return counts;
}

function errorOf(counts: readonly number[], parts: readonly Part[]): number {
  const total = sum(counts);
  return sum(parts.map(({ proportion }, index) => ((counts[index] ?? 0) / total - proportion) ** 2));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
