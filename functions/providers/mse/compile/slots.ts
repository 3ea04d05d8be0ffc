import { toPercents } from '../../../core/allocation/apportion.ts';
import { effectiveShares } from '../../../core/allocation/points.ts';
import { NO_TRAFFIC } from '../../../core/failover/traffic.ts';
import type { Address, Member, Pool, PoolObject, Share } from '../../../core/model/ir.ts';
import { compareText } from '../../../core/model/text.ts';

/** A part of a pool that has, or shall have, a service of its own. */
export interface Part {
  /** The cluster that the part stands for, or `all` where one service stands for the whole pool. */
  name: string;
  cluster?: string;
  /** The declared share of the part in the pool. */
  percent: number;
}

/** A service of a pool. Routes give it `percent` of the pool, and it shares that equally among its addresses. */
export interface Slot {
  /** The name of the service. */
  key: string;
  percent: number;
  /** Addresses as `address:port`, sorted. */
  addresses: string[];
}

/** The endpoints of one cluster, with the share of the pool that the cluster shall have. */
interface Source {
  cluster: string;
  addresses: string[];
  wanted: number;
  /**
   * True when the cluster shall have less than routes give to its services. Rounding does not give it more than its
   * share then.
   */
  isHeldBack: boolean;
}

/**
 * Returns the parts of a pool, one for each cluster that has a declared share. A cookie ties a client to one address of
 * one service, so a pool with affinity is a single part.
 */
export function partsOf(pool: Pool): Part[] {
  const members = able(pool);
  if (pool.affinity) return members.length > 0 ? [{ name: 'all', percent: 100 }] : [];
  return effectiveShares({ ...pool, members }, NO_TRAFFIC)
    .filter(({ percent }) => percent > 0)
    .map(({ cluster, percent }) => ({ name: cluster, cluster, percent }));
}

/**
 * Returns the services of a matched pool while `shares` are in force. Their percentages are always those that routes
 * give them, so that routes need not change: a service whose cluster shall have less is lent to the clusters that take
 * over, as a whole or in part. `real` is what each cluster gets as a result. Addresses have equal weights, so this may
 * only approximate the shares; it exceeds the share of a cluster that is held back only where no other cluster can
 * serve.
 */
export function slotsOf(pool: Pool, shares: readonly Share[]): { slots: Slot[]; real: Share[] } {
  const sources = sourcesOf(pool, shares);
  const addresses = new Map<string, string[]>();
  const real = new Map<string, number>();
  const lent: PoolObject[] = [];
  for (const object of objectsOf(pool)) {
    const own = sources.find(({ cluster }) => cluster === object.cluster);
    if (own === undefined || own.isHeldBack) {
      lent.push(object);
      continue;
    }
    addresses.set(object.key, own.addresses);
    real.set(own.cluster, (real.get(own.cluster) ?? 0) + percentOf(object));
  }
  // Each service compensates for the errors of the services before it, so that their errors do not add up.
  for (const object of lent.sort((a, b) => percentOf(b) - percentOf(a))) {
    const needs = sources.map((source) => Math.max(0, source.wanted - (real.get(source.cluster) ?? 0)));
    const parts = nearest(sources, needs);
    const count = sum(parts.map((part) => part.addresses.length));
    for (const part of parts) {
      const share = (percentOf(object) * part.addresses.length) / count;
      real.set(part.cluster, (real.get(part.cluster) ?? 0) + share);
    }
    addresses.set(object.key, sorted(parts.flatMap((part) => part.addresses)));
  }
  const slots = objectsOf(pool)
    .map((object) => ({ key: object.key, percent: percentOf(object), addresses: addresses.get(object.key) ?? [] }))
    .filter((slot) => slot.addresses.length > 0);
  return { slots, real: realOf(pool, slots) };
}

/**
 * Returns what each cluster gets of a pool from services with these addresses. An address that belongs to no cluster
 * takes its part, so the total may be below 100.
 */
export function realOf({ members }: Pool, slots: readonly Omit<Slot, 'key'>[]): Share[] {
  const owners = new Map(
    members.toReversed().flatMap((one) => addressesOf(one).map((address) => [address, one.cluster])),
  );
  const parts = new Map<string | undefined, number>();
  for (const { percent, addresses } of slots) {
    for (const [owner, some] of Map.groupBy(addresses, (address) => owners.get(address))) {
      parts.set(owner, (parts.get(owner) ?? 0) + (percent * some.length) / addresses.length);
    }
  }
  const percents = toPercents([...members.map(({ cluster }) => cluster), undefined].map((one) => parts.get(one) ?? 0));
  return members.map(({ cluster }, index) => ({ cluster, percent: percents[index] ?? 0 }));
}

