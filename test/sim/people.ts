/** Simulates people: what they ask for, what they were granted, and what they do when something waits for them. */

import type { LiveBreakGlass } from '../../functions/core/allocation/break-glass.ts';
import type { LiveShift } from '../../functions/core/failover/traffic.ts';
import type { SafetyRuleName } from '../../schemas/failover.ts';
import { ask, type Sink } from './control.ts';
import type { EventOf, FleetEvent, OrderEvent, ShiftEvent } from './events.ts';
import type { Fleet } from './fleet.ts';
import { msAt, SECOND_MS } from './scenario.ts';

/** Seconds for which a cluster whose suspicion was dismissed is believed to be well. */
const DISMISSED_SECONDS = 3600;

interface Granted {
  name: string;
  fromTick: number;
  untilTick: number;
}

export type GrantedShift = Granted & Omit<ShiftEvent, 'type' | 'isEnded'>;

/** Keeps what people were granted, as they know it from the answers that they got. */
export class Book {
  shifts: GrantedShift[] = [];
  breakGlasses: (Granted & { rules: SafetyRuleName[] })[] = [];
  /** Clusters whose suspicion somebody has dismissed, and when. */
  readonly dismissedTick = new Map<string, number>();
  /** Clusters that somebody has restored or dismissed, and when last. */
  readonly orderedTick = new Map<string, number>();
  /** Clusters that somebody has had taken out, and when last. */
  readonly resumedTick = new Map<string, number>();
  drill: { cluster: string; untilTick: number } | undefined;

  /** Removes what is over, and the shifts of clusters that are gone. */
  strike(tick: number, clusters: readonly { name: string }[]): void {
    const isLive = ({ untilTick }: Pick<Granted, 'untilTick'>) => tick < untilTick;
    if (this.drill && !isLive(this.drill)) this.drill = undefined;
    this.breakGlasses = this.breakGlasses.filter(isLive);
    this.shifts = this.shifts.filter((shift) => isLive(shift) && clusters.some(({ name }) => name === shift.cluster));
  }

  shiftOf(cluster: string, mode: ShiftEvent['mode']): GrantedShift | undefined {
    return this.shifts.find((shift) => shift.cluster === cluster && shift.mode === mode);
  }

  isIsolated(cluster: string): boolean {
    return this.shiftOf(cluster, 'isolate') !== undefined;
  }

  isHandled(cluster: string): boolean {
    return this.shifts.some((shift) => shift.cluster === cluster) || this.drill?.cluster === cluster;
  }

  /** Tells whether somebody says that the cluster does not fail. */
  isTrusted(cluster: string, tick: number): boolean {
    const dismissedTick = this.dismissedTick.get(cluster) ?? Number.NEGATIVE_INFINITY;
    return this.shiftOf(cluster, 'keep') !== undefined || tick - dismissedTick <= DISMISSED_SECONDS;
  }

  /** Tells whether somebody has had the cluster taken out since then. */
  isResumed(cluster: string, sinceTick: number | undefined): boolean {
    const resumedTick = this.resumedTick.get(cluster) ?? Number.NEGATIVE_INFINITY;
    return sinceTick !== undefined && resumedTick >= sinceTick;
  }

  isSetAside(rule: SafetyRuleName): boolean {
    return this.breakGlasses.some(({ rules }) => rules.includes(rule));
  }
}

/** Does what people do in this tick: acts of the adversary's plan, and answers to what waits for them. */
export function act(fleet: Fleet, tick: number, sink: Sink): void {
  fleet.book.strike(tick, fleet.declared.clusters);
  for (const event of fleet.active) if (event.tick === tick) begin(fleet, event, tick, sink);
  for (const event of fleet.events) if (event.tick + event.seconds === tick) end(fleet, event, sink);
  attend(fleet, tick, sink);
}

function begin(fleet: Fleet, event: FleetEvent, tick: number, sink: Sink): void {
  const { book } = fleet;
  const granted = { name: nameOf(event), fromTick: tick, untilTick: tick + event.seconds };
  switch (event.type) {
    case 'shift':
      ask(fleet, { type: 'put-shift', shift: shiftOf(event, tick) }, sink, () => {
        book.shifts.push({ ...event, ...granted });
      });
      return;
    case 'break-glass':
      ask(fleet, { type: 'put-break-glass', breakGlass: breakGlassOf(event, tick) }, sink, () => {
        book.breakGlasses.push({ ...granted, rules: event.rules });
      });
      return;
    case 'drill':
      ask(fleet, { type: 'start-drill', drill: 'd0', run: `run_${tick}` }, sink, () => {
        book.drill = drillOf(fleet, tick);
      });
      return;
    case 'order':
      order(fleet, event, tick, sink);
      return;
  }
}

