/** People: what they ask for, what they were granted, and what they do when something waits for them. */

import type { Command } from '../../functions/core/failover/situation.ts';
import type { LiveBreakGlass, LiveShift } from '../../functions/core/failover/traffic.ts';
import type { SafetyRuleName } from '../../schemas/failover.ts';
import { ask, type Sink } from './control.ts';
import type { EventOf, FleetEvent, OrderEvent, ShiftEvent } from './events.ts';
import type { Fleet } from './fleet.ts';
import { msAt, SECOND_MS } from './scenario.ts';

/** How long a cluster whose suspicion was dismissed is believed to be well. */
const DISMISSED_SECONDS = 3600;

interface Granted {
  name: string;
  fromTick: number;
  untilTick: number;
}

export type GrantedShift = Granted & Omit<ShiftEvent, 'type' | 'isEnded'>;

/** What people were granted, as they know it from the answers that they got. */
export class Book {
  shifts: GrantedShift[] = [];
  breakGlasses: (Granted & { rules: SafetyRuleName[] })[] = [];
  /** Clusters whose suspicion somebody has dismissed, and when. */
  readonly dismissedTick = new Map<string, number>();
  /** Clusters that somebody has restored or dismissed, and when last. */
  readonly orderedTick = new Map<string, number>();
  resumedTick = Number.NEGATIVE_INFINITY;
  drill: { cluster: string; untilTick: number } | undefined;

  /** What is over is struck out; a shift of a cluster that is gone is. */
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

  /** Somebody says that it does not fail. */
  isTrusted(cluster: string, tick: number): boolean {
    const dismissedTick = this.dismissedTick.get(cluster) ?? Number.NEGATIVE_INFINITY;
    return this.shiftOf(cluster, 'keep') !== undefined || tick - dismissedTick <= DISMISSED_SECONDS;
  }

  isSetAside(rule: SafetyRuleName): boolean {
    return this.breakGlasses.some(({ rules }) => rules.includes(rule));
  }
}

/** What people do in this tick: what the adversary has them do, and what they do when something waits for them. */
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

function order(fleet: Fleet, event: OrderEvent, tick: number, sink: Sink): void {
  const { book } = fleet;
  const command: Command = 'cluster' in event ? { type: event.order, cluster: event.cluster } : { type: event.order };
  ask(fleet, command, sink, () => {
    if ('cluster' in event) book.orderedTick.set(event.cluster, tick);
    if (command.type === 'resume') book.resumedTick = tick;
    if (command.type === 'dismiss') book.dismissedTick.set(command.cluster, tick);
  });
}

/** The cluster that it takes out, and until when it and what it leaves behind last at most. */
function drillOf({ declared }: Fleet, tick: number): Book['drill'] {
  const drill = declared.policy.drills.find(({ name }) => name === 'd0');
  if (drill === undefined) return undefined;
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

/** Somebody looks after what waits for people, not at once. */
function attend(fleet: Fleet, tick: number, sink: Sink): void {
  const { attentionSeconds, dismisses } = fleet.scenario;
  if (attentionSeconds === undefined || tick % 10 !== 0) return;
  const isOverdue = (sinceMs: number) => msAt(tick) - sinceMs >= attentionSeconds * SECOND_MS;
  for (const { cluster, standing, sinceMs, isApproved } of fleet.stored.traffic.clusters) {
    if (!isOverdue(sinceMs)) continue;
    if (standing === 'suspected')
      order(fleet, dismisses ? { order: 'dismiss', cluster } : { order: 'resume' }, tick, sink);
    const isManual = fleet.declared.policy.failover.failback.mode === 'manual';
    if (standing === 'held' && isManual && !isApproved) order(fleet, { order: 'restore', cluster }, tick, sink);
  }
}
