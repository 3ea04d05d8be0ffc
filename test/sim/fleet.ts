/** A fleet of the simulated world, and what the store keeps of it. */

import { type DrillReading, expectedDrillReading } from '../../functions/core/failover/drill-reading.ts';
import type { Command, DecisionInput, DecisionResult } from '../../functions/core/failover/decision-input.ts';
import { NO_TRAFFIC, type Traffic } from '../../functions/core/failover/traffic.ts';
import type { ClusterFacts } from '../../functions/core/model/fleet-facts.ts';
import { trafficRecord } from '../../functions/store/records/traffic.ts';
import { Chronicle } from './chronicle.ts';
import { type Declared, declaredAt } from './declared.ts';
import { type FleetEvent, isActive } from './events.ts';
import { type Gateway, gateway, isSame, type Order, type Programmed, percentOf } from './gateway.ts';
import type { DecisionEntry } from './history.ts';
import { Book } from './people.ts';
import { type HealthRecord, type Product, unknownHealth } from './product.ts';
import { type FleetScenario, msAt } from './scenario.ts';
import { type View, Witness } from './witness.ts';
import { type Condition, conditionOf, type Delivery, Strain } from './world.ts';

/** Plain data: it may be written as JSON and read back at any time. */
export interface Stored {
  traffic: Traffic;
  health: Record<string, HealthRecord>;
  gateways: Gateway[];
  /** Of what gateways shall do; grows with every decision that is in force and with every edit. */
  version: number;
  decisions: number;
}

/** A gateway that has not followed for so long is left behind, as long as another one follows: nobody waits for it any more. */
const LEFT_BEHIND_SECONDS = 60;

export class Fleet {
  readonly scenario: FleetScenario;
  readonly events: readonly FleetEvent[];
  readonly product: Product;
  readonly witness = new Witness();
  readonly book = new Book();
  readonly strain = new Strain();
  readonly chronicle: Chronicle;
  readonly calmFromTick: number;
  /** By the tick in which they arrive. */
  readonly arrivals = new Map<number, Delivery[]>();
  stored: Stored;
  declared: Declared;
  active: readonly FleetEvent[] = [];
  tick = 0;
  /** Until when the votes of a voter are void, in the simulator's own account. */
  readonly suspectUntilMs = new Map<string, number>();
  private readonly programmedOf = new WeakMap<Traffic['allocation'], { declared: Declared; programmed: Programmed }>();
  private readonly boundaries: Set<number>;

  /** `calmFromTick`: when links stop losing requests. */
  constructor(scenario: FleetScenario, events: readonly FleetEvent[], product: Product, calmFromTick: number) {
    this.calmFromTick = calmFromTick;
    this.scenario = scenario;
    this.events = events;
    this.product = product;
    this.chronicle = new Chronicle(scenario);
    this.boundaries = new Set([0, ...events.flatMap(({ tick, seconds }) => [tick, tick + seconds])]);
    this.declared = declaredAt(scenario, [], [], 0, () => false);
    const gateways = scenario.gateways.map(({ name, latencySeconds }) => gateway(name, latencySeconds));
    this.stored = { traffic: trafficAtFirst(scenario), health: {}, gateways, version: 0, decisions: 0 };
  }

  get name(): string {
    return this.scenario.name;
  }

  get nowMs(): number {
    return msAt(this.tick);
  }

  /** Edits take effect; true when anything has begun or ended. */
  enter(tick: number): boolean {
    this.tick = tick;
    if (!this.boundaries.has(tick)) return false;
    this.active = this.events.filter((event) => isActive(event, tick));
    const before = JSON.stringify(this.declared.pools);
    const isIsolated = (name: string) => this.book.isIsolated(name);
    this.declared = declaredAt(this.scenario, this.events, this.active, tick, isIsolated);
    if (JSON.stringify(this.declared.pools) !== before) this.stored.version++;
    return true;
  }

  has(...types: FleetEvent['type'][]): boolean {
    return this.active.some((event) => types.includes(event.type));
  }

  isSuspect(voter: string): boolean {
    return this.nowMs < (this.suspectUntilMs.get(voter) ?? 0);
  }

  get view(): View {
    const { policy } = this.declared;
    return { policy, nowMs: this.nowMs, isSuspect: (voter) => this.isSuspect(voter) };
  }

  /** What becomes of clusters in this tick, and what is to be said of it. */
  live(): void {
    const { tick, declared, witness, view, book } = this;
    const loads = this.loads();
    const loadOf = (name: string) => loads.get(name) ?? 0;
    // What gateways are being given counts, too: nobody knows when they have it.
    const mostOf = (name: string) => Math.max(loadOf(name), this.loadsGiven().get(name) ?? 0);
    for (const facts of declared.clusters) {
      const base = this.scenario.clusters.find(({ name }) => name === facts.name)?.capacity;
      this.strain.note({ uid: facts.uid, capacity: base }, loadOf(facts.name), tick);
    }
    const conditionOf = (facts: ClusterFacts) => this.conditionOf(facts);
    const isSlow = (facts: ClusterFacts) => this.isSlow(facts);
    this.chronicle.note(tick, declared, { witness, view, book, loadOf: mostOf, conditionOf, isSlow });
  }

