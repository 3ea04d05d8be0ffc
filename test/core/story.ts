import { expect } from 'vitest';
import { placementShares } from '../../functions/core/allocation/points.ts';
import { decide } from '../../functions/core/failover/decide.ts';
import { expectedDrillReading } from '../../functions/core/failover/drill-reading.ts';
import type { Command, DecisionInput, DecisionResult } from '../../functions/core/failover/decision-input.ts';
import {
  type ClusterState,
  freshStateOf,
  type LiveShift,
  NO_TRAFFIC,
  type Traffic,
  withState,
} from '../../functions/core/failover/traffic.ts';
import type { HealthRecord } from '../../functions/core/health/types.ts';
import type { ClusterFacts, Placement } from '../../functions/core/model/fleet-facts.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { health, T0 } from './fixtures.ts';

export const HOUR = 3_600_000;

export function policy(input: Record<string, unknown> = {}) {
  return FleetInput.parse({ automation: 'automatic', ...input });
}

export function facts(name: string, options: Partial<ClusterFacts> = {}): ClusterFacts {
  const uid = `cluster_${name}`;
  return { name, uid, site: name, joins: 'when-healthy', createdAtMs: 0, voters: ['edge'], ...options };
}

/** Weights by cluster, all in one tier. */
export function placement(weights: Record<string, number>, options: Partial<Placement> = {}): Placement {
  const members = Object.entries(weights).map(([cluster, weight]) => ({ cluster, weight, tier: 0 }));
  return { key: 'p', members, pinned: false, load: 0, services: ['shop'], pools: ['shop/80'], ...options };
}

/** A placement with one active cluster and one that stands by. */
export function standby(active: string, second: string, options: Partial<Placement> = {}): Placement {
  const members = [active, second].map((cluster, tier) => ({ cluster, weight: 1, tier }));
  return placement({}, { members, ...options });
}

/** Three clusters that share alike, all healthy; the gateways follow. */
export function input(overrides: Partial<DecisionInput> = {}): DecisionInput {
  const names = ['a', 'b', 'c'];
  return {
    fleet: 'prod',
    nowMs: T0,
    decision: 'dec_1',
    actor: 'automation',
    policy: policy(),
    clusters: names.map((name) => facts(name)),
    health: names.map((name) => health(name, 'healthy', { sinceMs: T0 - HOUR })),
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
      sinceMs: since[name] ?? T0 - HOUR,
      ...(voters && { voters }),
    }),
  );
}

export function shift(overrides: Partial<LiveShift> = {}): LiveShift {
  return {
    name: 'upgrade',
    id: 'shf_1',
    cluster: 'a',
    mode: 'drain',
    percent: 0,
    stepPercent: 100,
    stepSeconds: 0,
    owner: 'alice',
    reason: 'kernel upgrade',
    createdAtMs: T0,
    expiresAtMs: T0 + 24 * HOUR,
    phase: 'moving',
    currentPercent: 100,
    phaseSinceMs: T0,
    steppedAtMs: T0,
    decision: '',
    ...overrides,
  };
}

/** The cluster went down an hour ago, and has no cooldown left. */
export function out(cluster: string, overrides: Partial<ClusterState> = {}): ClusterState {
  return {
    ...freshStateOf(cluster, `cluster_${cluster}`),
    standing: 'down',
    sinceMs: T0 - HOUR,
    reason: 'it failed',
    decision: 'dec_0',
    failuresMs: [T0 - HOUR],
    ...overrides,
  };
}

/** Traffic as it was decided long ago, when these states were all that was known of the clusters. */
export function holding(states: ClusterState[], overrides: Partial<DecisionInput> = {}): Traffic {
  const traffic = states.reduce(withState, NO_TRAFFIC);
  const result = decide(input({ health: [], verifiedAtMs: undefined, ...overrides, traffic }));
  const { clusters, ...decided } = result?.traffic ?? traffic;
  return { ...decided, clusters: clusters.map(({ leftAtMs: _, ...state }) => state), version: 7 };
}

/** What each placement gives to its clusters. */
export function percentsIn(traffic: Traffic, placements = input().placements): number[][] {
  return placements.map((item) => placementShares(item, traffic).map(({ percent }) => percent));
}

/** Clusters that fail, or what is found of each cluster that is not healthy. */
export type Found = string[] | Record<string, HealthRecord['state']>;