/**
 * Returns the objects of a pool. For a pool that has not been matched yet, these are the new services that it would
 * have.
 */
function objectsOf(pool: Pool): readonly PoolObject[] {
  return pool.objects ?? partsOf(pool).map(({ name, ...part }) => ({ key: name, ...part }));
}

function percentOf({ percent = 0 }: PoolObject): number {
  return percent;
}

/**
 * Returns the clusters that can serve, with their shares. When no cluster shall serve, all serve as declared, because
 * an address that may answer is better than none.
 */
function sourcesOf(pool: Pool, shares: readonly Share[]): Source[] {
  const members = able(pool);
  const of = (all: readonly Share[]) =>
    toPercents(members.map(({ cluster }) => all.find((share) => share.cluster === cluster)?.percent ?? 0));
  const asked = of(shares);
  const wanted = sum(asked) > 0 ? asked : of(effectiveShares({ ...pool, members }, NO_TRAFFIC));
  const given = Map.groupBy(objectsOf(pool), ({ cluster }) => cluster);
  return members.map((member, index) => {
    const { cluster } = member;
    const own = wanted[index] ?? 0;
    const isHeldBack = own < sum((given.get(cluster) ?? []).map(percentOf));
    return { cluster, addresses: addressesOf(member), wanted: own, isHeldBack };
  });
}

function able({ members }: Pool): Member[] {
  return members.filter((member) => member.endpoints.length > 0);
}

function addressesOf({ endpoints }: Member): string[] {
  return sorted(endpoints.map(({ address, port }: Address) => `${address}:${port}`));
}

function sorted(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].sort(compareText);
}

/**
 * Chooses the number of addresses of each source so that the numbers are nearest to the proportion of the needs (least
 * squares). Of equally near choices the one with most addresses is taken, because more addresses carry more. A choice
 * that gives a source which is held back more than its need is taken only if there is no other.
 */
function nearest(sources: readonly Source[], needs: readonly number[]): Pick<Source, 'cluster' | 'addresses'>[] {
  const needy = sources.map((source, index) => ({ ...source, need: needs[index] ?? 0 })).filter(({ need }) => need > 0);
  const total = sum(needy.map(({ need }) => need));
  const parts = needy.map(({ need, addresses, isHeldBack }) => {
    return { proportion: need / total, limit: addresses.length, isHeldBack };
  });
  let best: { counts: number[]; error: number } = { counts: [], error: Number.POSITIVE_INFINITY };
  for (const counts of [...countsOf(parts), ...countsOf(withoutHeldBack(parts))]) {
    const error = errorOf(counts, parts) + (exceedsNeedOfHeldBack(counts, parts) ? HELD_BACK_PENALTY : 0);
    if (error < best.error - 1e-9) best = { counts, error };
  }
  return needy
    .map(({ cluster, addresses }, index) => ({ cluster, addresses: addresses.slice(0, best.counts[index] ?? 0) }))
    .filter(({ addresses }) => addresses.length > 0);
}

interface Proportion {
  proportion: number;
  limit: number;
  isHeldBack: boolean;
}

/** Returns candidate numbers of addresses near the proportions, one for each total, largest total first. */
function countsOf(parts: readonly Proportion[]): number[][] {
  const most = sum(parts.map(({ limit }) => limit));
  return Array.from({ length: most }, (_, index) => apportion(parts, most - index));
}

/**
 * The penalty for a choice that favours a source which is held back. It is more than any error of proportions, which is
 * below 2.
 */
const HELD_BACK_PENALTY = 2;

/** Tells whether a source that is held back would have more than its need. */
function exceedsNeedOfHeldBack(counts: readonly number[], parts: readonly Proportion[]): boolean {
  const total = sum(counts);
  return parts.some(({ proportion, isHeldBack }, index) => {
    return isHeldBack && (counts[index] ?? 0) / total > proportion + 1e-9;
  });
}

/** Returns the proportions with no addresses for sources that are held back, if other sources exist. */
function withoutHeldBack(parts: readonly Proportion[]): Proportion[] {
  const isServed = parts.some(({ isHeldBack }) => !isHeldBack);
  return isServed ? parts.map((part) => (part.isHeldBack ? { ...part, limit: 0 } : part)) : [...parts];
}

/**
 * Splits `count` into whole numbers near the proportions and within the limits: largest remainder first, and earlier
 * parts first on a tie.
 */
function apportion(parts: readonly Proportion[], count: number): number[] {
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

function errorOf(counts: readonly number[], parts: readonly Proportion[]): number {
  const total = sum(counts);
  return sum(parts.map(({ proportion }, index) => ((counts[index] ?? 0) / total - proportion) ** 2));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
