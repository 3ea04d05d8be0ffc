import { distrust } from '../../functions/core/health.ts';
import type { Command, Verdict } from '../../functions/core/situation.ts';
import type { Fleet } from './fleet.ts';
import { follow, sweep } from './gateway.ts';
import type { DecisionEntry, VerifiedEntry } from './history.ts';
import { freshMs } from './oracle.ts';
import { noise } from './prng.ts';
import { msAt, START_MS } from './scenario.ts';
import { type Delivery, deliveriesOf } from './world.ts';

/** The shell of production, in one second: probe, hear, decide, push, verify; by a store that takes what is conditional on its version. */

/** Observations of a time that has not come are refused, but for what clocks are off. */
const FUTURE_MS = 5000;
/** How often gateways are compared with what is wanted. */
const SWEEP_SECONDS = 30;

export interface Sink {
  decided(entry: DecisionEntry): void;
  verified(entry: VerifiedEntry): void;
}

/** Voters go on whether or not the control plane runs; what they see arrives later. */
export function probe(fleet: Fleet, tick: number, seed: number): void {
  const { policy, clusters } = fleet.declared;
  if (tick % policy.health.intervalSeconds !== 0) return;
  for (const [at, cluster] of clusters.entries()) {
    for (const [index, voter] of policy.voters.entries()) {
      if (!cluster.voters.includes(voter.name)) continue;
      const salt = at * 100 + index;
      const { timeoutSeconds } = policy.health;
      const deliveries = deliveriesOf({ seed, cluster, voter, salt, tick, timeoutSeconds, active: fleet.active });
      for (const delivery of deliveries) arrive(fleet, delivery);
    }
  }
}

function arrive(fleet: Fleet, delivery: Delivery): void {
  const waiting = fleet.arrivals.get(delivery.tick);
  if (waiting) waiting.push(delivery);
  else fleet.arrivals.set(delivery.tick, [delivery]);
}

/** What has arrived becomes health; while the control plane does not run it is lost. True when there was anything. */
export function hear(fleet: Fleet, tick: number): boolean {
  const arrived = fleet.arrivals.get(tick);
  fleet.arrivals.delete(tick);
  if (arrived === undefined || fleet.has('stall')) return false;
  for (const delivery of arrived) take(fleet, delivery, tick);
  return true;
}

function take(fleet: Fleet, { cluster, uid, observation, isTrue }: Delivery, tick: number): void {
  const { policy, clusters } = fleet.declared;
  const nowMs = msAt(tick);
  const known = clusters.find((item) => item.uid === uid);
  const atMs = Date.parse(observation.observedAt);
  if (known === undefined || atMs > nowMs + FUTURE_MS || atMs < START_MS) return;
  const voters = policy.voters.filter(({ name }) => known.voters.includes(name));
  const record = fleet.healthOf({ name: cluster, uid }, nowMs);
  fleet.stored.health[uid] = fleet.production.step(record, observation, { policy: policy.health, voters }, nowMs);
  if (!voters.some(({ name }) => name === observation.voter)) return;
  const { voter, outcome } = observation;
  if (isCutOff(fleet, voter) || fleet.isSuspect(voter, nowMs)) doubt(fleet, voter, nowMs);
  fleet.oracle.forget(uid, voters);
  fleet.oracle.hear({ uid, voter, atMs, outcome, isTrue }, policy.health, nowMs);
}

/** It reaches nothing at all, and so not what answers as long as its own network works, where the fleet has named that. */
function isCutOff({ active, declared, scenario }: Fleet, voter: string): boolean {
  return (
    scenario.hasControlTargets &&
    active.some(
      (event) =>
        event.type === 'partition' &&
        event.voters.includes(voter) &&
        declared.clusters.every(({ name }) => event.clusters.includes(name)),
    )
  );
}

/** Until then its votes are void, of every cluster; those that it casts meanwhile too. */
function doubt(fleet: Fleet, voter: string, nowMs: number): void {
  const untilMs = isCutOff(fleet, voter) ? nowMs + freshMs(fleet.declared.policy.health) : fleet.suspects.get(voter);
  if (untilMs === undefined) return;
  fleet.suspects.set(voter, untilMs);
  for (const { uid } of fleet.declared.clusters) {
    const record = fleet.stored.health[uid];
    if (record) fleet.stored.health[uid] = distrust(record, voter, untilMs);
  }
}

/** Decides upon what is known now, and records what comes of it; a tick that is delivered twice does so twice. */
export function decide(fleet: Fleet, tick: number, sink: Sink): void {
  if (fleet.has('stall')) return;
  const times = fleet.has('twice') ? 2 : 1;
  for (let time = 0; time < times; time++) {
    const situation = fleet.situation(tick);
    const verdict = fleet.production.decide(situation);
    if (verdict === undefined || isLost(fleet, tick)) return;
    const entry = fleet.record(tick, situation, verdict);
    if (entry) sink.decided(entry);
    if (fleet.has('stale')) writeAgain(fleet, tick, verdict, sink);
  }
}

/** The store does not take it: another decider came first, or it is throttled. */
function isLost(fleet: Fleet, tick: number): boolean {
  return fleet.has('refuse') && noise(tick, fleet.stored.decisions, 11) < 0.7;
}

/** A decider that has lost its lease comes with what it decided before. */
function writeAgain(fleet: Fleet, tick: number, verdict: Verdict, sink: Sink): void {
  const entry = fleet.record(tick, fleet.situation(tick), verdict);
  if (entry) sink.decided(entry);
}

/** What somebody asks for; what is refused changes nothing. */
export function ask(fleet: Fleet, tick: number, command: Command, actor: string, sink: Sink): Verdict | undefined {
  if (fleet.has('stall')) return undefined;
  const situation = fleet.situation(tick, command, actor);
  const verdict = fleet.production.decide(situation);
  const entry = verdict && fleet.record(tick, situation, verdict);
  if (entry) sink.decided(entry);
  return verdict;
}

/** Every gateway is made to follow; nothing is, while the control plane does not run or has died after it decided. */
export function push(fleet: Fleet, tick: number, seed: number, sink: Sink): void {
  if (fleet.has('stall') || (fleet.has('crash') && tick % 10 !== 0)) return;
  const faults = new Set<string>(fleet.active.map(({ type }) => type));
  const order = fleet.order();
  for (const [index, gateway] of fleet.stored.gateways.entries()) {
    if (tick % SWEEP_SECONDS === 0) sweep(gateway, order);
    if (follow(gateway, order, tick, faults, seed + index)) sink.verified({ tick, fleet, gateway });
  }
}

/** Somebody changes at a gateway what is not theirs. */
export function tamper(fleet: Fleet, tick: number, seed: number): void {
  for (const gateway of fleet.stored.gateways) {
    const key = Object.keys(gateway.applied)[0];
    const shares = key === undefined ? undefined : gateway.applied[key];
    if (key === undefined || shares === undefined) continue;
    const chosen = Math.floor(noise(seed, tick, 13) * shares.length);
    gateway.applied[key] = shares.map((share, index) => ({ ...share, percent: index === chosen ? 100 : 0 }));
  }
}
