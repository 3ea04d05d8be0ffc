import type { Command } from '../../functions/core/situation.ts';
import type { LiveBreakGlass, LiveShift } from '../../functions/core/traffic.ts';
import { ask, type Sink } from './control.ts';
import type { FleetEvent } from './events.ts';
import type { Fleet } from './fleet.ts';
import { msAt, SECOND_MS } from './scenario.ts';

const PERSON = 'ada';

/** What people do in this tick: what the adversary has them do, and what they do when something waits for them. */
export function act(fleet: Fleet, tick: number, sink: Sink): void {
  for (const event of fleet.active) {
    const command = event.tick === tick ? begun(event, tick) : undefined;
    if (command) ask(fleet, tick, command, PERSON, sink);
  }
  for (const event of fleet.events) {
    const command = event.tick + event.seconds === tick ? ended(event) : undefined;
    if (command) ask(fleet, tick, command, PERSON, sink);
  }
  attend(fleet, tick, sink);
}

function begun(event: FleetEvent, tick: number): Command | undefined {
  switch (event.type) {
    case 'shift':
      return { type: 'put-shift', shift: shiftOf(event, tick) };
    case 'break-glass':
      return { type: 'put-break-glass', breakGlass: breakGlassOf(event, tick) };
    case 'drill':
      return { type: 'start-drill', drill: 'd0', run: `run_${tick}` };
    default:
      return undefined;
  }
}

/** Some shifts are ended by hand, the others by their expiry in the same second. */
function ended(event: FleetEvent): Command | undefined {
  if (event.type === 'shift' && event.isEnded) return { type: 'end-shift', name: nameOf(event) };
  if (event.type === 'drill' && event.isAborted) return { type: 'abort-drill' };
  return undefined;
}

function nameOf({ tick, type }: FleetEvent): string {
  return `${type}-${tick}`;
}

function shiftOf(event: Extract<FleetEvent, { type: 'shift' }>, tick: number): LiveShift {
  const { cluster, percent, stepPercent, stepSeconds } = event;
  const nowMs = msAt(tick);
  return {
    ...{ name: nameOf(event), id: `sft_${tick}`, cluster, percent, stepPercent, stepSeconds },
    ...{ owner: PERSON, reason: 'upgrade', createdAtMs: nowMs, expiresAtMs: nowMs + event.seconds * SECOND_MS },
    ...{ phase: 'moving', currentPercent: 100, phaseSinceMs: nowMs, steppedAtMs: nowMs, decision: '' },
  };
}

function breakGlassOf(event: Extract<FleetEvent, { type: 'break-glass' }>, tick: number): LiveBreakGlass {
  const nowMs = msAt(tick);
  const name = nameOf(event);
  const expiresAtMs = nowMs + event.seconds * SECOND_MS;
  return {
    name,
    id: `bg_${tick}`,
    rules: event.rules,
    owner: PERSON,
    reason: 'outage',
    createdAtMs: nowMs,
    expiresAtMs,
  };
}

/** Somebody looks after what waits for people, not at once. */
function attend(fleet: Fleet, tick: number, sink: Sink): void {
  const { attentionSeconds } = fleet.scenario;
  if (tick % 10 !== 0) return;
  const isOverdue = (sinceMs: number) => msAt(tick) - sinceMs >= attentionSeconds * SECOND_MS;
  const { halt, outages } = fleet.stored.traffic.automation;
  if (halt && isOverdue(halt.sinceMs)) ask(fleet, tick, { type: 'resume' }, PERSON, sink);
  if (fleet.declared.policy.failover.failback.mode !== 'manual') return;
  for (const { cluster, phase, sinceMs, isApproved } of outages) {
    if (phase !== 'out' || isApproved || !isOverdue(sinceMs)) continue;
    ask(fleet, tick, { type: 'restore', cluster }, PERSON, sink);
  }
}
