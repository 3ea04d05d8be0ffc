/**
 * The shell of production, in one second: probe, hear, decide, push, verify. The store takes a write only on its
 * condition of the version.
 */

import type { Command, DecisionInput, DecisionResult } from '../../functions/core/failover/decision-input.ts';
import type { Fleet } from './fleet.ts';
import { faultsOf, follow, isSame, sweep } from './gateway.ts';
import type { DecisionEntry, PushEntry } from './history.ts';
import { noise } from './prng.ts';
import { distrust } from './product.ts';
import { msAt, START_MS } from './scenario.ts';
import { freshMs } from './witness.ts';
import { type Delivery, deliveriesOf } from './world.ts';

/** Observations from the future are refused, except within this difference of clocks. */
const FUTURE_MS = 5000;
/** How often gateways are compared with what is wanted. */
const SWEEP_SECONDS = 30;
/** How long the other version of the control plane takes to decide. */
const STALE_SECONDS = 3;
const PERSON = 'ada';

export interface Sink {
  decided(entry: DecisionEntry): void;
  pushed(entry: PushEntry): void;
}

/** Lets voters observe whether or not the control plane runs; their observations arrive later. */
export function probe(fleet: Fleet, tick: number, seed: number): void {
  const { policy, clusters } = fleet.declared;
  if (tick % policy.health.intervalSeconds !== 0) return;
  for (const [at, cluster] of clusters.entries()) {
    const [condition, isSlow] = [fleet.conditionOf(cluster), fleet.isSlow(cluster)];
    for (const [index, voter] of policy.voters.entries()) {
      if (!cluster.voters.includes(voter.name)) continue;
      const salt = at * 100 + index;
      const { timeoutSeconds } = policy.health;
      const loss = tick < fleet.calmFromTick ? (fleet.scenario.loss[voter.name] ?? 0) : 0;
      const seen = { cluster, condition, isSlow, voter, loss, salt, timeoutSeconds };
      for (const delivery of deliveriesOf({ ...seen, seed, tick, active: fleet.active })) arrive(fleet, delivery);
    }
  }
}

function arrive(fleet: Fleet, delivery: Delivery): void {
  const waiting = fleet.arrivals.get(delivery.tick);
  if (waiting) waiting.push(delivery);
  else fleet.arrivals.set(delivery.tick, [delivery]);
}

/**
 * Turns the observations that have arrived into health; they are lost while the control plane does not run. Returns
 * true when there were any.
 */
export function hear(fleet: Fleet, tick: number): boolean {
  const arrived = fleet.arrivals.get(tick);
  fleet.arrivals.delete(tick);
  if (arrived === undefined || fleet.has('stall')) return false;
  for (const delivery of arrived) take(fleet, delivery, tick);
  return true;
}

function take(fleet: Fleet, { cluster, uid, observation, condition }: Delivery, tick: number): void {
  const { policy, clusters } = fleet.declared;
  const nowMs = msAt(tick);
  const known = clusters.find((item) => item.uid === uid);
  const atMs = Date.parse(observation.observedAt);
  if (known === undefined || atMs > nowMs + FUTURE_MS || atMs < START_MS) return;
  const voters = policy.voters.filter(({ name }) => known.voters.includes(name));
  const record = fleet.healthOf({ name: cluster, uid });
  fleet.stored.health[uid] = fleet.product.withObservation(
    record,
    observation,
    { policy: policy.health, voters },
    nowMs,
  );
  if (!voters.some(({ name }) => name === observation.voter)) return;
  const { voter, outcome } = observation;
  if (isCutOff(fleet, voter) || fleet.isSuspect(voter)) doubt(fleet, voter, nowMs);
  fleet.witness.forget(uid, voters);
  fleet.witness.hear({ uid, voter, atMs, outcome, condition }, policy.health, nowMs);
}

/**
 * Tells whether the voter reaches nothing at all, including the reference that answers as long as the voter's own
 * network works, where the fleet has named one.
 */
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

