import type { Pool } from '../../../functions/core/ir.ts';
import type { ClusterFacts } from '../../../functions/core/situation.ts';
import type { Withdrawal } from '../../../functions/core/traffic.ts';
import type { Fleet } from '../fleet.ts';
import { SECOND_MS } from '../scenario.ts';
import { baseOf } from './weights.ts';

/**
 * Whether anything that people declared or asked for may keep a cluster that is down in service. Generous: where it is a matter of opinion
 * it says yes, and I4 has nothing to say.
 */
export function forbids(fleet: Fleet, facts: ClusterFacts): boolean {
  const { traffic } = fleet.stored;
  const { safety } = fleet.declared.policy;
  if (traffic.automation.halt) return true;
  if (traffic.shifts.some(({ cluster, phase }) => cluster === facts.name && phase !== 'returning')) return true;
  if (safety.gates.some(({ open }) => !open)) return true;
  return poolsOf(fleet, facts.name).some((pool) => forbidsIn(fleet, pool, facts.name));
}

/** Pools whose rules speak against taking out the cluster. */
function forbidsIn(fleet: Fleet, pool: Pool, name: string): boolean {
  const { safety } = fleet.declared.policy;
  const { able, left } = without(fleet, pool, name);
  if (able.length > 0 && left.length < safety.minServingClusters) return true;
  if (safety.minBasePercent > 0 && baseOf(pool, left) < safety.minBasePercent) return true;
  if (safety.exclusive.some((set) => set.includes(name))) return true;
  return forbidsRemoval(fleet, pool, name);
}

/** Pools that have to leave the cluster once it is out: somebody else can serve them, and there is no panic. */
export function poolsToLeave(fleet: Fleet, facts: ClusterFacts): Pool[] {
  const { thresholdPercent } = fleet.declared.policy.failover.panic;
  const { panics } = fleet.stored.traffic.automation;
  return poolsOf(fleet, facts.name).filter((pool) => {
    const { able } = without(fleet, pool, facts.name);
    const isPanic = panics.length > 0 || isNearPanic(fleet, pool, able, thresholdPercent);
    return able.length > 0 && !isPanic;
  });
}

function poolsOf({ declared }: Fleet, name: string): Pool[] {
  return declared.pools.filter(
    ({ pinned, members }) => !pinned && members.some(({ cluster, weight }) => cluster === name && weight > 0),
  );
}

/** Who could serve, and who would, if the cluster were out besides those that are. */
function without(fleet: Fleet, pool: Pool, name: string): { able: Pool['members']; left: string[] } {
  const out: Withdrawal = { cluster: name, percent: 0, cause: 'failure', sinceMs: 0, reason: '', decision: '' };
  const others = fleet.stored.traffic.withdrawals.filter(({ cluster }) => cluster !== name);
  const withdrawals = [...others, out];
  const isOut = (cluster: string) => withdrawals.some((item) => item.cluster === cluster && item.percent === 0);
  const able = pool.members.filter(({ cluster, weight }) => weight > 0 && !isOut(cluster));
  const shares = fleet.production.sharesOf(pool, { withdrawals, allocations: [] });
  return { able, left: shares.filter(({ percent }) => percent > 0).map(({ cluster }) => cluster) };
}

/** I17: the first removal within the window is always allowed, where the cap is not below the share of the cluster. */
function forbidsRemoval(fleet: Fleet, pool: Pool, name: string): boolean {
  const { maxRemoved } = fleet.declared.policy.safety;
  if (!maxRemoved) return false;
  const { episodes } = fleet.stored.traffic.automation;
  const nowMs = fleet.nowMs;
  const isRecent = episodes.some(({ atMs }) => nowMs - atMs <= maxRemoved.windowSeconds * SECOND_MS);
  const tier = pool.members.find(({ cluster }) => cluster === name)?.tier;
  const members = pool.members.filter((member) => member.tier === tier);
  return isRecent || baseOf({ members }, [name]) + 1 > maxRemoved.percent;
}

function isNearPanic(fleet: Fleet, pool: Pool, able: Pool['members'], thresholdPercent: number): boolean {
  const all = pool.members.filter(({ weight }) => weight > 0);
  const capacityOf = ({ cluster }: { cluster: string }) =>
    fleet.declared.clusters.find((facts) => facts.name === cluster)?.capacity ?? 0;
  const sum = (members: Pool['members']) => members.reduce((total, member) => total + capacityOf(member), 0);
  const byNumber = (100 * able.length) / all.length;
  const byCapacity = all.every((member) => capacityOf(member) > 0) ? (100 * sum(able)) / sum(all) : byNumber;
  return Math.min(byNumber, byCapacity) < thresholdPercent;
}