/** A fleet over time: what is decided is in force, and verified at once unless told otherwise. */
export class Story {
  now: DecisionInput;
  results: DecisionResult[] = [];
  private isToldOfDrill = false;

  constructor(start: Partial<DecisionInput> = {}) {
    this.now = input(start);
  }

  get traffic(): Traffic {
    return this.now.traffic;
  }

  /** The points of each placement. */
  get percents(): number[][] {
    return percentsIn(this.traffic, this.now.placements);
  }

  /** What is remembered of a cluster. */
  state(name: string): ClusterState {
    return this.traffic.clusters.find(({ cluster }) => cluster === name) ?? freshStateOf(name, `cluster_${name}`);
  }

  standing(name: string): string {
    return this.state(name).standing;
  }

  /** What each cluster that is held back has left of its share. */
  get left(): Record<string, number> {
    return Object.fromEntries(this.traffic.allocation.limits.map(({ cluster, percent }) => [cluster, percent]));
  }

  /** Time passes; who is named is found so, and all others are healthy. */
  after(seconds: number, found: Found = [], overrides: Partial<DecisionInput> = {}): DecisionResult | undefined {
    const nowMs = this.now.nowMs + seconds * 1000;
    const states = new Map<string, HealthRecord['state']>(
      Array.isArray(found) ? found.map((name) => [name, 'unhealthy']) : Object.entries(found),
    );
    const records = (overrides.clusters ?? this.now.clusters).map(({ name, voters }) => {
      const state = states.get(name) ?? 'healthy';
      const before = this.now.health.find(({ cluster }) => cluster === name);
      const sinceMs = before?.state === state ? before.sinceMs : nowMs;
      return health(name, state, { sinceMs, observedAtMs: nowMs, voters });
    });
    this.isToldOfDrill = 'drilled' in overrides;
    this.now = { ...this.now, health: records, verifiedAtMs: nowMs, ...overrides, nowMs, decision: `dec_${nowMs}` };
    return this.decide();
  }

  /** The same again and again for so long; what the first placement was given each time. */
  during(seconds: number, everySeconds: number, found: Found = [], overrides: Partial<DecisionInput> = {}): number[][] {
    return Array.from({ length: Math.ceil(seconds / everySeconds) }, () => {
      this.after(everySeconds, found, overrides);
      return this.percents[0] ?? [];
    });
  }

  /** Somebody asks for something. */
  ask(command: Command, actor = 'alice'): DecisionResult | undefined {
    this.now = { ...this.now, command, actor };
    const result = this.decide();
    const { command: _, ...rest } = this.now;
    this.now = { ...rest, actor: 'automation' };
    return result;
  }

  /** Gateways do as they are told where nothing else is said of them, and are read when they are verified. */
  private decide(): DecisionResult | undefined {
    const { traffic, placements, nowMs, verifiedAtMs: readAtMs = 0 } = this.now;
    if (traffic.drill && !this.isToldOfDrill) {
      this.now = { ...this.now, drilled: expectedDrillReading(traffic.drill, placements, traffic, { readAtMs, nowMs }) };
    }
    const result = decide(this.now);
    if (result === undefined) return undefined;
    this.results.push(result);
    if (result.outcome === 'refused') return result;
    expect(decide(restingAfter(this.now, result))?.traffic).toBeUndefined();
    this.now = { ...this.now, traffic: result.traffic };
    return result;
  }
}

/** The moment after a decision: no gateway follows points that it has moved, and nothing else is new. */
function restingAfter({ command: _, ...now }: DecisionInput, { traffic }: DecisionResult): DecisionInput {
  const [before, after] = [now.traffic, traffic].map((item) => JSON.stringify(percentsIn(item, now.placements)));
  return { ...now, traffic, verifiedAtMs: before === after ? now.verifiedAtMs : undefined };
}

export interface Member {
  weight: number;
  tier?: number;
  capacity?: number;
  site?: string;
}

/** A fleet with one backend whose members are as given; all of them are healthy. */
export function fleet(members: Record<string, Member>, load = 0, input: Record<string, unknown> = {}): Story {
  const entries = Object.entries(members);
  const listed = entries.map(([cluster, { weight, tier = 0 }]) => ({ cluster, weight, tier }));
  const story = new Story({
    policy: policy(input),
    clusters: entries.map(([name, { capacity, site = name }]) => facts(name, { capacity, site })),
    placements: [placement({}, { load, members: listed })],
    health: [],
  });
  story.after(0);
  return story;
}