  /** It is well, nothing that has ever happened to it can still hold it back, and people leave it alone. */
  isSpotless(name: string): boolean {
    return !this.book.isHandled(name) && this.chronicle.isSpotless(name, this.tick);
  }

  conditionOf(facts: ClusterFacts): Condition {
    return conditionOf(facts, this.active, this.tick, this.strain);
  }

  /** It answers late, by itself or under its load. */
  isSlow({ name, uid }: ClusterFacts): boolean {
    return (
      this.strain.isHot(uid) || this.active.some((event) => event.type === 'slow' && event.clusters.includes(name))
    );
  }

  /** What gateways send to each cluster, in requests per second: each has an equal part of every pool. */
  loads(): Map<string, number> {
    const loads = new Map<string, number>();
    const { gateways } = this.stored;
    for (const { applied } of gateways) addLoads(loads, this.declared, applied, 1 / gateways.length);
    return loads;
  }

  /** What gateways are to send to each cluster. */
  loadsGiven(): Map<string, number> {
    const loads = new Map<string, number>();
    addLoads(loads, this.declared, this.programmed(this.stored.traffic));
    return loads;
  }

  order(): Order {
    return { version: this.stored.version, programmed: this.programmed(this.stored.traffic) };
  }

  /** What gateways are to do, by pool. */
  programmed({ allocation }: Pick<Traffic, 'allocation'>): Programmed {
    const cached = this.programmedOf.get(allocation);
    if (cached?.declared === this.declared) return cached.programmed;
    const programmed: Programmed = {};
    for (const { key } of this.declared.pools) {
      const placement = this.declared.placementOf.get(key);
      if (placement) programmed[key] = this.product.sharesOf(placement, { allocation });
    }
    this.programmedOf.set(allocation, { declared: this.declared, programmed });
    return programmed;
  }

  verifiedAtMs(): number | undefined {
    const { gateways, version } = this.stored;
    const isLeft = ({ behindSinceTick = this.tick }: Gateway) => this.tick - behindSinceTick > LEFT_BEHIND_SECONDS;
    const following = gateways.filter((gate) => !isLeft(gate));
    if (following.length === 0 || following.some(({ verified }) => verified !== version)) return undefined;
    return msAt(Math.max(...following.map(({ verifiedAtTick }) => verifiedAtTick)));
  }

  /** Gateways do as they are told, once all of them are verified. */
  drilled(): DrillReading | undefined {
    const { gateways, version, traffic } = this.stored;
    if (traffic.drill === undefined) return undefined;
    const isRead = gateways.every(({ verified }) => verified === version);
    const readAtMs = isRead ? msAt(Math.max(...gateways.map(({ verifiedAtTick }) => verifiedAtTick))) : 0;
    return expectedDrillReading(traffic.drill, this.declared.placements, traffic, { readAtMs, nowMs: this.nowMs });
  }

  healthOf({ name, uid }: { name: string; uid: string }): HealthRecord {
    return this.stored.health[uid] ?? unknownHealth(this.name, name, uid, this.nowMs);
  }

  input(command?: Command, actor = 'automation'): DecisionInput {
    const { policy, clusters, placements } = this.declared;
    const known = clusters.flatMap(({ uid }) => this.stored.health[uid] ?? []);
    return {
      fleet: this.name,
      nowMs: this.nowMs,
      decision: `dec_${this.name}_${this.stored.decisions + 1}`,
      actor,
      ...(command && { command }),
      policy,
      clusters,
      health: known.map(({ recent: _, ...record }) => record),
      placements,
      traffic: this.stored.traffic,
      verifiedAtMs: this.verifiedAtMs(),
      drilled: this.drilled(),
    };
  }

  /** The write is conditional on the version that was decided upon. */
  record(input: DecisionInput, result: DecisionResult): DecisionEntry | undefined {
    const { stored } = this;
    if (result.outcome === 'refused' || result.traffic.version !== stored.traffic.version + 1) return undefined;
    const before = this.programmed(stored.traffic);
    stored.traffic = result.traffic;
    stored.decisions++;
    const after = this.programmed(stored.traffic);
    if (result.outcome === 'applied' || !isSame(before, after)) stored.version++;
    return { tick: this.tick, fleet: this, input, result, before, after };
  }

  /** As if the control plane had been started anew. */
  restart(): void {
    this.stored = JSON.parse(JSON.stringify(this.stored)) as Stored;
  }
}

/** Adds what clusters have to serve of a part of the load of each pool. */
export function addLoads(loads: Map<string, number>, { pools }: Declared, programmed: Programmed, part = 1): void {
  for (const { key, load = 0, members } of pools) {
    if (load === 0) continue;
    for (const { cluster } of members) {
      const own = (percentOf(programmed, key, cluster) * load * part) / 100;
      loads.set(cluster, (loads.get(cluster) ?? 0) + own);
    }
  }
}

/** What an older release has stored is read as production reads it. */
function trafficAtFirst({ formerTraffic }: FleetScenario): Traffic {
  if (formerTraffic === undefined) return NO_TRAFFIC;
  const read = trafficRecord.migrations.reduce<unknown>((value, migration) => migration.parse(value), formerTraffic);
  return trafficRecord.schema.parse(read);
}
