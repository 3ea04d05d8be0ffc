import { type HealthRecord, unknownHealth } from '../../functions/core/health.ts';
import type { Command, Situation, Verdict } from '../../functions/core/situation.ts';
import { NO_TRAFFIC, type Traffic } from '../../functions/core/traffic.ts';
import { type Declared, declaredAt } from './declared.ts';
import { type FleetEvent, isActive } from './events.ts';
import { type Gateway, gateway, isSame, type Order, type Programmed } from './gateway.ts';
import type { DecisionEntry } from './history.ts';
import { Oracle } from './oracle.ts';
import type { Production } from './production.ts';
import { type FleetScenario, msAt } from './scenario.ts';
import type { Delivery } from './world.ts';

/** What the store keeps of a fleet. Plain data: it may be written as JSON and read back at any time. */
export interface Stored {
  traffic: Traffic;
  health: Record<string, HealthRecord>;
  gateways: Gateway[];
  /** Of what gateways shall do; grows with every decision that is in force and with every edit. */
  version: number;
  decisions: number;
}

/** A fleet of the simulated world, and the shell that production has around `decide`. */
export class Fleet {
  readonly scenario: FleetScenario;
  readonly events: readonly FleetEvent[];
  readonly production: Production;
  readonly oracle = new Oracle();
  /** By the tick in which they arrive. */
  readonly arrivals = new Map<number, Delivery[]>();
  stored: Stored;
  declared: Declared;
  active: readonly FleetEvent[] = [];
  nowMs = msAt(0);
  /** Until when the votes of a voter are void, in the simulator's own account. */
  readonly suspects = new Map<string, number>();
  private programmedCache: { traffic: Traffic; declared: Declared; programmed: Programmed } | undefined;
  private readonly boundaries: Set<number>;

  constructor(scenario: FleetScenario, events: readonly FleetEvent[], production: Production) {
    this.scenario = scenario;
    this.events = events;
    this.production = production;
    this.boundaries = new Set([0, ...events.flatMap(({ tick, seconds }) => [tick, tick + seconds])]);
    this.declared = declaredAt(scenario, [], [], 0);
    const gateways = Array.from({ length: scenario.gateways }, (_, index) => gateway(`g${index}`));
    this.stored = { traffic: NO_TRAFFIC, health: {}, gateways, version: 0, decisions: 0 };
  }

  get name(): string {
    return this.scenario.name;
  }

  /** Edits take effect; true when anything has begun or ended. */
  enter(tick: number): boolean {
    this.nowMs = msAt(tick);
    if (!this.boundaries.has(tick)) return false;
    this.active = this.events.filter((event) => isActive(event, tick));
    const before = JSON.stringify(this.declared.pools);
    this.declared = declaredAt(this.scenario, this.events, this.active, tick);
    if (JSON.stringify(this.declared.pools) !== before) this.stored.version++;
    return true;
  }

  isSuspect(voter: string, nowMs: number): boolean {
    return nowMs < (this.suspects.get(voter) ?? 0);
  }

  has(type: FleetEvent['type']): boolean {
    return this.active.some((event) => event.type === type);
  }

  order(): Order {
    return { version: this.stored.version, programmed: this.programmed(this.stored.traffic) };
  }

  programmed(traffic: Traffic): Programmed {
    const cached = this.programmedCache;
    if (cached?.traffic === traffic && cached.declared === this.declared) return cached.programmed;
    const programmed = Object.fromEntries(
      this.declared.pools.map((pool) => [pool.key, this.production.sharesOf(pool, traffic)]),
    );
    this.programmedCache = { traffic, declared: this.declared, programmed };
    return programmed;
  }

  verifiedAtMs(): number | undefined {
    const { gateways, version } = this.stored;
    if (gateways.some(({ verified }) => verified !== version)) return undefined;
    return msAt(Math.max(...gateways.map(({ verifiedAtTick }) => verifiedAtTick)));
  }

  healthOf({ name, uid }: { name: string; uid: string }, nowMs: number): HealthRecord {
    return this.stored.health[uid] ?? unknownHealth(this.name, name, uid, nowMs);
  }

  situation(tick: number, command?: Command, actor = 'automation'): Situation {
    const { policy, clusters, placements } = this.declared;
    const known = clusters.flatMap(({ uid }) => this.stored.health[uid] ?? []);
    return {
      fleet: this.name,
      nowMs: msAt(tick),
      decision: `dec_${this.name}_${this.stored.decisions + 1}`,
      actor,
      ...(command && { command }),
      policy,
      clusters,
      health: known.map(({ recent: _, ...record }) => record),
      placements,
      traffic: this.stored.traffic,
      verifiedAtMs: this.verifiedAtMs(),
    };
  }

  /** The write is conditional on the version that was decided upon. */
  record(tick: number, situation: Situation, verdict: Verdict): DecisionEntry | undefined {
    const { stored } = this;
    if (verdict.outcome === 'refused' || verdict.traffic.version !== stored.traffic.version + 1) return undefined;
    const before = this.programmed(stored.traffic);
    stored.traffic = verdict.traffic;
    stored.decisions++;
    if (verdict.outcome === 'applied') stored.version++;
    const after = this.programmed(stored.traffic);
    return { tick, fleet: this, situation, verdict, before, after };
  }

  /** What gateways really do is what is wanted, whatever the control plane knows of it. */
  isFollowed(): boolean {
    const wanted = this.programmed(this.stored.traffic);
    return this.stored.gateways.every(({ applied }) => isSame(applied, wanted));
  }

  /** As if the control plane had been started anew. */
  restart(): void {
    this.stored = JSON.parse(JSON.stringify(this.stored)) as Stored;
    this.programmedCache = undefined;
  }
}
