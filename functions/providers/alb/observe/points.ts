import type { Change } from '../../../core/gateway/provider-object.ts';
import { equal } from '../../../core/model/digest.ts';
import type { Pool, Share } from '../../../core/model/ir.ts';
import { type GroupChange, isGroup, isGroupChange, type Server } from '../compile/canonical.ts';
import type { AlbObserved } from './facts.ts';

/**
 * Returns the share of a matched pool that each cluster has, by the weights of its servers. The shares of servers that
 * belong to no cluster are missing from the total. The result is undefined when a server group of the pool is missing,
 * or when its groups differ.
 */
export function points(pool: Pool, { objects }: AlbObserved): Share[] | undefined {
  const groups = objects.filter(isGroup);
  const each = (pool.objects ?? []).map(({ key }) => {
    const group = groups.find((one) => one.key === key);
    return group && sharesOf(pool, group.spec.Servers);
  });
  const [first] = each;
  return each.every((shares) => equal(shares, first)) ? first : undefined;
}

/**
 * Returns whole percentages. They are exact for weights that we have written, whose sums are multiples of the shares. A
 * cluster that gets anything has at least 1.
 */
function sharesOf({ members }: Pool, servers: readonly Server[]): Share[] {
  const owners = new Map<string, string>();
  for (const { cluster, endpoints } of members) {
    for (const { address, port } of endpoints) {
      const name = `${address}:${port}`;
      if (!owners.has(name)) owners.set(name, cluster);
    }
  }
  const weights = new Map<string, number>();
  let total = 0;
  for (const { ServerId, Port, Weight } of servers) {
    total += Weight;
    const owner = owners.get(`${ServerId}:${Port}`);
    if (owner !== undefined) weights.set(owner, (weights.get(owner) ?? 0) + Weight);
  }
  return members.map(({ cluster }) => ({ cluster, percent: percentOf(weights.get(cluster) ?? 0, total) }));
}

function percentOf(weight: number, total: number): number {
  return weight === 0 ? 0 : Math.max(1, Math.round((weight * 100) / total));
}

/** Tells whether a change only moves traffic. It may restore a lost mark as well, which moves nothing. */
export function movesPoints(change: Change): boolean {
  if (!isGroupChange(change) || change.verb !== 'update') return false;
  const fields = differences(change).filter((field) => field !== 'Tagged');
  return fields.length === 1 && fields[0] === 'Servers';
}

export function restoresMarks(change: Change): boolean {
  if (!isGroupChange(change) || change.verb !== 'update') return false;
  return equal(differences(change), ['Tagged']);
}

function differences({ before, after }: GroupChange): string[] {
  const [now, wanted] = [before?.spec, after?.spec];
  if (now === undefined || wanted === undefined) return [];
  const names = Object.keys({ ...now, ...wanted }) as (keyof typeof now)[];
  return names.filter((name) => !equal(now[name], wanted[name]));
}
