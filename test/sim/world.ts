import type { ClusterFacts } from '../../functions/core/situation.ts';
import type { Observation } from '../../schemas/cluster.ts';
import type { Voter } from '../../schemas/failover.ts';
import type { FleetEvent } from './events.ts';
import { noise } from './prng.ts';
import { msAt } from './scenario.ts';

/** The world that probes look at: what clusters really are, and what becomes of what voters see of them. */

/** shaky: some requests fail; nobody can say that it is up, or down. */
export type Truth = 'up' | 'down' | 'shaky';

export function truthOf(cluster: string, active: readonly FleetEvent[], tick: number): Truth {
  let truth: Truth = 'up';
  for (const event of active) {
    if (event.type === 'wave') {
      const isDown = Math.floor((tick - event.tick) / Math.max(1, event.period)) % 2 === 0;
      if (isDown && event.clusters.includes(cluster)) return 'down';
    } else if (event.type === 'down' && event.clusters.includes(cluster)) return 'down';
    else if (isShaky(event) && event.clusters.includes(cluster)) truth = 'shaky';
  }
  return truth;
}

function isShaky(event: FleetEvent): event is Extract<FleetEvent, { clusters: string[]; cause: unknown }> {
  return event.type === 'slow' || event.type === 'cold' || event.type === 'flicker';
}

/** An observation on its way. */
export interface Delivery {
  tick: number;
  cluster: string;
  uid: string;
  observation: Observation;
  /** The outcome is what the cluster really was. */
  isTrue: boolean;
}

interface Probe {
  seed: number;
  cluster: ClusterFacts;
  voter: Voter;
  /** Position of the voter and the cluster, for draws. */
  salt: number;
  tick: number;
  timeoutSeconds: number;
  active: readonly FleetEvent[];
}

/** What arrives of one probe, now or later; nothing, once, or twice. */
export function deliveriesOf(probe: Probe): Delivery[] {
  const { cluster, voter, tick, active, seed, salt } = probe;
  const truth = truthOf(cluster.name, active, tick);
  const outcome = outcomeOf(probe, truth);
  if (outcome === undefined) return [];
  let offsetSeconds = 0;
  let delaySeconds = outcome === 'fail' ? probe.timeoutSeconds : 0;
  let copies = 1;
  for (const event of active) {
    if (event.type === 'skew' && event.voters.includes(voter.name)) offsetSeconds += event.period;
    if (event.type !== 'late' && event.type !== 'replay') continue;
    if (!event.voters.includes(voter.name)) continue;
    if (event.type === 'late') delaySeconds += Math.floor(noise(seed, tick, salt, 5) * (Math.abs(event.period) + 1));
    copies = 2;
  }
  const observation: Observation = {
    voter: voter.name,
    observedAt: new Date(msAt(tick + offsetSeconds)).toISOString(),
    outcome,
    ...(outcome === 'fail' && { cause: causeOf(cluster.name, active) }),
    latencyMs: 10,
    detail: outcome,
  };
  const delivery = { cluster: cluster.name, uid: cluster.uid, observation, isTrue: isTrue(outcome, truth) };
  return Array.from({ length: copies }, (_, copy) => ({
    ...delivery,
    tick: tick + delaySeconds + copy * Math.floor(noise(seed, tick, salt, 6) * 40),
  }));
}

function outcomeOf(
  { cluster, voter, active, seed, tick, salt }: Probe,
  truth: Truth,
): Observation['outcome'] | undefined {
  let isCut = false;
  for (const event of active) {
    if (event.type !== 'blind' && event.type !== 'confused' && event.type !== 'partition') continue;
    if (!event.voters.includes(voter.name) || !event.clusters.includes(cluster.name)) continue;
    if (event.type === 'blind') return undefined;
    if (event.type === 'confused') return 'inconclusive';
    isCut = true;
  }
  if (isCut || truth === 'down') return 'fail';
  if (truth === 'up') return 'ok';
  return noise(seed, tick, salt, 7) < shakiness(cluster.name, active, tick) ? 'fail' : 'ok';
}

/** Part of the requests that fail. A cluster that starts cold fails less and less. */
function shakiness(cluster: string, active: readonly FleetEvent[], tick: number): number {
  let worst = 0;
  for (const event of active) {
    if (!isShaky(event) || !event.clusters.includes(cluster)) continue;
    const part =
      event.type === 'cold' ? 0.8 * (1 - (tick - event.tick) / event.seconds) : event.type === 'slow' ? 0.4 : 0.15;
    worst = Math.max(worst, part);
  }
  return worst;
}

function isTrue(outcome: Observation['outcome'], truth: Truth): boolean {
  return (outcome === 'ok' && truth === 'up') || (outcome === 'fail' && truth === 'down');
}

function causeOf(cluster: string, active: readonly FleetEvent[]): 'Ingress' | 'Cluster' {
  for (const event of active) {
    if (event.type === 'down' && event.clusters.includes(cluster)) return event.cause;
  }
  return 'Cluster';
}

/** The voter tells of the cluster what it sees of it, when it sees it. A partition from a cluster that is down changes nothing. */
export function isUndisturbed(voter: string, cluster: string, active: readonly FleetEvent[]): boolean {
  return active.every((event) => {
    if (event.type === 'blind' || event.type === 'confused') {
      return !event.voters.includes(voter) || !event.clusters.includes(cluster);
    }
    return (
      !(event.type === 'late' || event.type === 'replay' || event.type === 'skew') || !event.voters.includes(voter)
    );
  });
}