/** Makes the votes of a voter void for every cluster until a time; votes that it casts meanwhile are void too. */
function doubt(fleet: Fleet, voter: string, nowMs: number): void {
  const lastMs = freshMs(fleet.declared.policy.health);
  const untilMs = isCutOff(fleet, voter) ? nowMs + lastMs : fleet.suspectUntilMs.get(voter);
  if (untilMs === undefined) return;
  fleet.suspectUntilMs.set(voter, untilMs);
  for (const { uid } of fleet.declared.clusters) {
    const record = fleet.stored.health[uid];
    if (record) fleet.stored.health[uid] = distrust(record, voter, untilMs);
  }
}

/** Decisions of another version of the control plane, and when they come to the store. */
const underWay = new WeakMap<Fleet, { input: DecisionInput; result: DecisionResult; tick: number }>();

/** Decides upon what is known now and records the decision; a tick that is delivered twice does so twice. */
export function decide(fleet: Fleet, tick: number, sink: Sink): void {
  if (fleet.has('stall')) return;
  finishStale(fleet, tick, sink);
  const times = fleet.has('twice') ? 2 : 1;
  for (let time = 0; time < times; time++) {
    const input = fleet.input();
    const result = fleet.product.decide(input);
    if (result === undefined || isLost(fleet, tick)) return;
    if (fleet.has('stale') && !underWay.has(fleet)) underWay.set(fleet, { input, result, tick: tick + STALE_SECONDS });
    const entry = fleet.record(input, result);
    if (entry) sink.decided(entry);
  }
}

/** Records the late decision: its state is over by now, unless no other decision was faster. */
function finishStale(fleet: Fleet, tick: number, sink: Sink): void {
  const found = underWay.get(fleet);
  if (found === undefined || tick < found.tick) return;
  underWay.delete(fleet);
  const entry = fleet.record(found.input, found.result);
  if (entry) sink.decided(entry);
}

/** Tells whether the store refuses the decision: another decider came first, or the store is throttled. */
function isLost(fleet: Fleet, tick: number): boolean {
  return fleet.has('refuse') && noise(tick, fleet.stored.decisions, 11) < 0.7;
}

/**
 * Makes a person's request; a refused request changes nothing. `noted` is called when it was granted, before anybody
 * judges it.
 */
export function ask(fleet: Fleet, command: Command, sink: Sink, noted: () => void): void {
  if (fleet.has('stall')) return;
  const input = fleet.input(command, PERSON);
  const result = fleet.product.decide(input);
  const entry = result && fleet.record(input, result);
  if (entry === undefined) return;
  noted();
  sink.decided(entry);
}

/** Makes every gateway follow, unless the control plane does not run or has died after it decided. */
export function push(fleet: Fleet, tick: number, seed: number, sink: Sink): void {
  if (fleet.has('stall') || (fleet.has('crash') && tick % 10 !== 0)) return;
  const order = fleet.order();
  for (const [index, gateway] of fleet.stored.gateways.entries()) {
    const before = gateway.applied;
    if (tick % SWEEP_SECONDS === 0) sweep(gateway, order);
    follow(gateway, order, tick, faultsOf(gateway, fleet.active), seed + index);
    if (!isSame(before, gateway.applied)) sink.pushed({ tick, fleet, gateway, before, after: gateway.applied });
  }
}

/** Changes weights at a gateway as a stranger would. */
export function tamper(fleet: Fleet, tick: number, seed: number): void {
  for (const gateway of fleet.stored.gateways) {
    const key = Object.keys(gateway.applied)[0];
    const shares = key === undefined ? undefined : gateway.applied[key];
    if (key === undefined || shares === undefined || !faultsOf(gateway, fleet.active).has('tamper')) continue;
    const chosen = Math.floor(noise(seed, tick, 13) * shares.length);
    const changed = shares.map((share, index) => ({ ...share, percent: index === chosen ? 100 : 0 }));
    gateway.applied = { ...gateway.applied, [key]: changed };
  }
}
