/** One life of the fleets of a scenario, until a truth is broken or they have come to rest. */

import { decide, hear, probe, push, type Sink, tamper } from './control.ts';
import { Fleet } from './fleet.ts';
import type { DecisionEntry, PushEntry, TickEntry, Truth, Violation } from './history.ts';
import { Measures } from './measures.ts';
import { act } from './people.ts';
import type { Product } from './product.ts';
import type { Scenario } from './scenario.ts';
import { comesToRestIn, isAsFresh } from './truths/rest.ts';
import { truthsOf } from './truths.ts';

export interface EpisodeOptions {
  product: Product;
  /** The state is written as JSON and read back in every tick. */
  restarts?: boolean;
  /** Ends early. */
  maxTicks?: number;
  /** Ends with the first violation of one of these truths. */
  until?: readonly string[];
  watch?: (entry: DecisionEntry) => void;
}

export interface EpisodeResult {
  ticks: number;
  /** The first of each truth of each fleet, in their order. */
  violations: Violation[];
  measures: Measures;
  fleets: Fleet[];
}

export function runEpisode(scenario: Scenario, options: EpisodeOptions): EpisodeResult {
  const measures = new Measures();
  const lives = scenario.fleets.map((fleet, index) => {
    const events = index === 0 ? scenario.events.filter(({ tick }) => tick < scenario.ticks) : [];
    const clipped = events.map((event) => ({ ...event, seconds: Math.min(event.seconds, lengthOf(event, scenario)) }));
    return new FleetLife(new Fleet(fleet, clipped, options.product, scenario.ticks), scenario, options, measures);
  });
  const isEnding = ({ truth }: Violation) => options.until?.includes(truth) === true;
  let tick = 0;
  for (; tick < (options.maxTicks ?? Number.POSITIVE_INFINITY); tick++) {
    const running = lives.filter((life) => !life.isAtRest(tick));
    if (running.length === 0) break;
    for (const life of running) life.live(tick);
    if (lives.some(({ violations }) => violations.some(isEnding))) break;
  }
  const violations = lives.flatMap((life) => life.violations).sort((a, b) => a.tick - b.tick);
  return { ticks: tick, violations, measures, fleets: lives.map(({ fleet }) => fleet) };
}

/** Faults end with the time of the adversary; clusters that have joined or left stay so. */
function lengthOf(event: Scenario['events'][number], { ticks }: Scenario): number {
  return event.type === 'join' || event.type === 'leave' ? Number.MAX_SAFE_INTEGER : ticks - event.tick;
}

/** A fleet, and those who judge it. */
class FleetLife implements Sink {
  readonly fleet: Fleet;
  private readonly scenario: Scenario;
  private readonly options: EpisodeOptions;
  private readonly measures: Measures;
  private readonly truths: Truth[];
  readonly violations: Violation[] = [];
  private isOver = false;

  constructor(fleet: Fleet, scenario: Scenario, options: EpisodeOptions, measures: Measures) {
    this.fleet = fleet;
    this.scenario = scenario;
    this.options = options;
    this.measures = measures;
    this.truths = truthsOf(measures);
  }

  live(tick: number): void {
    const { fleet, scenario } = this;
    const hasChanged = fleet.enter(tick);
    probe(fleet, tick, scenario.seed);
    const hasNews = hear(fleet, tick);
    fleet.live();
    act(fleet, tick, this);
    if (hasNews || hasChanged || tick % 5 === 0) decide(fleet, tick, this);
    push(fleet, tick, scenario.seed, this);
    if (fleet.has('tamper')) tamper(fleet, tick, scenario.seed);
    if (this.options.restarts) fleet.restart();
    this.judge((truth) => truth.ticked?.({ tick, fleet, hasChanged }));
  }

  /** All faults are over, and it has had time to repair what they left. */
  isAtRest(tick: number): boolean {
    if (this.isOver) return true;
    const { ticks } = this.scenario;
    if (tick < ticks || (tick - ticks) % 30 !== 0) return false;
    if (tick < ticks + comesToRestIn(this.fleet) && !isAsFresh(this.fleet)) return false;
    this.judge((truth) => truth.ended?.(this.entry(tick)));
    this.isOver = true;
    return true;
  }

  private entry(tick: number): TickEntry {
    return { tick, fleet: this.fleet, hasChanged: false };
  }

  decided(entry: DecisionEntry): void {
    this.options.watch?.(entry);
    this.measures.decided(entry);
    this.judge((truth) => truth.decided?.(entry));
  }

  pushed(entry: PushEntry): void {
    this.judge((truth) => truth.pushed?.(entry));
  }

  private judge(ask: (truth: Truth) => string | undefined): void {
    for (const truth of this.truths) {
      const detail = ask(truth);
      if (detail === undefined || this.violations.some((found) => found.truth === truth.name)) continue;
      this.violations.push({ truth: truth.name, fleet: this.fleet.name, tick: this.fleet.tick, detail });
    }
  }
}
