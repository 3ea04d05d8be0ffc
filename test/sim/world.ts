/** Simulates the world that probes look at: the true condition of clusters, and the fate of what voters see. */

import type { ClusterFacts, Policy } from '../../functions/core/model/fleet-facts.ts';
import type { Observation } from '../../schemas/cluster.ts';
import type { FleetEvent } from './events.ts';
import { noise } from './prng.ts';
import { msAt } from './scenario.ts';

type Voter = Policy['voters'][number];

/** `shaky` means that some requests fail, so that nobody can say whether the cluster is up or down. */
export type Condition = 'up' | 'down' | 'shaky';

/**
 * Load above this part of its capacity brings a cluster down after a time; it comes back some time after the load is
 * gone.
 */
const COLLAPSE_PART = 1.3;
const COLLAPSE_SECONDS = 10;
const RESTART_SECONDS = 60;

/** Keeps the effect of load on clusters, by uid. */
export class Strain {
  private readonly hot = new Set<string>();
  private readonly meltingSince = new Map<string, number>();
  private readonly collapsed = new Map<string, number>();

  isCollapsed(uid: string): boolean {
    return this.collapsed.has(uid);
  }

  /** Tells whether the cluster has more to serve than it can, and so answers late. */
  isHot(uid: string): boolean {
    return this.hot.has(uid);
  }

  note({ uid, capacity }: Pick<ClusterFacts, 'uid' | 'capacity'>, load: number, tick: number): void {
    if (capacity === undefined) return;
    if (load > capacity) this.hot.add(uid);
    else this.hot.delete(uid);
    if (load > capacity && this.collapsed.has(uid)) this.collapsed.set(uid, tick);
    if (tick - (this.collapsed.get(uid) ?? tick) > RESTART_SECONDS) this.collapsed.delete(uid);
    if (load <= capacity * COLLAPSE_PART) this.meltingSince.delete(uid);
    else if (!this.meltingSince.has(uid)) this.meltingSince.set(uid, tick);
    else if (tick - (this.meltingSince.get(uid) ?? tick) >= COLLAPSE_SECONDS) this.collapsed.set(uid, tick);
  }
}

export function conditionOf(
  { name, site, uid }: ClusterFacts,
  active: readonly FleetEvent[],
  tick: number,
  strain: Strain,
): Condition {
  if (strain.isCollapsed(uid) || active.some((event) => isTaken(event, { name, site }, tick))) return 'down';
  return active.some((event) => event.type === 'shaky' && event.clusters.includes(name)) ? 'shaky' : 'up';
}

/** Tells whether the cluster is down because of the event. */
function isTaken(event: FleetEvent, { name, site }: Pick<ClusterFacts, 'name' | 'site'>, tick: number): boolean {
  if (event.type === 'site') return event.site === site;
  if (event.type === 'down') return event.clusters.includes(name);
  if (event.type !== 'wave') return false;
  return event.clusters.includes(name) && Math.floor((tick - event.tick) / Math.max(1, event.period)) % 2 === 0;
}

/** An observation on its way. */
export interface Delivery {
  tick: number;
  cluster: string;
  uid: string;
  observation: Observation;
  /** The true condition of the cluster when it was looked at. */
  condition: Condition;
}

export interface Probe {
  seed: number;
  cluster: ClusterFacts;
  condition: Condition;
  isSlow: boolean;
  voter: Voter;
  /** Percent of its requests that are lost. */
  loss: number;
  /** Position of the voter and the cluster, for draws. */
  salt: number;
  tick: number;
  timeoutSeconds: number;
  active: readonly FleetEvent[];
}

/** Returns what arrives of one probe, now or later: nothing, one observation, or two. */
export function deliveriesOf(probe: Probe): Delivery[] {
  const { cluster, voter, tick, active, seed, salt, condition, isSlow } = probe;
  const outcome = outcomeOf(probe);
  if (outcome === undefined) return [];
  let offsetSeconds = 0;
  let delaySeconds = outcome === 'fail' ? probe.timeoutSeconds : 0;
  let copies = 1;
  for (const event of active) {
    if (event.type !== 'late' && event.type !== 'replay' && event.type !== 'skew') continue;
    if (!event.voters.includes(voter.name)) continue;
    if (event.type === 'skew') offsetSeconds += event.period;
    else copies = 2;
    if (event.type === 'late') delaySeconds += Math.floor(noise(seed, tick, salt, 5) * (Math.abs(event.period) + 1));
  }
  const observation: Observation = {
    voter: voter.name,
    observedAt: new Date(msAt(tick + offsetSeconds)).toISOString(),
    outcome,
    ...(outcome === 'fail' && { cause: causeOf(cluster.name, active) }),
    latencyMs: isSlow ? 2000 : 10,
    ...(isSlow && outcome === 'ok' && { isSlow }),
    detail: outcome,
  };
  const delivery = { cluster: cluster.name, uid: cluster.uid, observation, condition };
  return Array.from({ length: copies }, (_, copy) => ({
    ...delivery,
    tick: tick + delaySeconds + copy * Math.floor(noise(seed, tick, salt, 6) * 40),
  }));
}

/** Tells whether a request is lost or cannot reach the cluster, which is a failure to whoever made it. */
function outcomeOf({ cluster, voter, active, ...probe }: Probe): Observation['outcome'] | undefined {
  const { seed, tick, salt, condition, loss } = probe;
  const found = new Set(active.filter((event) => isBetween(event, voter, cluster.name)).map(({ type }) => type));
  if (found.has('site') || found.has('blind')) return undefined;
  if (found.has('confused')) return 'inconclusive';
  const isLost = found.has('partition') || noise(seed, tick, salt, 8) * 100 < loss;
  if (isLost || condition === 'down') return 'fail';
  return condition === 'shaky' && noise(seed, tick, salt, 7) < 0.3 ? 'fail' : 'ok';
}

/** Tells whether the event stands between the voter and the cluster. */
function isBetween(event: FleetEvent, voter: Voter, cluster: string): boolean {
  if (event.type === 'site') return voter.type === 'agent' && event.site === voter.site;
  if (event.type !== 'blind' && event.type !== 'confused' && event.type !== 'partition') return false;
  return event.voters.includes(voter.name) && event.clusters.includes(cluster);
}

function causeOf(cluster: string, active: readonly FleetEvent[]): 'Ingress' | 'Cluster' {
  for (const event of active) {
    if (event.type === 'down' && event.clusters.includes(cluster)) return event.cause;
  }
  return 'Cluster';
}