/** Some shifts are ended by hand, the others by their expiry in the same second. */
function end(fleet: Fleet, event: FleetEvent, sink: Sink): void {
  if (event.type === 'shift' && event.isEnded) ask(fleet, { type: 'end-shift', name: nameOf(event) }, sink, () => {});
  if (event.type === 'drill' && event.isAborted) ask(fleet, { type: 'abort-drill' }, sink, () => {});
}

/** Gives an order; an order to resume that names no cluster concerns every cluster that a brake keeps in. */
function order(fleet: Fleet, event: OrderEvent, tick: number, sink: Sink): void {
  if (event.order === 'apply') {
    ask(fleet, { type: 'apply' }, sink, () => {});
    return;
  }
  const suspected = fleet.stored.traffic.clusters.filter(({ standing }) => standing === 'suspected');
  const named = 'cluster' in event ? [event.cluster] : suspected.map(({ cluster }) => cluster);
  for (const cluster of named) orderCluster(fleet, event.order, cluster, { tick, sink });
}

/** Tells whether the order is granted, which it is where the cluster is in a standing that the order changes. */
function orderCluster(
  fleet: Fleet,
  name: keyof typeof PEOPLES,
  cluster: string,
  { tick, sink }: { tick: number; sink: Sink },
): void {
  const { book } = fleet;
  const standing = fleet.stored.traffic.clusters.find((state) => state.cluster === cluster)?.standing ?? 'up';
  const isGranted = PEOPLES[name] === standing;
  ask(fleet, { type: name, cluster }, sink, () => {
    if (!isGranted) return;
    if (name === 'resume') book.resumedTick.set(cluster, tick);
    else book.orderedTick.set(cluster, tick);
    if (name === 'dismiss') book.dismissedTick.set(cluster, tick);
  });
}

/** The standing of the clusters that each order concerns, as the documentation says. */
const PEOPLES = { resume: 'suspected', dismiss: 'suspected', restore: 'held' } as const;

/** Returns the cluster that a drill takes out, and until when the drill and its consequences last at most. */
function drillOf({ declared }: Fleet, tick: number): Book['drill'] {
  const drill = declared.policy.drills.find(({ name }) => name === 'd0');
  if (drill?.cluster === undefined) return undefined;
  return { cluster: drill.cluster, untilTick: tick + drill.durationSeconds + drill.recoveryTargetSeconds };
}

function nameOf({ tick, type }: FleetEvent): string {
  return `${type}-${tick}`;
}

function shiftOf(event: EventOf<'shift'>, tick: number): LiveShift {
  const { cluster, mode, stepPercent, stepSeconds } = event;
  const percent = mode === 'drain' ? event.percent : mode === 'keep' ? 100 : 0;
  const nowMs = msAt(tick);
  return {
    ...{ name: nameOf(event), id: `sft_${tick}`, cluster, mode, percent, stepPercent, stepSeconds },
    ...{ owner: 'ada', reason: 'upgrade', createdAtMs: nowMs, expiresAtMs: nowMs + event.seconds * SECOND_MS },
    ...{ phase: 'moving', currentPercent: 100, phaseSinceMs: nowMs, steppedAtMs: nowMs, decision: '' },
  };
}

function breakGlassOf(event: EventOf<'break-glass'>, tick: number): LiveBreakGlass {
  const nowMs = msAt(tick);
  return {
    ...{ name: nameOf(event), id: `bg_${tick}`, rules: event.rules, owner: 'ada', reason: 'outage' },
    ...{ createdAtMs: nowMs, expiresAtMs: nowMs + event.seconds * SECOND_MS },
  };
}

/** Lets somebody look after what waits for people, after a delay. */
function attend(fleet: Fleet, tick: number, sink: Sink): void {
  const { attentionSeconds, dismisses } = fleet.scenario;
  if (attentionSeconds === undefined || tick % 10 !== 0) return;
  const isOverdue = (sinceMs: number) => msAt(tick) - sinceMs >= attentionSeconds * SECOND_MS;
  for (const { cluster, standing, sinceMs, isApproved } of fleet.stored.traffic.clusters) {
    if (!isOverdue(sinceMs)) continue;
    if (standing === 'suspected') order(fleet, { order: dismisses ? 'dismiss' : 'resume', cluster }, tick, sink);
    const isManual = fleet.declared.policy.failover.failback.mode === 'manual';
    if (standing === 'held' && isManual && !isApproved) order(fleet, { order: 'restore', cluster }, tick, sink);
  }
}
