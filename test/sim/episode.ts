import { DELAYS } from './adversary.ts';
import { decide, hear, probe, push, type Sink, tamper } from './control.ts';
import { Fleet } from './fleet.ts';
import { type DecisionEntry, type Invariant, type TickEntry, type Violation, ViolationError } from './history.ts';
import { invariantsOf } from './invariants.ts';
import { Measures } from './measures.ts';
import { act } from './people.ts';
import type { Production } from './production.ts';
import type { Scenario } from './scenario.ts';
import { type Truth, truthOf } from './world.ts';

export interface EpisodeOptions {
  production: Production;
  /** The state is written as JSON and read back in every tick. */
  restarts?: boolean;
  invariants?: (fleet: Fleet) => Invariant[];
  /** Ends early. */
  maxTicks?: number;
  watch?: (entry: DecisionEntry) => void;
}

export interface EpisodeResult {
  ticks: number;
  violation?: Violation | undefined;
  measures: Measures;
  fleets: Fleet[];
}

/** One life of the fleets of a scenario, until an invariant is broken or they have come to rest. */
export function runEpisode(scenario: Scenario, options: EpisodeOptions): EpisodeResult {
  const measures = new Measures();
  const lives = scenario.fleets.map((fleet, index) => {
    const events = index === 0 ? scenario.events.filter(({ tick }) => tick < scenario.ticks) : [];
    const clipped = events.map((event) => ({ ...event, seconds: Math.min(event.seconds, lengthOf(event, scenario)) }));
    return new Life(new Fleet(fleet, clipped, options.production), scenario, options, measures);
  });
  let tick = 0;
  try {
    for (; tick < (options.maxTicks ?? Number.POSITIVE_INFINITY); tick++) {
      const running = lives.filter((life) => !life.isAtRest(tick));
      if (running.length === 0) break;
      for (const life of running) life.live(tick);
    }
    for (const { fleet } of lives) for (const { calls } of fleet.stored.gateways) measures.providerCalls += calls;
    return { ticks: tick, measures, fleets: lives.map(({ fleet }) => fleet) };
  } catch (error) {
    if (!(error instanceof ViolationError)) throw error;
    return { ticks: tick + 1, violation: error.violation, measures, fleets: lives.map(({ fleet }) => fleet) };
  }
}

/** Faults end with the time of the adversary; clusters that have joined or left stay so. */
function lengthOf(event: Scenario['events'][number], { ticks }: Scenario): number {
  return event.type === 'join' || event.type === 'leave' ? Number.MAX_SAFE_INTEGER : ticks - event.tick;
}

/** A fleet, and those who judge it. */
class Life implements Sink {
  readonly fleet: Fleet;
  private readonly scenario: Scenario;
  private readonly options: EpisodeOptions;
  private readonly measures: Measures;
  private readonly invariants: Invariant[];

  constructor(fleet: Fleet, scenario: Scenario, options: EpisodeOptions, measures: Measures) {
    this.fleet = fleet;
    this.scenario = scenario;
    this.options = options;
    this.measures = measures;
    this.invariants = (options.invariants ?? invariantsOf)(fleet);
  }

  live(tick: number): void {
    const { fleet, scenario } = this;
    const hasChanged = fleet.enter(tick);
    probe(fleet, tick, scenario.seed);
    const hasNews = hear(fleet, tick);
    act(fleet, tick, this);
    if (hasNews || hasChanged || tick % 5 === 0) decide(fleet, tick, this);
    push(fleet, tick, scenario.seed, this);
    if (fleet.has('tamper')) tamper(fleet, tick, scenario.seed);
    if (this.options.restarts) fleet.restart();
    const entry = this.entry(tick, hasChanged);
    this.measures.ticked(entry);
    this.judge(tick, (invariant) => invariant.ticked?.(entry));
  }

  /** All faults are over, and it has had time to repair what they left. */
  isAtRest(tick: number): boolean {
    const { ticks } = this.scenario;
    if (tick < ticks || (tick - ticks) % 30 !== 0) return false;
    if (tick < ticks + restSeconds(this.fleet) && !this.isWhole()) return false;
    this.judge(tick, (invariant) => invariant.ended?.(this.entry(tick, false)));
    return true;
  }

  private isWhole(): boolean {
    const { traffic } = this.fleet.stored;
    const isQuiet = traffic.withdrawals.length === 0 && traffic.shifts.length === 0 && traffic.drill === undefined;
    return isQuiet && this.fleet.verifiedAtMs() !== undefined;
  }

  private entry(tick: number, hasChanged: boolean): TickEntry {
    const { fleet } = this;
    const truths = new Map<string, Truth>();
    for (const { name } of fleet.declared.clusters) truths.set(name, truthOf(name, fleet.active, tick));
    const isCalm = !fleet.active.some(({ type }) => DELAYS.some((delay) => delay === type) || type === 'tamper');
    return { tick, fleet, declared: fleet.declared, active: fleet.active, truths, hasChanged, isCalm };
  }

  decided(entry: DecisionEntry): void {
    this.options.watch?.(entry);
    this.measures.decided(entry);
    this.judge(entry.tick, (invariant) => invariant.decided?.(entry));
  }

  verified(entry: Parameters<Sink['verified']>[0]): void {
    this.judge(entry.tick, (invariant) => invariant.verified?.(entry));
  }

  private judge(tick: number, ask: (invariant: Invariant) => string | undefined): void {
    for (const invariant of this.invariants) {
      const detail = ask(invariant);
      if (detail !== undefined) {
        throw new ViolationError({ invariant: invariant.name, fleet: this.fleet.name, tick, detail });
      }
    }
  }
}

/** The longest hold, and for each cluster the time to be found healthy, to be attended to and to return. */
function restSeconds({ declared, scenario }: Fleet): number {
  const { health, failover } = declared.policy;
  const { rampSeconds, stepPercent } = failover.failback;
  const evidence = (health.successThreshold + 2) * health.intervalSeconds + health.dwellSeconds;
  const steps = Math.ceil(100 / stepPercent) * 10;
  return 3600 + evidence + scenario.attentionSeconds * 2 + declared.clusters.length * (rampSeconds + steps + 60);
}
