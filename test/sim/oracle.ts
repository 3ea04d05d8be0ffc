import type { Voter } from '../../schemas/failover.ts';
import type { HealthPolicy } from '../../schemas/fleet.ts';

/** What the control plane was really told of a cluster by a voter, told again from scratch, and whether it was true. */
export interface Testimony {
  fails: number;
  oks: number;
  /** Of the last U that say something: all of them ok, and the cluster really was up. */
  truthfulOks: number;
  state: 'up' | 'down' | 'unsure';
  atMs: number;
}

export interface Report {
  uid: string;
  voter: string;
  atMs: number;
  outcome: 'ok' | 'fail' | 'inconclusive';
  isTrue: boolean;
}

/** The simulator's own account of the evidence, which it judges decisions by. */
export class Oracle {
  private readonly testimonies = new Map<string, Testimony>();

  /** As it arrives; what is old, or not newer than what is known, tells nothing. */
  hear({ uid, voter, atMs, outcome, isTrue }: Report, policy: HealthPolicy, nowMs: number): void {
    const key = `${uid} ${voter}`;
    const before = this.testimonies.get(key);
    if (outcome === 'inconclusive' || nowMs - atMs > freshMs(policy) || atMs <= (before?.atMs ?? 0)) return;
    const isKnown = before !== undefined && atMs - before.atMs <= 900_000;
    const { fails, oks, truthfulOks, state } = isKnown ? before : SILENCE;
    const isOk = outcome === 'ok';
    const next = {
      fails: isOk ? 0 : fails + 1,
      oks: isOk ? oks + 1 : 0,
      truthfulOks: isOk && isTrue ? truthfulOks + 1 : 0,
    };
    const isDown = next.fails >= policy.failureThreshold;
    const isUp = next.oks >= policy.successThreshold;
    this.testimonies.set(key, { ...next, state: isDown ? 'down' : isUp ? 'up' : state, atMs });
  }

  /** Only those voters watch it any more: what others have said is forgotten. */
  forget(uid: string, voters: readonly Voter[]): void {
    for (const key of this.testimonies.keys()) {
      const [of, by] = key.split(' ');
      if (of === uid && voters.every(({ name }) => name !== by)) this.testimonies.delete(key);
    }
  }

  of(uid: string, voter: string): Testimony | undefined {
    return this.testimonies.get(`${uid} ${voter}`);
  }

  /** How many of the voters say so with fresh evidence, and whether one of them is more than the view of a gateway. */
  count(
    uid: string,
    voters: readonly Voter[],
    policy: HealthPolicy,
    nowMs: number,
    says: (item: Testimony) => boolean,
  ): Count {
    const agreeing = voters.filter(({ name }) => {
      const item = this.of(uid, name);
      return item !== undefined && nowMs - item.atMs <= freshMs(policy) && says(item);
    });
    const isSufficient = agreeing.some(({ type }) => type !== 'gateway-view');
    return { votes: agreeing.length, isMajority: agreeing.length * 2 > voters.length, isSufficient };
  }
}

export interface Count {
  votes: number;
  isMajority: boolean;
  isSufficient: boolean;
}

const SILENCE: Testimony = { fails: 0, oks: 0, truthfulOks: 0, state: 'unsure', atMs: 0 };

export function freshMs({ intervalSeconds, timeoutSeconds }: HealthPolicy): number {
  return 3000 * (intervalSeconds + timeoutSeconds);
}
