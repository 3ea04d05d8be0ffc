/** Recounts what voters saw and said of clusters, from the world and from the declared windows alone. */

import type { ClusterFacts, Policy } from '../../functions/core/model/fleet-facts.ts';
import type { Condition } from './world.ts';

type Voter = Policy['voters'][number];
type Health = Policy['health'];

interface Seen {
  isOk: boolean;
  /** The true condition of the cluster. */
  condition: Condition;
}

interface Eye {
  /** Observations; the oldest is the first. */
  seen: Seen[];
  state: 'healthy' | 'unhealthy' | 'unknown';
  atMs: number;
}

export interface Report {
  uid: string;
  voter: string;
  atMs: number;
  outcome: 'ok' | 'fail' | 'inconclusive';
  condition: Condition;
}

const REMEMBERED = 20;

export class Witness {
  private readonly eyes = new Map<string, Map<string, Eye>>();

  /** Takes an observation as it arrives; one that is old, or not newer than what is known, tells nothing. */
  hear({ uid, voter, atMs, outcome, condition }: Report, health: Health, nowMs: number): void {
    const eyes = this.eyesOf(uid);
    const before = eyes.get(voter);
    if (outcome === 'inconclusive' || nowMs - atMs > freshMs(health) || atMs <= (before?.atMs ?? 0)) return;
    const isKnown = before !== undefined && atMs - before.atMs <= freshMs(health);
    const seen = [...(isKnown ? before.seen : []), { isOk: outcome === 'ok', condition }].slice(-REMEMBERED);
    eyes.set(voter, { seen, state: stateOf(seen, isKnown ? before.state : 'unknown', health), atMs });
  }

  /** Keeps only the words of voters that still watch the cluster. */
  forget(uid: string, voters: readonly { name: string }[]): void {
    const eyes = this.eyesOf(uid);
    for (const name of eyes.keys()) if (voters.every((voter) => voter.name !== name)) eyes.delete(name);
  }

  /**
   * Returns the voters of the majority that says that the cluster fails, whether or not that is true; none where there
   * is no such majority.
   */
  accusers(cluster: ClusterFacts, view: View): Voter[] {
    return this.majority(cluster, view, ({ state }) => state === 'unhealthy');
  }

  saysHealthy(cluster: ClusterFacts, view: View): boolean {
    return this.majority(cluster, view, ({ state }) => state === 'healthy').length > 0;
  }

  /**
   * Returns the voters of the majority that sees, truthfully, that the cluster is dead; none where there is no such
   * majority.
   */
  dead(cluster: ClusterFacts, view: View): Voter[] {
    const { health } = view.policy;
    return this.majority(cluster, view, ({ state, seen }) => {
      const failed = failuresIn(health, seen).filter(({ condition }) => condition === 'down');
      return state === 'unhealthy' && failed.length >= health.failureThreshold;
    });
  }

  /** Tells whether a majority sees, truthfully, that the cluster is well. */
  isLiving(cluster: ClusterFacts, view: View): boolean {
    const { successThreshold } = view.policy.health;
    const isSeen = ({ state, seen }: Eye) =>
      state === 'healthy' && seen.slice(-successThreshold).every(({ condition }) => condition === 'up');
    return this.majority(cluster, view, isSeen).length > 0;
  }

  private majority({ uid, voters }: ClusterFacts, { policy, nowMs, isSuspect }: View, says: (eye: Eye) => boolean) {
    const eyes = this.eyesOf(uid);
    const agreeing = policy.voters.filter(({ name }) => {
      const eye = voters.includes(name) && !isSuspect(name) ? eyes.get(name) : undefined;
      return eye !== undefined && nowMs - eye.atMs <= freshMs(policy.health) && says(eye);
    });
    const isSufficient = agreeing.some(({ type }) => type !== 'gateway-view');
    return isSufficient && agreeing.length * 2 > voters.length ? agreeing : [];
  }

  private eyesOf(uid: string): Map<string, Eye> {
    const known = this.eyes.get(uid);
    if (known) return known;
    const made = new Map<string, Eye>();
    this.eyes.set(uid, made);
    return made;
  }
}

/** The voters that see clusters, and the time. */
export interface View {
  policy: Pick<Policy, 'health' | 'voters'>;
  nowMs: number;
  /** Tells whether the network of the voter was found to be at fault, so that its word is void. */
  isSuspect: (voter: string) => boolean;
}

/** Returns where the voter stands: a fault there misleads all voters that stand there. */
export function vantageOf(voter: Voter): string {
  if (voter.type === 'agent') return voter.site ?? 'agent';
  return voter.type === 'edge' ? 'edge' : 'gateway';
}

export function freshMs({ intervalSeconds, timeoutSeconds }: Health): number {
  return 3000 * (intervalSeconds + timeoutSeconds);
}

function failuresIn({ failureWindow }: Health, seen: readonly Seen[]): Seen[] {
  return seen.slice(-failureWindow).filter(({ isOk }) => !isOk);
}

function stateOf(seen: readonly Seen[], before: Eye['state'], health: Health): Eye['state'] {
  const { failureThreshold, successThreshold, recoveryWindow } = health;
  if (failuresIn(health, seen).length >= failureThreshold) return 'unhealthy';
  const isWell = seen.length >= successThreshold && seen.slice(-successThreshold).every(({ isOk }) => isOk);
  const strays = seen.slice(-recoveryWindow).filter(({ isOk }) => !isOk).length;
  if (isWell && (before === 'unknown' || strays <= 1)) return 'healthy';
  return before;
}
