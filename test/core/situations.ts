import { decide } from '../../functions/core/decide.ts';
import { placementShares } from '../../functions/core/distribution.ts';
import type { HealthRecord } from '../../functions/core/health.ts';
import type { ClusterFacts, Command, Placement, Situation, Verdict } from '../../functions/core/situation.ts';
import { type LiveShift, NO_AUTOMATION, NO_TRAFFIC, type Outage, type Traffic } from '../../functions/core/traffic.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { health, T0 } from './fixtures.ts';

export function policy(input: Record<string, unknown> = {}) {
  return FleetInput.parse({ automation: 'automatic', ...input });
}

export function facts(name: string, options: Partial<ClusterFacts> = {}): ClusterFacts {
  const uid = `cluster_${name}`;
  return { name, uid, faultDomain: name, joins: 'when-healthy', createdAtMs: 0, voters: ['edge'], ...options };
}

/** Weights by cluster, all in one tier. */
export function placement(weights: Record<string, number>, options: Partial<Placement> = {}): Placement {
  const members = Object.entries(weights).map(([cluster, weight]) => ({ cluster, weight, tier: 0 }));
  return { key: 'p', members, pinned: false, load: 0, services: ['shop'], ...options };
}

/** Three clusters that share alike, all healthy; the gateways follow. */
export function situation(overrides: Partial<Situation> = {}): Situation {
  const names = ['a', 'b', 'c'];
  return {
    fleet: 'prod',
    nowMs: T0,
    decision: 'dec_1',
    actor: 'automation',
    policy: policy(),
    clusters: names.map((name) => facts(name)),
    health: names.map((name) => health(name, 'healthy', { sinceMs: T0 - 3_600_000 })),
    placements: [placement({ a: 50, b: 25, c: 25 })],
    traffic: NO_TRAFFIC,
    verifiedAtMs: T0,
    ...overrides,
  };
}

/** The three clusters; those that are named have been found failing since then. */
export function failing(since: Record<string, number>, voters?: string[]): HealthRecord[] {
  return ['a', 'b', 'c'].map((name) =>
    health(name, since[name] === undefined ? 'healthy' : 'unhealthy', {
      sinceMs: since[name] ?? T0 - 3_600_000,
      ...(voters && { voters }),
    }),
  );
}

export function shift(overrides: Partial<LiveShift> = {}): LiveShift {
  return {
    name: 'upgrade',
    id: 'shf_1',
    cluster: 'a',
    percent: 0,
    stepPercent: 100,
    stepSeconds: 0,
    owner: 'alice',
    reason: 'kernel upgrade',
    createdAtMs: T0,
    expiresAtMs: T0 + 86_400_000,
    phase: 'moving',
    currentPercent: 100,
    phaseSinceMs: T0,
    steppedAtMs: T0,
    decision: '',
    ...overrides,
  };
}

export const HOUR = 3_600_000;

/** The cluster was withdrawn an hour ago, and is not held any longer. */
export function out(cluster: string, overrides: Partial<Outage> = {}): Outage {
  return {
    cluster,
    uid: `cluster_${cluster}`,
    phase: 'out',
    percent: 0,
    sinceMs: T0 - HOUR,
    reason: 'it failed',
    decision: 'dec_0',
    heldUntilMs: T0 - HOUR,
    ...overrides,
  };
}

/** Traffic in which automation holds these clusters back. */
export function holding(...outages: Outage[]): Traffic {
  const withdrawals = outages.map(({ cluster, percent, sinceMs, reason, decision }) => {
    return { cluster, percent, cause: 'failure' as const, sinceMs, reason, decision };
  });
  return { ...NO_TRAFFIC, version: 7, withdrawals, automation: { ...NO_AUTOMATION, outages } };
}

/** What each placement gives to its clusters. */
export function percentsIn(traffic: Traffic, placements = situation().placements): number[][] {
  return placements.map((item) => placementShares(item, traffic).map(({ percent }) => percent));
}

/** A fleet over time: what is decided is in force, and verified at once unless told otherwise. */
export class Story {
  now: Situation;
  verdicts: Verdict[] = [];

  constructor(start: Partial<Situation> = {}) {
    this.now = situation(start);
  }

  get traffic(): Traffic {
    return this.now.traffic;
  }

  /** What each withdrawn cluster has left. */
  get left(): Record<string, number> {
    return Object.fromEntries(this.traffic.withdrawals.map(({ cluster, percent }) => [cluster, percent]));
  }

  /** Time passes; who is named in `failing` fails, and all others are healthy. */
  after(seconds: number, failingNames: string[] = [], overrides: Partial<Situation> = {}): Verdict | undefined {
    const nowMs = this.now.nowMs + seconds * 1000;
    const records = this.now.clusters.map(({ name, voters }) => {
      const state = failingNames.includes(name) ? 'unhealthy' : 'healthy';
      const before = this.now.health.find(({ cluster }) => cluster === name);
      const sinceMs = before?.state === state ? before.sinceMs : nowMs;
      return health(name, state, { sinceMs, observedAtMs: nowMs, voters });
    });
    const { command: _, ...rest } = this.now;
    this.now = { ...rest, health: records, verifiedAtMs: nowMs, ...overrides, nowMs, decision: `dec_${nowMs}` };
    return this.decide();
  }

  /** Somebody asks for something. */
  ask(command: Command, actor = 'alice'): Verdict | undefined {
    this.now = { ...this.now, command, actor };
    const verdict = this.decide();
    const { command: _, ...rest } = this.now;
    this.now = { ...rest, actor: 'automation' };
    return verdict;
  }

  private decide(): Verdict | undefined {
    const verdict = decide(this.now);
    if (verdict === undefined) return undefined;
    this.verdicts.push(verdict);
    if (verdict.outcome !== 'refused') this.now = { ...this.now, traffic: verdict.traffic };
    return verdict;
  }
}
